import type { Reading } from '#server/serving/reading.ts'
import { figureExpression, type SumName } from '#server/serving/reports/figure-expressions.ts'
import type { DayRange } from '#server/serving/reports/periods.ts'
import type { FigureName } from '#server/serving/reports/report-figures.ts'
import type { ReportPlan } from '#server/serving/reports/report-plan.ts'
import { storeBounds } from '#server/serving/reports/report-runs.ts'
import type { Figures } from '#server/serving/reports/report-shapes.ts'
import { STOCK_SUMS } from '#server/serving/reports/report-source.ts'
import type { RowKey } from '#server/serving/reports/report-views.ts'

/** A row as the database gives it: keys, figures, and the metric before. */
export type RankedRow = Record<string, string | null>

const KEY_COLUMNS: Record<RowKey, string> = {
  period: 't.period',
  store: 't.store',
  sku: 't.sku',
  category: "coalesce(product.category, '')",
}

/** Rows by store, product or category, in the order asked for: a page of them, or a cursor over all. */
export function rankedRows(
  reading: Reading,
  plan: ReportPlan,
  page: { limit: number; offset: number } | null,
) {
  const { figures, metric, compared } = plan
  const names = keyNames(plan)
  return reading<RankedRow[]>`
    with ${listed(reading, plan)},
    figured as (
      select ${reading.unsafe(names.join(', '))},
        ${reading.unsafe(figures.map(name => `${figureExpression(name)} as ${name}`).join(', '))},
        ${reading.unsafe(compared ? figureExpression(metric, 'before_') : 'null::numeric')} as before
      from listed
    )
    select ${reading.unsafe([...names, ...figures, 'before'].map(name => `${name}::text as ${name}`).join(', '))}
    from figured
    order by ${reading.unsafe(orderOf(plan))}
    ${page ? reading`limit ${page.limit} offset ${page.offset}` : reading``}`
}

/** How many rows there are in all, and what they add up to, now and before. */
export async function readRankedTotals(
  reading: Reading,
  plan: ReportPlan,
): Promise<{ rowCount: number; totals: Figures; totalsBefore: Figures | null }> {
  const { figures, compared, request } = plan
  const bounds = storeBounds(plan.runs)
  const prefixes = compared ? ['', 'before_'] : ['']
  const adding = figures.filter(name => !NOT_ADDED.has(name))
  const [row] = await reading<(RankedRow & { rows: number })[]>`
    with ${listed(reading, plan)},
    bounds as (
      select * from unnest(
        ${bounds.map(({ store }) => store)}::text[], ${bounds.map(own => own.range.from)}::date[],
        ${bounds.map(own => own.range.to)}::date[]
      ) as bounds(store, first_period, last_period)
    ),
    sums as (
      select count(*) as rows,
        ${reading.unsafe(prefixes.flatMap(prefix => totalSums(plan, prefix)).join(', '))}
      from listed
      ${isStock(plan) ? reading`join bounds using (store)` : reading``}
    )
    select rows, ${reading.unsafe(
      prefixes
        .flatMap(prefix => adding.map(name => `${figureExpression(name, prefix)}::text as ${prefix}${name}`))
        .join(', '),
    )}
    from sums`
  if (!row) throw new Error('the totals of a report came back empty')
  // With only some of its days a product's stock neither opens nor closes the range.
  const known = adding.filter(name => !(request.stockoutOnly && (name === 'opening' || name === 'closing')))
  const pick = (prefix: string) =>
    Object.fromEntries(known.map(name => [name, row[`${prefix}${name}`] ?? null]))
  return { rowCount: row.rows, totals: pick(''), totalsBefore: compared ? pick('before_') : null }
}

/** Ratios and words that do not follow from sums. */
const NOT_ADDED: ReadonlySet<FigureName> = new Set<FigureName>([
  'average_on_hand',
  'turnover',
  'sell_through',
  'days_of_cover',
  'abc_class',
])

function totalSums(plan: ReportPlan, prefix: string): string[] {
  const sums = plan.source.sums.map(name => {
    if (name === 'opening') return 'sum(opening) filter (where period = first_period) as opening'
    if (name === 'closing') return 'sum(closing) filter (where period = last_period) as closing'
    if (name === 'net_in_reporting_currency') {
      return `case when bool_and(${prefix}${name} is not null) then sum(${prefix}${name}) end as ${prefix}${name}`
    }
    return `coalesce(sum(${prefix}${name}), 0) as ${prefix}${name}`
  })
  return hasShare(plan) ? [...sums, `coalesce(max(${prefix}all_net), 0) as ${prefix}all_net`] : sums
}

