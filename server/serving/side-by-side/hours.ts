import type { Reading } from '#db/transaction.ts'
import { businessDaySpan, type StoreCalendar } from '#domain/business-day.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import type { SalesFigures } from '#domain/measures.ts'
import { formatAmount } from '#domain/money.ts'
import { inStores, type SideBySideScope } from '#server/serving/scope.ts'
import { type BatchBasis, batchBasis, type ContributingRun, type Vector } from './vector.ts'

/** What an hour has of each path: what its net is made of. */
export type HourlyFigures = Pick<SalesFigures, 'orders' | 'units' | 'gross' | 'discounts' | 'returns' | 'net'>

export interface Hour {
  hourStart: Instant
  /** 'HH:00' in the zone of the store, or of the first store in scope. */
  label: string
  batch: HourlyFigures | null
  stream: HourlyFigures | null
  /** The stream's watermark has not passed the hour's end. */
  open: boolean
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
 * 23 or 25; they are those of each store's own zone and add up where stores share an instant.
 * @param request.storesOnFile those with anything of the day: only when runs have covered all of them batch has hours
 */
export async function readHours(
  reading: Reading,
  scope: SideBySideScope,
  { vector, storesOnFile }: { vector: Vector; storesOnFile: readonly string[] },
): Promise<{ hours: Hour[]; basis: BatchBasis } | null> {
  if (scope.from !== scope.to) return null
  const inScope = (column: string) => inStores(reading, scope, column)
  const [[calendar], runs, batch, stream] = await Promise.all([
    reading<StoreCalendar[]>`
      select zone, cut_over_hour as "cutOverHour" from ref.stores
      where true ${inScope('store')}
      order by array_position(${scope.stores}::text[], store), currency <> ${scope.currency}, name limit 1`,
    reading<(ContributingRun & { store: string })[]>`
      select store, partition, run_id as "runId", computed_at as "computedAt", through_offset as through,
        rules_version as "rulesVersion"
      from batch.current_runs where job = 'hourly_sales' and period = ${scope.from} ${inScope('store')}`,
    reading<HourRows>`
      select hour_start as "hourStart", sum(orders)::text as orders, sum(units)::text as units,
        sum(gross)::text as gross, sum(discounts)::text as discounts, sum(returns)::text as returns
      from batch.hourly_sales
      where business_day = ${scope.from} and currency = ${scope.currency} ${inScope('store')}
      group by hour_start`,
    reading<HourRows>`
      select date_trunc('hour', w.window_start, s.zone) as "hourStart", sum(w.orders)::text as orders,
        sum(w.units)::text as units, sum(w.gross)::text as gross, sum(w.discounts)::text as discounts,
        sum(w.returns)::text as returns
      from stream.windows w join ref.stores s on s.store = w.store
      where w.generation = ${vector.basis.generation} and w.business_day = ${scope.from}
        and w.currency = ${scope.currency} ${inScope('w.store')}
      group by 1`,
  ])
  const basis = batchBasis(runs)
  const covered = new Set(runs.map(({ store }) => store))
  const isCovered = storesOnFile.every(store => covered.has(store))
  if (!calendar || (batch.length === 0 && stream.length === 0)) return { hours: [], basis }
  return {
    hours: alignHours({
      span: businessDaySpan(scope.from, calendar),
      zone: calendar.zone,
      batch: isCovered ? toFigures(batch) : new Map(),
      batchUpTo: isCovered ? basis.computedAt : null,
      stream: toFigures(stream),
      watermark: vector.basis.watermark,
    }),
    basis,
  }
}

interface HoursToAlign {
  /** The business day, half-open. */
  span: { start: Instant; end: Instant }
  zone: string
  batch: ReadonlyMap<Instant, HourlyFigures>
  /** When the newest hourly run computed; null: none has. */
  batchUpTo: Instant | null
  stream: ReadonlyMap<Instant, HourlyFigures>
  watermark: Instant | null
}

/** Lays both paths on the hours of the day. An hour a path has reached but sold nothing in is zero; one it has not reached is null. */
export function alignHours({ span, zone, batch, batchUpTo, stream, watermark }: HoursToAlign): Hour[] {
  const starts = new Set([...batch.keys(), ...stream.keys()])
  for (let start = span.start; start < span.end; start += HOUR_MS) starts.add(start)
  const label = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' })
  return [...starts]
    .sort((one, other) => one - other)
    .map(hourStart => ({
      hourStart,
      label: label.format(hourStart),
      batch: batch.get(hourStart) ?? (batchUpTo !== null && hourStart < batchUpTo ? NOTHING_SOLD : null),
      stream: stream.get(hourStart) ?? (watermark !== null && hourStart < watermark ? NOTHING_SOLD : null),
      open: watermark === null || watermark < hourStart + HOUR_MS,
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

function toFigures(rows: HourRows): Map<Instant, HourlyFigures> {
  return new Map(
    rows.map(row => [
      row.hourStart,
      {
        orders: Number(row.orders),
        units: Number(row.units),
        gross: formatAmount(row.gross),
        discounts: formatAmount(row.discounts),
        returns: formatAmount(row.returns),
        net: formatAmount(BigInt(row.gross) - BigInt(row.discounts) - BigInt(row.returns)),
      },
    ]),
  )
}
