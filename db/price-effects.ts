import { formatInstant, HOUR_MS, type Instant } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import type { Amount } from '#domain/money.ts'
import { effectOf, type ForecastUnits, type PriceEffect } from '#domain/price-hints/price-effect.ts'
import {
  type DemandClock,
  demandClock,
  placeInWeek,
  unitsWithin,
} from '#domain/replenishment/demand-clock.ts'
import { loadShelfReference } from './shelf-reference.ts'
import type { Reading } from './transaction.ts'

/** Nothing lies in the log before it happened, but for clocks that are ahead by minutes. */
const AHEAD_AT_MOST_MS = HOUR_MS

/** A price that somebody applied, as purchasing.price_changes keeps it. */
export interface PriceChange {
  priceChange: string
  store: string
  sku: string
  kind: 'dead' | 'overstocked' | 'leaving' | 'end offer' | 'raise' | 'flash' | 'own'
  currency: string
  oldPrice: Amount
  newPrice: Amount
  unitCost: Amount
  validFrom: Instant
  /** Exclusive: as said, or as ended; null: until it is ended. */
  validTo: Instant | null
  /** Null: no demand was forecast when it was applied. */
  unitsByWeekday: number[] | null
  spread: number | null
  /** Units a day of the four weeks before; null: not known. */
  unitsBefore: number | null
  onHand: number | null
  elasticity: number
  elasticityDeviation: number
  offers: number
  appliedBy: string | null
  appliedAt: Instant
  endedAt: Instant | null
  endedBy: string | null
}

/** What was sold so far, counted in the log up to a place. */
export interface PriceSales {
  units: number
  net: Amount
  through: Position
}

/** Those that hold, are to hold, or ended since an instant; the newest first. */
export function readPriceChanges(reading: Reading, endedSince: Instant): Promise<PriceChange[]> {
  return reading<PriceChange[]>`
    select c.price_change as "priceChange", c.store, c.sku, c.kind, c.currency, c.old_price as "oldPrice",
      c.new_price as "newPrice", c.unit_cost as "unitCost", c.valid_from as "validFrom",
      least(c.valid_to, case when c.ended_at is not null then greatest(c.ended_at, c.valid_from) end) as "validTo", c.units_by_weekday as "unitsByWeekday", c.spread,
      c.units_before as "unitsBefore", c.on_hand as "onHand", c.elasticity, c.elasticity_deviation as "elasticityDeviation",
      c.offers, c.applied_by as "appliedBy", c.applied_at as "appliedAt", c.ended_at as "endedAt", c.ended_by as "endedBy"
    from purchasing.price_changes c
    where least(c.valid_to, c.ended_at) is null or least(c.valid_to, c.ended_at) >= ${endedSince}
    order by c.applied_at desc, c.price_change desc`
}

/**
 * Adds up what was sold while each price held, from the log.
 * @param after by price change, what is counted already; of the others all is counted
 * @param through by partition, where to stop: what lies behind it is not counted
 */
