import type { Reading } from '#db/transaction.ts'
import { figureExpression, type SumName } from '#server/serving/reports/figure-expressions.ts'
import { likePattern } from '#server/serving/reports/like-pattern.ts'
import type { DayRange } from '#server/serving/reports/periods.ts'
import type { ReportPlan } from '#server/serving/reports/report-plan.ts'
import type { Figures } from '#server/serving/reports/report-shapes.ts'
import { knownSum } from '#server/serving/reports/store-periods.ts'

/** A row as the database gives it: keys, figures, and the metric before. */
export type RankedRow = Record<string, string | null>

/** Rows by store, product or category, in the order asked for: a page of them, or a cursor over all. */
export function rankedRows(
  reading: Reading,
  plan: ReportPlan,
  page: { limit: number; offset: number } | null,
) {
  const { figures, metric, compared, keys } = plan
  const names = keys.includes('sku') ? [...keys, 'name', 'category'] : [...keys]
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
  const { figures, compared, source } = plan
  const prefixes = compared ? ['', 'before_'] : ['']
  const sums = prefixes.flatMap(prefix => [
    ...source.sums.map(name => knownSum(`${prefix}${name}`)),
    ...(hasShare(plan) ? [`max(${prefix}all_net) as ${prefix}all_net`] : []),
  ])
  const [row] = await reading<(RankedRow & { rows: number })[]>`
    with ${listed(reading, plan)},
    sums as (select count(*) as rows, ${reading.unsafe(sums.join(', '))} from listed)
    select rows, ${reading.unsafe(
      prefixes
        .flatMap(prefix => figures.map(name => `${figureExpression(name, prefix)}::text as ${prefix}${name}`))
        .join(', '),
    )}
    from sums`
  if (!row) throw new Error('the totals of a report came back empty')
  const pick = (prefix: string) =>
    Object.fromEntries(figures.map(name => [name, row[`${prefix}${name}`] ?? null]))
  return { rowCount: row.rows, totals: pick(''), totalsBefore: compared ? pick('before_') : null }
}

/** CTEs up to `listed`: a row for each thing that is shown, with its sums of this range and of the one before. */
function listed(reading: Reading, plan: ReportPlan) {
  const { source, compared, range, keys, request } = plan
  const prefixes = compared ? ['', 'before_'] : ['']
  const share = hasShare(plan)
    ? prefixes.map(
        prefix => `, sum(${prefix}gross - ${prefix}discounts - ${prefix}returns) over () as ${prefix}all_net`,
      )
    : []
  const key = reading.unsafe(keys.join(', '))
  const products = keys.includes('sku')
  const isReturned = prefixes.map(prefix => `${prefix}units_returned <> 0 or ${prefix}returns <> 0`)
  return reading`
    now as (${sums(reading, plan, range)}),
    ${compared ? reading`before as (${sums(reading, plan, compared)}),` : reading``}
    joined as (
      ${
        compared
          ? reading`select ${key}, ${reading.unsafe(joinedSums(source.sums))}
              from (select *, true as here from now) now
              full join (select *, true as here from before) before using (${key})`
          : reading`select * from now`
      }
    ),
    shared as (select joined.* ${reading.unsafe(share.join(''))} from joined),
    listed as (
      select shared.*
        ${
          products
            ? reading`, coalesce(product.name, '') as name, coalesce(product.category, '') as category`
            : reading``
        }
      from shared
      ${products ? reading`left join ref.products product on product.sku = shared.sku` : reading``}
      where ${products && request.search ? matches(reading, request.search) : reading`true`}
        and (${reading.unsafe(request.view === 'returns-by-product' ? isReturned.join(' or ') : 'true')})
    )`
}

function matches(reading: Reading, search: string) {
  const pattern = likePattern(search)
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
  const { source, keys, stores, request } = plan
  const added = reading.unsafe(source.sums.map(knownSum).join(', '))
  const byColumn = (column: 'store' | 'sku') => reading`
    select t.${reading(column)}, ${added}
    from ${reading(source.table)} t
    where t.${reading(source.periodColumn)} between ${range.from} and ${range.to}
      and t.store = any(${[...stores]})
      ${source.hasCurrency ? reading`and t.currency = ${request.currency}` : reading``}
    group by t.${reading(column)}`
  if (!keys.includes('category')) return byColumn(keys.includes('store') ? 'store' : 'sku')
  // By product first: its category is then looked up once, not for each of its days.
  return reading`
    select coalesce(product.category, '') as category, ${added}
    from (${byColumn('sku')}) t
    left join ref.products product on product.sku = t.sku
    group by 1`
}

/** The order asked for, then the key: no two rows are equal in it, so pages neither repeat nor skip any. */
function orderOf({ sort, keys, metric }: ReportPlan): string {
  const { by, descending } = sort
  const direction = descending ? 'desc' : 'asc'
  const key = keys.map(name => `figured.${name} collate "C"`).join(', ')
  if (by === 'key') {
    return `${keys.includes('sku') ? 'lower(figured.name) collate "C"' : key} ${direction}, ${key}`
  }
  // Qualified: a bare name would be the column of the answer, which is text.
  const value = by === 'change' ? `figured.${metric} - figured.before` : `figured.${by}`
  return `${value} ${direction} nulls last, ${key}`
}

function hasShare({ figures }: ReportPlan): boolean {
  return figures.includes('share_of_net')
}
