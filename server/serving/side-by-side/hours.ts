import { loadStores } from '#db/stores.ts'
import type { Reading } from '#db/transaction.ts'
import { type Calendar, zoneOn } from '#domain/business-day.ts'
import { businessHoursOf } from '#domain/business-hours.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import type { SalesFigures } from '#domain/measures.ts'
import { formatAmount } from '#domain/money.ts'
import { inStores, type SideBySideScope } from '#server/serving/scope.ts'
import { addSums, type HourSums, NO_SUMS, readUndated, type UndatedSums } from './unknown-hour.ts'
import { type BatchBasis, batchBasis, type ContributingRun, type Vector } from './vector.ts'

/** What an hour has of each path: what its net is made of. */
export type HourlyFigures = Pick<SalesFigures, 'orders' | 'units' | 'gross' | 'discounts' | 'returns' | 'net'>

export interface Hour {
  hourStart: Instant
  /** 'HH:MM' by the clocks of the store, or of the first in scope; with the offset where it comes twice. */
  label: string
  batch: HourlyFigures | null
  stream: HourlyFigures | null
  /** The stream's watermark has not passed the hour's end. */
  open: boolean
}

/** Sales of the day known by their date alone; null: a path has none. */
export interface UnknownHour {
  batch: HourlyFigures | null
  stream: HourlyFigures | null
}

/** One path's figures of the hours it has rows of. */
type HourRows = {
  hourStart: Instant
  orders: string
  units: string
  gross: string
  discounts: string
  returns: string
}[]

/**
 * A single business day by hour, both paths. Hours are instants, so that a day of a clock change has its
 * 23 or 25; they are those of each store's own zone and add up where stores share an instant. Sales known by their date
 * alone are of no hour, and stand apart.
 * @param request.storesOnFile those with anything of the day: only when runs have covered all of them batch has hours
 */
export async function readHours(
  reading: Reading,
  scope: SideBySideScope,
  { vector, storesOnFile }: { vector: Vector; storesOnFile: readonly string[] },
): Promise<{ hours: Hour[]; unknownHour: UnknownHour | null; basis: BatchBasis } | null> {
  if (scope.from !== scope.to) return null
  const inScope = (column: string) => inStores(reading, scope, column)
  const [[first], stores, runs, batch, stream, undated] = await Promise.all([
    reading<{ store: string }[]>`
      select store from ref.current_stores
      where true ${inScope('store')}
      order by array_position(${scope.stores}::text[], store), currency <> ${scope.currency}, name limit 1`,
    loadStores(reading),
    reading<(ContributingRun & { store: string })[]>`
      select store, partition, run_id as "runId", computed_at as "computedAt", through_offset as through,
        rules_version as "rulesVersion"
      from batch.current_runs where job = 'hourly_sales' and period = ${scope.from} ${inScope('store')}`,
    reading<HourRows>`
      select hour_start as "hourStart", sum(orders)::text as orders, sum(units)::text as units,
        sum(gross)::text as gross, sum(discounts)::text as discounts, sum(returns)::text as returns
      from batch.hourly_sales
      where business_day = ${scope.from} and currency = ${scope.currency} and hour_known ${inScope('store')}
      group by hour_start`,
    reading<HourRows>`
      select ref.hour_start(w.window_start, c.starts_at, c.offset_seconds) as "hourStart", sum(w.orders)::text as orders,
        sum(w.units)::text as units, sum(w.gross)::text as gross, sum(w.discounts)::text as discounts,
        sum(w.returns)::text as returns
      from stream.windows w
      join ref.store_clocks(${scope.stores.length > 0 ? [...scope.stores] : null}::text[], ${scope.from}, ${scope.from}) c
        on c.store = w.store and w.window_start >= c.starts_at and w.window_start < c.ends_at
      where w.generation = ${vector.basis.generation} and w.business_day = ${scope.from}
        and w.currency = ${scope.currency} ${inScope('w.store')}
      group by 1`,
    readUndated(reading, scope, vector),
  ])
  const basis = batchBasis(runs)
  const covered = new Set(runs.map(({ store }) => store))
  const isCovered = storesOnFile.every(store => covered.has(store))
  const calendar = stores.find(({ id }) => id === first?.store)?.versions
  const streamHours = withoutUndated(toSums(stream), undated.stream)
  const unknownHour = unknownHourOf({ batch: isCovered ? undated.batch : [], stream: undated.stream })
  if (!calendar || (batch.length === 0 && streamHours.size === 0 && unknownHour === null))
    return { hours: [], unknownHour, basis }
  return {
    hours: alignHours({
      day: scope.from,
      calendar,
      batch: isCovered ? figuresOf(toSums(batch)) : new Map(),
      batchUpTo: isCovered ? basis.computedAt : null,
      stream: figuresOf(streamHours),
      watermark: vector.basis.watermark,
    }),
    unknownHour,
    basis,
  }
}

