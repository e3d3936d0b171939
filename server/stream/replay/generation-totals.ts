import type { Reading } from '#db/transaction.ts'

/** What a generation says, added up: one line per store and business day, and one per store's stock. */
export type GenerationTotals = ReadonlyMap<string, Readonly<Record<string, string>>>

/** Two generations that do not say the same. */
export interface TotalsDifference {
  /** e.g. `sales of berlin on 2026-11-20 (EUR)` */
  of: string
  figure: string
  active: string
  rebuilt: string
}

/**
 * Adds a generation up. Revisions and late net are part of it: lateness is decided from the log alone, so
 * a rebuild must find the same. Alerts are not: they are judged by policies as they were known at the time.
 */
export async function generationTotals(sql: Reading, generation: number): Promise<GenerationTotals> {
  const [sales, stock] = await Promise.all([
    sql.unsafe<TotalsRow[]>(SALES_TOTALS, [generation]),
    sql.unsafe<TotalsRow[]>(STOCK_TOTALS, [generation]),
  ])
  return new Map([...sales, ...stock].map(({ of, ...figures }) => [of, figures]))
}

/** Where two sets of totals differ, figure by figure; a line that only one of them has is `none` in the other. */
export function compareTotals(active: GenerationTotals, rebuilt: GenerationTotals): TotalsDifference[] {
  const differences: TotalsDifference[] = []
  for (const of of new Set([...active.keys(), ...rebuilt.keys()])) {
    const figures = { ...active.get(of), ...rebuilt.get(of) }
    for (const figure of Object.keys(figures)) {
      const sides = {
        active: active.get(of)?.[figure] ?? 'none',
        rebuilt: rebuilt.get(of)?.[figure] ?? 'none',
      }
      if (sides.active !== sides.rebuilt) differences.push({ of, figure, ...sides })
    }
  }
  return differences
}

type TotalsRow = Record<string, string> & { of: string }

const SALES_TOTALS = `
  select 'sales of ' || store || ' on ' || business_day || ' (' || currency || ')' as of,
    count(*)::text as windows, sum(orders)::text as orders, sum(units)::text as units,
    sum(gross)::text as gross, sum(discounts)::text as discounts, sum(returns)::text as returns,
    sum(return_documents)::text as "returnDocuments", sum(units_returned)::text as "unitsReturned",
    sum(late_net)::text as "lateNet", sum(revision)::text as revisions, sum(bulk_events)::text as "bulkEvents"
  from stream.windows where generation = $1
  group by store, business_day, currency order by store, business_day, currency`

// The digest finds what sums hide: one unit more of this, one less of that.
const STOCK_TOTALS = `
  select 'stock of ' || store as of, count(*)::text as skus, count(on_hand)::text as known,
    coalesce(sum(on_hand), 0)::text as "onHand", sum(on_order)::text as "onOrder",
    md5(string_agg(sku || '=' || coalesce(on_hand::text, '?') || '+' || on_order, ',' order by sku collate "C"))
      as digest
  from stream.stock where generation = $1 group by store order by store`
