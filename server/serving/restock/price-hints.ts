import type { Sql } from '#db/client.ts'
import { readSnapshot } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import type { HintKind } from '#domain/price-hints/markdown.ts'
import { inStores } from '#server/serving/scope.ts'
import type { RestockScope } from './alerts.ts'

/** What lies on a shelf and does not sell, and the price that would clear it in time. */
interface PriceHint {
  store: string
  sku: string
  productName: string | null
  kind: HintKind
  onHand: number
  /** Null: nothing was sold in 28 days. */
  daysOfCover: number | null
  currency: string
  /** Decimals, as texts. */
  price: string
  unitCost: string
  hintPrice: string
  /** As fractions: all of it, and at once. */
  discount: number
  discountToday: number
  unitsToClear: number
  /** Within 28 days at that price, and in one case of ten less, or more, by the elasticity alone. */
  units: number
  unitsLow: number
  unitsHigh: number
  clears: boolean
  elasticity: number
  elasticityDeviation: number
  /** 0: the elasticity is that of consumer goods at large. */
  offers: number
}

export interface PriceHints {
  hints: PriceHint[]
  /** Of all of them, also of those that are not listed. */
  total: number
  /** Null: the job has not run yet, or found nothing. */
  basis: { runId: number; computedAt: Instant; businessDay: BusinessDay } | null
}

/** Rows of one answer at most: those in which most money lies, first. */
const MOST_HINTS = 200

/** What the night's job `price_hints` has found. */
export async function readPriceHints(sql: Sql, scope: RestockScope): Promise<PriceHints> {
  return readSnapshot(sql, async reading => {
    const rows = await reading<(PriceHint & NonNullable<PriceHints['basis']> & { total: number })[]>`
      select h.store, h.sku, p.name as "productName", h.kind, h.on_hand as "onHand",
        h.days_of_cover::float8 as "daysOfCover", h.currency, h.price::text as price, h.unit_cost::text as "unitCost",
        h.hint_price::text as "hintPrice", h.discount::float8 as discount, h.discount_today::float8 as "discountToday",
        h.units_to_clear as "unitsToClear", h.units::float8 as units, h.units_low::float8 as "unitsLow",
        h.units_high::float8 as "unitsHigh", h.clears, h.elasticity::float8 as elasticity,
        h.elasticity_deviation::float8 as "elasticityDeviation", h.offers, h.run_id as "runId",
        h.computed_at as "computedAt", h.business_day as "businessDay", count(*) over () as total
      from reports.price_hints h
      left join ref.products p on p.sku = h.sku
      cross join ref.reporting_currency c
      left join lateral ref.rate_on(h.currency, c.currency, h.business_day) x on true
      where true ${inStores(reading, scope, 'h.store')}
        ${
          scope.supplier
            ? reading`and ${scope.supplier} = (
                select t.supplier from ref.supply_terms t
                where t.sku = h.sku and t.valid_from <= now() order by t.valid_from desc limit 1)`
            : reading``
        }
      order by h.units_to_clear * h.unit_cost * x.rate desc nulls last, h.store, h.sku
      limit ${MOST_HINTS}`
    const newest = rows.reduce<(typeof rows)[number] | null>(
      (one, row) => (one === null || row.computedAt > one.computedAt ? row : one),
      null,
    )
    return {
      hints: rows.map(({ total: _, runId: _2, computedAt: _3, businessDay: _4, ...hint }) => hint),
      total: rows[0]?.total ?? 0,
      basis: newest && {
        runId: newest.runId,
        computedAt: newest.computedAt,
        businessDay: newest.businessDay,
      },
    }
  })
}