interface HoursToAlign {
  day: BusinessDay
  /** Of the store whose clocks are shown. */
  calendar: Calendar
  batch: ReadonlyMap<Instant, HourlyFigures>
  /** When the newest hourly run computed; null: none has. */
  batchUpTo: Instant | null
  stream: ReadonlyMap<Instant, HourlyFigures>
  watermark: Instant | null
}

/** Lays both paths on the hours of the day. An hour a path has reached but sold nothing in is zero; one it has not reached is null. */
export function alignHours({ day, calendar, batch, batchUpTo, stream, watermark }: HoursToAlign): Hour[] {
  const hours = new Map(businessHoursOf(day, calendar).map(hour => [hour.start, hour]))
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zoneOn(day, calendar),
    hour: '2-digit',
    minute: '2-digit',
  })
  // Stores by other clocks have other hours.
  for (const start of [...batch.keys(), ...stream.keys()]) {
    if (!hours.has(start)) hours.set(start, { start, end: start + HOUR_MS, label: format.format(start) })
  }
  return [...hours.values()]
    .sort((one, other) => one.start - other.start)
    .map(({ start: hourStart, end, label }) => ({
      hourStart,
      label,
      batch: batch.get(hourStart) ?? (batchUpTo !== null && hourStart < batchUpTo ? NOTHING_SOLD : null),
      stream: stream.get(hourStart) ?? (watermark !== null && hourStart < watermark ? NOTHING_SOLD : null),
      open: watermark === null || watermark < end,
    }))
}

const NOTHING_SOLD: HourlyFigures = {
  orders: 0,
  units: 0,
  gross: formatAmount(0),
  discounts: formatAmount(0),
  returns: formatAmount(0),
  net: formatAmount(0),
}

function toSums(rows: HourRows): Map<Instant, HourSums> {
  return new Map(
    rows.map(({ hourStart, orders, units, gross, discounts, returns }) => [
      hourStart,
      {
        orders: BigInt(orders),
        units: BigInt(units),
        gross: BigInt(gross),
        discounts: BigInt(discounts),
        returns: BigInt(returns),
      },
    ]),
  )
}

/** Takes from each hour what only seems to be of it. An hour that nothing is left of had no sale. */
export function withoutUndated(
  hours: ReadonlyMap<Instant, HourSums>,
  undated: readonly UndatedSums[],
): Map<Instant, HourSums> {
  const starts = [...hours.keys()].sort((one, other) => one - other)
  const left = new Map(hours)
  for (const { at, sums } of undated) {
    const start = starts.findLast(hourStart => hourStart <= at)
    if (start !== undefined) left.set(start, addSums(left.get(start) ?? NO_SUMS, sums, -1n))
  }
  for (const [start, sums] of left) if (Object.values(sums).every(sum => sum === 0n)) left.delete(start)
  return left
}

function unknownHourOf({ batch, stream }: Record<'batch' | 'stream', UndatedSums[]>): UnknownHour | null {
  if (batch.length === 0 && stream.length === 0) return null
  const sumOf = (undated: readonly UndatedSums[]) =>
    toFigures(undated.reduce((sum, { sums }) => addSums(sum, sums, 1n), { ...NO_SUMS }))
  return {
    batch: batch.length === 0 ? null : sumOf(batch),
    stream: stream.length === 0 ? null : sumOf(stream),
  }
}

function figuresOf(hours: ReadonlyMap<Instant, HourSums>): Map<Instant, HourlyFigures> {
  return new Map([...hours].map(([start, sums]) => [start, toFigures(sums)]))
}

function toFigures({ orders, units, gross, discounts, returns }: HourSums): HourlyFigures {
  return {
    orders: Number(orders),
    units: Number(units),
    gross: formatAmount(gross),
    discounts: formatAmount(discounts),
    returns: formatAmount(returns),
    net: formatAmount(gross - discounts - returns),
  }
}
