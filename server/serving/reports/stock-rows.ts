import type { Reading } from '#db/transaction.ts'
import { likePattern } from '#server/serving/reports/like-pattern.ts'
import type { RankedRow } from '#server/serving/reports/ranked-rows.ts'
import type { ReportPlan } from '#server/serving/reports/report-plan.ts'
import { storeBounds } from '#server/serving/reports/report-runs.ts'
import type { Figures } from '#server/serving/reports/report-shapes.ts'
import { STOCK_SUMS } from '#server/serving/reports/report-source.ts'
import { storePeriods } from '#server/serving/reports/store-periods.ts'

/** A page of rows, within the store-periods that hold it where these are known. */
export interface StockPage {
  limit: number
  offset: number
  within: readonly { store: string; period: string }[] | null
}

/** Stock by period, store and product, in the order asked for: a page of it, or a cursor over all. */
export function stockRows(reading: Reading, plan: ReportPlan, page: StockPage | null) {
  const { source, range, stores, figures } = plan
  const column = reading`t.${reading(source.periodColumn)}`
  return reading<RankedRow[]>`
    with found as (
      select ${column} as period, t.store, t.sku, ${reading.unsafe(figures.map(name => `t.${name}`).join(', '))}
      from ${reading(source.table)} t
      where ${column} between ${range.from} and ${range.to} and t.store = any(${[...stores]})
        ${filterOf(reading, plan)}
        ${
          page?.within
            ? reading`and (t.store, ${column}) in (select * from unnest(
                ${page.within.map(({ store }) => store)}::text[], ${page.within.map(({ period }) => period)}::date[]))`
            : reading``
        }
      ${
        // Names are looked up for a page alone.
        page
          ? reading`order by ${reading.unsafe(orderOf(plan))} limit ${page.limit} offset ${page.offset}`
          : reading``
      }
    )
    select ${reading.unsafe(
      ['period', 'store', 'sku', ...figures].map(name => `found.${name}::text as ${name}`).join(', '),
    )}, coalesce(product.name, '') as name, null as before
    from found left join ref.products product on product.sku = found.sku
    order by ${reading.unsafe(orderOf(plan, 'found.'))}`
}

/** How many rows there are, by store and period, and what they add up to. */
export async function readStockTotals(
  reading: Reading,
  plan: ReportPlan,
): Promise<{ rowCount: number; totals: Figures; counts: StorePeriodCount[] }> {
  const { range, runs, request } = plan
  const rows = await reading<(Record<string, string> & StorePeriodCount)[]>`
    with ${storePeriods(reading, plan, { range, filter: filterOf(reading, plan) })}
    select store, period::text as period, rows,
      ${reading.unsafe(STOCK_SUMS.map(name => `${name}::text as ${name}`).join(', '))}
    from store_periods`
  const bounds = new Map(storeBounds(runs).map(own => [own.store, own.range]))
  const totals: Figures = {}
  for (const name of STOCK_SUMS) {
    // With only some of its days a product's stock neither opens nor closes the range.
    if (request.stockoutOnly && (name === 'opening' || name === 'closing')) continue
    const added = rows.filter(({ store, period }) => {
      if (name === 'opening') return period === bounds.get(store)?.from
      return name === 'closing' ? period === bounds.get(store)?.to : true
    })
    totals[name] = String(added.reduce((sum, row) => sum + BigInt(row[name] ?? 0), 0n))
  }
  return { rowCount: rows.reduce((count, row) => count + row.rows, 0), totals, counts: rows }
}

interface StorePeriodCount {
  store: string
  period: string
  rows: number
}

/**
 * Where a page lies. In the order of periods and stores the counts say it, so that the hundredth page costs no
 * more than the first; in other orders all rows have to be looked at.
 */
export function stockPage(
  { sort }: Pick<ReportPlan, 'sort'>,
  { counts, limit, offset }: { counts: readonly StorePeriodCount[]; limit: number; offset: number },
): StockPage {
  if (sort.by !== 'key') return { limit, offset, within: null }
  const inOrder = counts.toSorted(
    (one, other) =>
      compareText(one.period, other.period) * (sort.descending ? -1 : 1) ||
      compareText(one.store, other.store),
  )
  const within: { store: string; period: string }[] = []
  let [before, skipped] = [0, 0]
  for (const { store, period, rows } of inOrder) {
    if (before + rows <= offset) skipped += rows
    else if (before < offset + limit) within.push({ store, period })
    before += rows
  }
  return { limit, offset: offset - skipped, within }
}

function filterOf(reading: Reading, { request }: ReportPlan) {
  const { search, stockoutOnly } = request
  const pattern = likePattern(search)
  return reading`
    ${
      search
        ? reading`and (t.sku ilike ${pattern} or t.sku in (select sku from ref.products where name ilike ${pattern}))`
        : reading``
    }
    ${stockoutOnly ? reading`and t.stockout_minutes > 0` : reading``}`
}

/** No two rows are equal in it: pages neither repeat nor skip any. */
function orderOf({ sort, source }: ReportPlan, prefix = ''): string {
  const direction = sort.descending ? 'desc' : 'asc'
  const of = prefix === '' ? 't.' : prefix
  const period = prefix === '' ? `t.${source.periodColumn}` : `${prefix}period`
  const key = `${period} ${sort.by === 'key' ? direction : 'desc'}, ${of}store collate "C", ${of}sku collate "C"`
  return sort.by === 'key' || sort.by === 'before' || sort.by === 'change'
    ? key
    : `${of}${sort.by} ${direction} nulls last, ${key}`
}

/** As Postgres orders by "C": by code point, which for ids is by code unit. */
function compareText(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1
}