/** CTEs up to `listed`: a row for each thing that is shown, with its sums of this range and of the one before. */
function listed(reading: Reading, plan: ReportPlan) {
  const { source, compared, range, keys, request } = plan
  const prefixes = compared ? ['', 'before_'] : ['']
  const share = hasShare(plan)
    ? prefixes.map(
        prefix => `sum(${prefix}gross - ${prefix}discounts - ${prefix}returns) over () as ${prefix}all_net`,
      )
    : []
  const products = keys.includes('sku')
  return reading`
    now as (${sums(reading, plan, range)}),
    ${compared ? reading`before as (${sums(reading, plan, compared)}),` : reading``}
    joined as (
      ${
        compared
          ? reading`select ${reading.unsafe(keys.join(', '))}, ${reading.unsafe(joinedSums(source.sums))}
              from (select *, true as here from now) now
              full join (select *, true as here from before) before using (${reading.unsafe(keys.join(', '))})`
          : reading`select * from now`
      }
    ),
    shared as (select joined.* ${reading.unsafe(share.map(column => `, ${column}`).join(''))} from joined),
    listed as (
      select shared.* ${products ? reading`, coalesce(product.name, '') as name` : reading``}
        ${products && !isStock(plan) ? reading`, coalesce(product.category, '') as category` : reading``}
      from shared
      ${products ? reading`left join ref.products product on product.sku = shared.sku` : reading``}
      where ${products && request.search ? matches(reading, request.search) : reading`true`}
        and ${
          request.view === 'returns-by-product'
            ? reading.unsafe(
                prefixes.map(prefix => `${prefix}units_returned <> 0 or ${prefix}returns <> 0`).join(' or '),
              )
            : reading`true`
        }
    )`
}

function matches(reading: Reading, search: string) {
  const pattern = `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`
  return reading`(product.name ilike ${pattern} or shared.sku ilike ${pattern})`
}

/** A thing that is on one side only was nothing on the other, which is zero. */
function joinedSums(names: readonly SumName[]): string {
  return names
    .flatMap(name => [
      `case when now.here then now.${name} else 0 end as ${name}`,
      `case when before.here then before.${name} else 0 end as before_${name}`,
    ])
    .join(', ')
}

function sums(reading: Reading, plan: ReportPlan, range: DayRange) {
  const { source, keys, figures, stores, request } = plan
  const where = reading`
    where t.${reading(source.periodColumn)} between ${range.from} and ${range.to} and t.store = any(${[...stores]})
      ${source.hasCurrency ? reading`and t.currency = ${request.currency}` : reading``}`
  if (isStock(plan)) {
    const ratios = figures.filter(name => NOT_ADDED.has(name))
    return reading`
      select t.${reading(source.periodColumn)} as period, t.store, t.sku,
        ${reading.unsafe([...STOCK_SUMS, ...ratios].map(name => `t.${name}`).join(', '))}
      from ${reading(source.table)} t ${where}
      ${request.stockoutOnly ? reading`and t.stockout_minutes > 0` : reading``}`
  }
  const columns = keys.map(key => `${KEY_COLUMNS[key]} as ${key}`)
  const added = source.sums.map(name =>
    name === 'net_in_reporting_currency'
      ? `case when bool_and(t.${name} is not null) then sum(t.${name}) end as ${name}`
      : `sum(t.${name}) as ${name}`,
  )
  return reading`
    select ${reading.unsafe([...columns, ...added].join(', '))}
    from ${reading(source.table)} t
    ${keys.includes('category') ? reading`left join ref.products product on product.sku = t.sku` : reading``}
    ${where}
    group by ${reading.unsafe(keys.map(key => KEY_COLUMNS[key]).join(', '))}`
}

/** The order asked for, then the key: no two rows are equal in it, so pages neither repeat nor skip any. */
function orderOf(plan: ReportPlan): string {
  const { by, descending } = plan.sort
  const direction = descending ? 'desc' : 'asc'
  const keys = plan.keys.map(key =>
    key === 'period' ? `period ${by === 'key' ? direction : 'desc'}` : `${key} collate "C"`,
  )
  if (by === 'key') {
    if (plan.keys.includes('period')) return keys.join(', ')
    const [first = 'store'] = plan.keys
    return `${first === 'sku' ? 'lower(name)' : first} collate "C" ${direction}, ${keys.join(', ')}`
  }
  // Qualified: a bare name would be the column of the answer, which is text.
  const value = by === 'change' ? `figured.${plan.metric} - figured.before` : `figured.${by}`
  return `${value} ${direction} nulls last, ${keys.join(', ')}`
}

function keyNames(plan: ReportPlan): string[] {
  const { keys } = plan
  if (!keys.includes('sku')) return [...keys]
  return isStock(plan) ? [...keys, 'name'] : [...keys, 'name', 'category']
}

function hasShare({ figures }: ReportPlan): boolean {
  return figures.includes('share_of_net')
}

function isStock({ request }: ReportPlan): boolean {
  return request.view === 'inventory-by-product'
}
