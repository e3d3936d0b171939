import type { Sql } from '#db/client.ts'
import { loadShelfReference } from '#db/shelf-reference.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import { DAY_MS, HOUR_MS, type Instant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { demandClock, placeInWeek } from '#domain/replenishment/demand-clock.ts'
import { lookAhead, type OpenDelivery, type ShelfOutlook } from '#domain/replenishment/live-shelf.ts'
import { rushFactor, type SalesPace, unitsInRush } from '#domain/replenishment/pace-of-sales.ts'
import { Z_OF_RANGE } from '#domain/replenishment/quantiles.ts'
import type { ValidForecast } from '#domain/replenishment/shelf-reference.ts'
import { stockEffects } from '#domain/stock-effects.ts'
import { readStreamStand, type StreamBasis } from '#server/serving/freshness/positions.ts'
import { type RestockAlert, readAlert } from './alerts.ts'

/** What a shelf held at an instant. */
export interface HeldPoint {
  at: Instant
  units: number
}

/** What a shelf will hold if nothing comes: in the middle, and as little and as much as in one case of ten. */
export interface ForeseenPoint extends HeldPoint {
  low: number
  high: number
}

/** Why a shortage is one: what lay there, what sells, what comes, and what each path said. */
export interface ShortageEvidence {
  alert: RestockAlert
  now: Instant
  /** Of the last days, hour by hour, oldest first; the last is now. Empty where the stock is not known. */
  held: HeldPoint[]
  /** Units sold since the shortage began, less those of voided orders. */
  soldSince: number
  /** From now on, hour by hour; empty where no demand is forecast. */
  foreseen: ForeseenPoint[]
  /** Units that are forecast for an ordinary day. */
  demandPerDay: number | null
  /** How many times as fast it sells now; 1: as forecast. */
  rush: number
  outlook: ShelfOutlook | null
  deliveries: OpenDelivery[]
  /** What the nightly plan says of it; null: it is in no plan. */
  plan: {
    asOf: Instant
    onHand: number
    demandPerDay: number
    runsOutAt: Instant | null
    verdict: 'short' | 'covered' | 'enough'
  } | null
  basis: StreamBasis
}

const LOOK_BACK_MS = 7 * DAY_MS
const LOOK_AHEAD_MS = 14 * DAY_MS
/** Nothing lies in the log before it happened, but for clocks that are ahead by minutes. */
const AHEAD_AT_MOST_MS = HOUR_MS

/** @returns null where there is no such alert */
export async function readShortageEvidence(sql: Sql, alertId: string): Promise<ShortageEvidence | null> {
  return readSnapshot(sql, async reading => {
    const { now, basis } = await readStreamStand(reading)
    const alert = await readAlert(reading, { generation: basis.generation, alertId, now })
    if (alert === null) return null
    const at = { generation: basis.generation, store: alert.store, sku: alert.sku }
    const [stock, movements, deliveries, forecast, plan, reference] = await Promise.all([
      readStock(reading, at),
      readMovements(reading, { ...at, since: now - LOOK_BACK_MS }),
      readOpenDeliveries(reading, at),
      readForecast(reading, { ...at, now }),
      readPlan(reading, at),
      loadShelfReference(reading),
    ])
    const store = reference.storeAt(alert.store, now)
    const clock = forecast && store ? demandClock(forecast, store) : null
    const onHand = stock?.onHand ?? null
    const offsetMs = store?.offsetMs ?? 0
    const place = placeInWeek(now, offsetMs)
    const pace: SalesPace = { newest: stock?.paceAt ?? null, units: stock?.paceUnits ?? 0 }
    const rush = clock ? rushFactor(clock, pace, { at: now, place }) : 1
    return {
      alert,
      now,
      held: onHand === null ? [] : heldBefore(onHand, movements, now),
      soldSince: soldSince(movements, alert.openedAt),
      foreseen: clock && onHand !== null ? foresee({ onHand, clock, place, rush, now }) : [],
      demandPerDay: clock ? clock.perWeek / 7 : null,
      rush,
      outlook:
        clock && onHand !== null
          ? lookAhead({
              at: now,
              offsetMs,
              onHand,
              clock,
              pace,
              deliveries,
              supply: reference.supplyAt(alert.sku, now),
            })
          : null,
      deliveries,
      plan,
      basis,
    }
  })
}

interface ShelfKey {
  generation: number
  store: string
  sku: string
}

interface Movement {
  at: Instant
  kind: string
  units: number
}

async function readStock(reading: Reading, { generation, store, sku }: ShelfKey) {
  const [row] = await reading<{ onHand: number | null; paceAt: Instant | null; paceUnits: number }[]>`
    select on_hand as "onHand", pace_at as "paceAt", pace_units as "paceUnits" from stream.stock
    where generation = ${generation} and store = ${store} and sku = ${sku}`
  return row
}

