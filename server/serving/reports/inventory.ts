import type { Reading } from '#db/transaction.ts'
import { PERIOD_COLUMNS } from '#domain/calendar.ts'
import { likePattern } from '#server/serving/scope.ts'
import type { RunOfPeriod } from './basis.ts'
import type { DayRange } from './periods.ts'
import type { Figures, Question, ReportTable, TableRow } from './question.ts'

const MOVES = ['received', 'sold', 'returned', 'adjusted', 'transferred', 'count_correction'] as const
const STOCK = ['opening', ...MOVES, 'closing', 'stockout_minutes'] as const

/** The stock of one store and period, of the products asked for. */
type StorePeriod = Record<(typeof STOCK)[number], string> & { store: string; period: string; rows: number }

/** Stock by day or month, of all products together. */
export const INVENTORY: ReportTable = {
  async read(reading, question, span) {
    const request = { ...question.request, search: '', stockoutOnly: false }
    const isRead = ({ store, period }: { store: string; period: string }) =>
      span.from <= period && period <= (span.through?.get(store) ?? span.to)
    const storePeriods = (await readStorePeriods(reading, { ...question, request, range: span })).filter(
      isRead,
    )
    const periods = Map.groupBy(storePeriods, ({ period }) => period)
    const rows = [...periods].map(([key, own]): TableRow => ({ key, ...addUp(own) }))
    const runs = [...question.runs, ...question.comparedRuns]
    return [...rows, { key: null, ...addUp(storePeriods, boundsOf(runs.filter(isRead))) }]
  },
  // Stock that no row tells of is not known: the like day of one that goes on is not read in part, and was not empty.
  nothing: {},
}

/** How many rows stock by product has, where they lie, and what they add up to. */
export async function readStockTotals(
  reading: Reading,
  question: Question,
): Promise<{ rowCount: number; totals: Figures; storePeriods: readonly StorePeriod[] }> {
  const storePeriods = await readStorePeriods(reading, question)
  const { opening, closing, ...moved } = addUp(storePeriods, boundsOf(question.runs))
  return {
    rowCount: storePeriods.reduce((count, { rows }) => count + rows, 0),
    // With only some of its days a product's stock neither opens nor closes the range.
    totals: question.request.stockoutOnly ? moved : { opening, ...moved, closing },
    storePeriods,
  }
}

/** A few thousand rows, whatever the number of products: all else is added up from them. */
async function readStorePeriods(
  reading: Reading,
  question: Pick<Question, 'source' | 'range' | 'stores' | 'request'>,
): Promise<StorePeriod[]> {
  const period = reading(PERIOD_COLUMNS[question.source.grain])
  return reading<StorePeriod[]>`
    select store, ${period}::text as period, count(*) as rows,
      sum(opening)::text as opening,
      sum(received)::text as received,
      sum(sold)::text as sold,
      sum(returned)::text as returned,
      sum(adjusted)::text as adjusted,
      sum(transferred)::text as transferred,
      sum(count_correction)::text as count_correction,
      sum(closing)::text as closing,
      sum(stockout_minutes)::text as stockout_minutes
    from ${reading(`batch.${question.source.job}`)} i
    where ${inQuestion(reading, question)}
    group by store, ${period}`
}

/**
 * Stock levels do not add up over time: a range opened with each store's first period and closed with its last. A
 * product whose stock became known in between opened with zero, so the equation holds for the range too.
 */
function addUp(
  storePeriods: readonly StorePeriod[],
  bounds?: ReadonlyMap<string, DayRange>,
): Record<(typeof STOCK)[number], string> {
  const sums = STOCK.map(name => {
    const added = storePeriods.filter(({ store, period }) => {
      if (bounds === undefined) return true
      if (name === 'opening') return period === bounds.get(store)?.from
      return name === 'closing' ? period === bounds.get(store)?.to : true
    })
    return [name, String(added.reduce((sum, row) => sum + BigInt(row[name]), 0n))]
  })
  return Object.fromEntries(sums)
}