export async function countPriceSales(
  reading: Reading,
  changes: readonly PriceChange[],
  { after, through }: { after: ReadonlyMap<string, PriceSales>; through: ReadonlyMap<number, number> },
): Promise<Map<string, PriceSales>> {
  const asked = changes.map(({ priceChange, store, sku, validFrom, validTo }) => {
    const known = after.get(priceChange)?.through
    return {
      ...{ priceChange, store, sku, from: formatInstant(validFrom) },
      to: validTo === null ? 'infinity' : formatInstant(validTo),
      offset: known?.offset ?? 0,
      since: formatInstant(Math.max(known?.appendedAt ?? 0, validFrom - AHEAD_AT_MOST_MS)),
    }
  })
  const rows = await reading<
    { priceChange: string; units: number; net: Amount; offset: number; appendedAt: Instant }[]
  >`
    with asked as (
      select a.*, s.partition, t.through
      from jsonb_to_recordset(${JSON.stringify(asked)}::text::jsonb) as a("priceChange" text, store text, sku text,
        "from" timestamptz, "to" timestamptz, "offset" bigint, since timestamptz)
      join ref.stores s on s.store = a.store
      join unnest(${[...through.keys()]}::smallint[], ${[...through.values()]}::bigint[]) t(partition, through)
        on t.partition = s.partition
    )
    select a."priceChange", coalesce(sold.units, 0)::int8 as units, coalesce(sold.net, 0)::int8 as net,
      greatest(a.through, a."offset") as "offset", greatest(sold.appended_at, a.since) as "appendedAt"
    from asked a
    cross join lateral (
      select sum(sign * l.units) as units, max(e.appended_at) as appended_at,
        sum(sign * (coalesce(l.amount, l.units * l.unit_price) - coalesce(l.discount, 0))) as net
      from log.event_log e
      cross join lateral (select case e.type when 'order.placed' then 1 else -1 end as sign) document
      cross join lateral unnest(e.skus, e.units, e.unit_prices, e.amounts, e.discounts)
        as l(sku, units, unit_price, amount, discount)
      where e.partition = a.partition and e.appended_at >= a.since and e."offset" > a."offset" and e."offset" <= a.through
        and e.store = a.store and e.type in ('order.placed', 'order.voided') and a.sku = any(e.skus) and l.sku = a.sku
        and e.event_time >= a."from" and e.event_time < a."to" and log.why_indigestible(e) is null
    ) sold`
  return new Map(
    rows.map(({ priceChange, units, net, offset, appendedAt }) => {
      const known = after.get(priceChange)
      const sales = { units: units + (known?.units ?? 0), net: net + (known?.net ?? 0) }
      return [priceChange, { ...sales, through: { offset, appendedAt } }]
    }),
  )
}

/** What a price has done, and up to when; without an effect where no demand was forecast, or it does not hold yet. */
export interface MeasuredPrice {
  effect: PriceEffect | null
  /** Of all sold: what was taken less what it has cost. */
  margin: Amount
  until: Instant
}

/** Holds what was sold against the forecasts of when each price was applied, over the time that has passed by `at`. */
export async function measurePrices(
  reading: Reading,
  changes: readonly PriceChange[],
  { sales, at }: { sales: ReadonlyMap<string, PriceSales>; at: Instant },
): Promise<Map<string, MeasuredPrice>> {
  const reference = await loadShelfReference(reading)
  return new Map(
    changes.map((change): [string, MeasuredPrice] => {
      const { priceChange, store, unitCost, validFrom, validTo, onHand } = change
      const { units: sold, net } = sales.get(priceChange) ?? { units: 0, net: 0 }
      const until = Math.max(validFrom, Math.min(at, validTo ?? at))
      const margin = net - sold * unitCost
      const { unitsByWeekday, spread } = change
      const shop = reference.storeAt(store, validFrom)
      if (unitsByWeekday === null || shop === null) return [priceChange, { effect: null, margin, until }]
      const clock = demandClock({ unitsByWeekday, spread: spread ?? 0 }, shop)
      const forecast = forecastWithin(
        clock,
        placeInWeek(validFrom, shop.offsetMs),
        (until - validFrom) / HOUR_MS,
      )
      const effect = effectOf({
        forecast,
        ...{ unitCost, sold, net, most: onHand },
        expectation: {
          ...{ oldPrice: change.oldPrice, newPrice: change.newPrice },
          elasticity: {
            mean: change.elasticity,
            deviation: change.elasticityDeviation,
            offers: change.offers,
          },
        },
      })
      return [priceChange, { effect, margin, until }]
    }),
  )
}

/** Units of some hours from a place in the week on, with the variance that `lookAhead` gives them. */
export function forecastWithin(clock: DemandClock, place: number, hours: number): ForecastUnits {
  const mean = unitsWithin(clock, place, hours)
  const perDay = clock.perWeek / 7
  return { mean, variance: perDay > 0 ? (clock.spread ** 2 / perDay) * mean : 0 }
}