/** Oldest first. A store's events lie in one partition. */
async function readMovements(
  reading: Reading,
  { store, sku, since }: ShelfKey & { since: Instant },
): Promise<Movement[]> {
  const rows = await reading<
    {
      type: LogEvent['type']
      eventTime: Instant
      details: LogEvent['details']
      skus: string[]
      units: number[]
      stocked: boolean[] | null
    }[]
  >`
    select type, event_time as "eventTime", details, skus, units, stocked
    from log.event_log
    where partition = (select partition from ref.stores where store = ${store})
      and appended_at >= ${since - AHEAD_AT_MOST_MS} and event_time >= ${since}
      and store = ${store} and ${sku} = any(skus)
    order by event_time, "offset"`
  return rows.flatMap(row =>
    stockEffects({ ...row, lines: row })
      .filter(effect => effect.sku === sku)
      .map(({ kind, units }) => ({ at: row.eventTime, kind, units })),
  )
}

function readOpenDeliveries(reading: Reading, { generation, store, sku }: ShelfKey): Promise<OpenDelivery[]> {
  return reading<OpenDelivery[]>`
    select purchase_order as "purchaseOrder", ordered - cancelled - received as units, placed_at as "placedAt",
      expected_at as "expectedAt"
    from stream.purchases
    where generation = ${generation} and store = ${store} and sku = ${sku} and ordered > cancelled + received
    order by expected_at nulls last, purchase_order`
}

async function readForecast(
  reading: Reading,
  { store, sku, now }: ShelfKey & { now: Instant },
): Promise<ValidForecast | null> {
  const [row] = await reading<ValidForecast[]>`
    select valid_from as "validFrom", units_by_weekday as "unitsByWeekday", spread from ref.demand_forecasts
    where store = ${store} and sku = ${sku} and valid_from <= ${now}
    order by valid_from desc limit 1`
  return row ?? null
}

async function readPlan(reading: Reading, { store, sku }: ShelfKey): Promise<ShortageEvidence['plan']> {
  const [row] = await reading<NonNullable<ShortageEvidence['plan']>[]>`
    select p.as_of as "asOf", r.on_hand as "onHand", r.demand_per_day as "demandPerDay", r.runs_out_at as "runsOutAt",
      r.verdict
    from batch.replenishment r join batch.replenishment_plans p on p.store = r.store
    where r.store = ${store} and r.sku = ${sku}`
  return row ?? null
}

/**
 * What lay on a shelf, hour by hour, told backwards from what lies there now. Before a count it is not known what lay there:
 * the books said something else, so the line begins with it.
 */
export function heldBefore(onHand: number, movements: readonly Movement[], now: Instant): HeldPoint[] {
  const points: HeldPoint[] = [{ at: now, units: onHand }]
  let units = onHand
  let end = now
  for (const movement of movements.toReversed()) {
    for (; end - HOUR_MS > movement.at; end -= HOUR_MS) points.push({ at: end - HOUR_MS, units })
    if (movement.kind === 'counted') {
      points.push({ at: movement.at, units })
      return points.reverse()
    }
    units -= movement.units
  }
  points.push({ at: end - HOUR_MS, units })
  return points.reverse()
}

function soldSince(movements: readonly Movement[], since: Instant): number {
  return -movements
    .filter(({ kind, at }) => kind === 'sold' && at >= since)
    .reduce((sum, { units }) => sum + units, 0)
}

/** Until the shelf is surely empty, two weeks at most. */
function foresee({
  onHand,
  clock,
  place,
  rush,
  now,
}: {
  onHand: number
  clock: ReturnType<typeof demandClock>
  place: number
  rush: number
  now: Instant
}): ForeseenPoint[] {
  const perDay = clock.perWeek / 7
  const points: ForeseenPoint[] = []
  for (let hours = 0; hours * HOUR_MS <= LOOK_AHEAD_MS; hours += 1) {
    const mean = unitsInRush(clock, place, hours, rush)
    // The variance of a day's units for each day's worth of what is sold, as `lookAhead` has it.
    const band = perDay > 0 ? Z_OF_RANGE * clock.spread * Math.sqrt(mean / perDay) : 0
    const left = (sold: number) => Math.max(Math.min(0, onHand), onHand - sold)
    const point = {
      at: now + hours * HOUR_MS,
      units: left(mean),
      low: left(mean + band),
      high: left(mean - band),
    }
    points.push({ ...point, high: Math.min(Math.max(0, onHand), point.high) })
    if (point.high <= 0) break
  }
  return points
}