/** First and last period that each store has figures of. */
function boundsOf(runs: readonly RunOfPeriod[]): ReadonlyMap<string, DayRange> {
  const bounds = new Map<string, DayRange>()
  for (const { store, period } of runs) {
    const known = bounds.get(store) ?? { from: period, to: period }
    if (period < known.from) known.from = period
    if (period > known.to) known.to = period
    bounds.set(store, known)
  }
  return bounds
}

/** A page of rows, within the store-periods that hold it where these are known. */
export interface StockPage {
  limit: number
  offset: number
  within: readonly { store: string; period: string }[] | null
}

export type StockRow = Figures & { period: string; store: string; sku: string; name: string }

/** Stock by period, store and product, in the order asked for: a page of it, or a cursor over all. */
export function stockRows(reading: Reading, question: Question, page: StockPage | null) {
  const { source, sort } = question
  const period = reading(PERIOD_COLUMNS[source.grain])
  const direction = sort.descending ? reading`desc` : reading`asc`
  const isByKey = sort.by === 'key' || sort.by === 'before' || sort.by === 'change'
  // No two rows are equal in it: pages neither repeat nor skip any.
  const order = reading`
    ${isByKey ? reading`` : reading`i.${reading(sort.by)} ${direction} nulls last,`}
    i.period ${sort.by === 'key' ? direction : reading`desc`}, i.store collate "C", i.sku collate "C"`
  return reading<StockRow[]>`
    with found as (
      select ${period} as period, i.* from ${reading(`batch.${source.job}`)} i
      where ${inQuestion(reading, question)}
        ${
          page?.within
            ? reading`and (store, ${period}) in (select * from unnest(
                ${page.within.map(({ store }) => store)}::text[], ${page.within.map(own => own.period)}::date[]))`
            : reading``
        }
    ),
    -- Names are looked up for a page alone.
    listed as (
      select * from found i ${page ? reading`order by ${order} limit ${page.limit} offset ${page.offset}` : reading``}
    )
    select i.period::text as period, i.store, i.sku, coalesce(p.name, '') as name,
      i.opening::text, i.received::text, i.sold::text, i.returned::text, i.adjusted::text, i.transferred::text,
      i.count_correction::text, i.closing::text, i.stockout_minutes::text
      ${
        source.grain === 'month'
          ? reading`, i.average_on_hand::text, i.turnover::text, i.sell_through::text, i.days_of_cover::text, i.abc_class`
          : reading``
      }
    from listed i left join ref.products p on p.sku = i.sku
    order by ${order}`
}

/** What of the table is asked for. (The view above it joins each row's run, which takes as long as adding them up.) */
function inQuestion(
  reading: Reading,
  { source, range, stores, request }: Pick<Question, 'source' | 'range' | 'stores' | 'request'>,
) {
  const pattern = likePattern(request.search)
  return reading`
    ${reading(PERIOD_COLUMNS[source.grain])} between ${range.from} and ${range.to} and store = any(${[...stores]})
    ${
      request.search
        ? reading`and (sku ilike ${pattern} or sku in (select sku from ref.products where name ilike ${pattern}))`
        : reading``
    }
    ${request.stockoutOnly ? reading`and stockout_minutes > 0` : reading``}`
}

/**
 * Where a page lies. In the order of periods and stores the counts say it, so that the hundredth page costs no
 * more than the first; in other orders all rows have to be looked at.
 */
export function stockPage(
  { sort }: Pick<Question, 'sort'>,
  { storePeriods, limit, offset }: { storePeriods: readonly StorePeriod[]; limit: number; offset: number },
): StockPage {
  if (sort.by !== 'key') return { limit, offset, within: null }
  const inOrder = storePeriods.toSorted(
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

/** As Postgres orders by "C": by code point, which for ids is by code unit. */
function compareText(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1
}
