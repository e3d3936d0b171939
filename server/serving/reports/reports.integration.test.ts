import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addDays, periodOf } from '#domain/calendar.ts'
import { formatAmount } from '#domain/money.ts'
import { type Deed, openTestShop, PRODUCTS, SHOP_DAYS, type TestShop } from '#server/serving/testing/shop.ts'
import { compareDecimals } from './change.ts'
import { reportRequestSchema } from './question.ts'
import type { Report } from './report.ts'
import { readReport } from './report.ts'

let shop: TestShop

beforeAll(async () => {
  shop = await openTestShop()
})
afterAll(() => shop.database.drop())

type Asked = Parameters<typeof reportRequestSchema.parse>[0]
const MARCH = { from: '2026-03-01', to: '2026-03-31', currency: 'EUR' }

function read(asked: Asked & object): Promise<Report> {
  return readReport(shop.database.sql, reportRequestSchema.parse({ ...MARCH, ...asked }))
}

/** The independent sum: over what was sent, by a loop. */
function sum(field: keyof Deed, where: (deed: Deed) => boolean): number {
  return shop.deeds.reduce((total, deed) => total + (where(deed) ? Number(deed[field]) : 0), 0)
}

function salesOf(where: (deed: Deed) => boolean) {
  const gross = sum('gross', where)
  const discounts = sum('discounts', where)
  const returns = sum('returns', where)
  return {
    orders: String(sum('orders', where)),
    units: String(sum('units', where)),
    gross: formatAmount(gross),
    discounts: formatAmount(discounts),
    returns: formatAmount(returns),
    net: formatAmount(gross - discounts - returns),
    return_documents: String(sum('returnDocuments', where)),
    units_returned: String(sum('unitsReturned', where)),
  }
}

const within =
  (from: string, to: string, currency: string | null = 'EUR') =>
  (deed: Deed) =>
    deed.day >= from && deed.day <= to && (currency === null || deed.currency === currency)

describe('promotions', () => {
  it('that touch a range are named with reports by period, the widest first', async () => {
    await shop.database.sql`
      insert into ref.promotions (promotion, title, first_day, last_day, discount, skus) values
        ('spring', 'Spring', '2026-02-20', '2026-03-01', 0.25, '{tea}'),
        ('great-day', 'Great day', '2026-03-31', '2026-03-31', null, null),
        ('april', 'April', '2026-04-01', '2026-04-07', 0.1, null)`
    const { promotions } = await read({ view: 'sales' })
    expect(promotions.map(({ title, discount }) => [title, discount])).toEqual([
      ['Great day', null],
      ['Spring', 0.25],
    ])
    expect(promotions.map(({ share }) => share)).toEqual([1, 1 / PRODUCTS.length])
    expect((await read({ view: 'sales-by-store' })).promotions).toEqual([])
  })
})

describe('sales', () => {
  it.each(['day', 'week', 'month'] as const)('by %s are the sum over the log', async grain => {
    const report = await read({ view: 'sales', grain })
    const { from, to } = report.range
    expect(report.totals).toMatchObject(salesOf(within(from, to)))
    expect(report.rows.length).toBe({ day: 31, week: 6, month: 1 }[grain])
    for (const { key, figures } of report.rows) {
      const own = (deed: Deed) => within(from, to)(deed) && periodOf(grain, deed.day) === key.period
      expect(figures).toMatchObject(salesOf(own))
    }
  })

  it('by week are of whole weeks, which it says', async () => {
    const report = await read({ view: 'sales', grain: 'week' })
    expect(report.range).toEqual({ from: '2026-02-23', to: '2026-04-05' })
  })

  it('of one currency leave the others out, and of one store the other stores', async () => {
    const dollars = await read({ view: 'sales', currency: 'USD' })
    const own = within(MARCH.from, MARCH.to, 'USD')
    expect(dollars.totals).toMatchObject(salesOf(own))
    expect(dollars.basis.runs).toBe(new Set(shop.deeds.filter(own).map(({ day }) => day)).size)
    const west = await read({ view: 'sales', stores: ['berlin-west'] })
    expect(west.totals).toMatchObject(
      salesOf(deed => within(MARCH.from, MARCH.to)(deed) && deed.store === 'berlin-west'),
    )
    const byStore = await read({ view: 'sales-by-store' })
    expect(byStore.rows.map(({ key }) => key.store).sort()).toEqual(['berlin', 'berlin-west'])
    for (const { key, figures } of byStore.rows) {
      const own = (deed: Deed) => within(MARCH.from, MARCH.to)(deed) && deed.store === key.store
      expect(figures).toMatchObject(salesOf(own))
    }
  })

  it('have the exact average order: of sums, not of averages', async () => {
    const { totals } = await read({ view: 'sales' })
    const own = within(MARCH.from, MARCH.to)
    const amount = sum('gross', own) - sum('discounts', own)
    const orders = sum('orders', own)
    expect(Number(totals.average_order_value)).toBeCloseTo(amount / orders / 10_000, 4)
    expect(totals).not.toHaveProperty('customers')
  })

  it('are not asked for what they do not have', () => {
    const refusal = (asked: object) =>
      reportRequestSchema.safeParse({ ...MARCH, ...asked }).error?.issues[0]?.message
    expect(refusal({ view: 'products', grain: 'month' })).toContain('told by day')
    expect(refusal({ view: 'reviews', metric: 'net' })).toContain('choose one of reviews, average_rating')
    expect(refusal({ view: 'sales', to: '2026-02-01' })).toContain('lies before')
    expect(refusal({ view: 'sales', from: '2020-01-01' })).toContain('366 at most')
  })
})

describe('a comparison', () => {
  it('sets each day beside the same weekday, also across a clock change', async () => {
    const days = { from: '2026-03-27', to: '2026-03-31' }
    const report = await read({ view: 'sales', ...days, compare: 'four-weeks' })
    expect(report.compared).toEqual({ from: '2026-02-27', to: '2026-03-03' })
    for (const row of report.rows) {
      const other = addDays(row.key.period ?? '', -28)
      expect(row.comparedPeriod).toBe(other)
      const [now, before] = [row.key.period ?? '', other].map(day => salesOf(within(day, day)).net)
      expect(row.before).toBe(before)
      expect(Number(row.change)).toBeCloseTo(Number(now) - Number(before), 4)
    }
    const before = salesOf(within('2026-02-27', '2026-03-03'))
    expect(report.changes.net?.before).toBe(before.net)
    expect(report.changes.orders?.before).toBe(before.orders)
  })

  it('sets March beside February, although that has fewer days', async () => {
    const report = await read({ view: 'sales', grain: 'month', compare: 'before' })
    expect(report.compared).toEqual({ from: '2026-02-01', to: '2026-02-28' })
    expect(report.rows[0]?.before).toBe(salesOf(within('2026-02-01', '2026-02-28')).net)
  })

  it('with days that no run has computed is no change to zero', async () => {
    const report = await read({ view: 'sales', compare: 'year' })
    expect(report.comparedBasis?.runs).toBe(0)
    expect(report.rows.every(({ before, change }) => before === null && change === null)).toBe(true)
    expect(report.changes).toEqual({})
  })

  it('of products counts one that sold on one side only as zero on the other', async () => {
    const days = { from: '2026-03-30', to: '2026-03-30' }
    const report = await read({ view: 'products', ...days, compare: 'before' })
    const skus = new Set(
      shop.deeds
        .filter(deed => within('2026-03-29', '2026-03-30')(deed) && deed.reviews === 0)
        .filter(({ gross, returns }) => gross !== 0 || returns !== 0)
        .map(({ sku }) => sku),
    )
    expect(new Set(report.rows.map(({ key }) => key.sku))).toEqual(skus)
    for (const { key, figures, before } of report.rows) {
      const of = (day: string) => salesOf(deed => within(day, day)(deed) && deed.sku === key.sku).net
      expect([figures.net, before]).toEqual([of('2026-03-30'), of('2026-03-29')])
    }
  })
})

describe('products', () => {
  it('are ranked by number, with their share of all and their rate of returns', async () => {
    const { rows, totals } = await read({ view: 'products' })
    const own = within(MARCH.from, MARCH.to)
    const all = Number(salesOf(own).net)
    const nets = rows.map(({ figures }) => Number(figures.net))
    expect(nets).toEqual(nets.toSorted((one, other) => other - one))
    for (const { key, figures } of rows) {
      const sales = salesOf(deed => own(deed) && deed.sku === key.sku)
      expect(figures).toMatchObject({
        units: sales.units,
        net: sales.net,
        units_returned: sales.units_returned,
      })
      expect(Number(figures.share_of_net)).toBeCloseTo((100 * Number(sales.net)) / all, 2)
      expect(Number(figures.returns_rate)).toBeCloseTo(
        (100 * Number(sales.units_returned)) / Number(sales.units),
        1,
      )
    }
    expect(totals.net).toBe(salesOf(own).net)
  })

  it('that are searched for keep their share of all products', async () => {
    const all = await read({ view: 'products' })
    const found = await read({ view: 'products', search: 'CUP' })
    expect(found.rows.map(({ key }) => key.name)).toEqual(['-5% cup'])
    const same = all.rows.find(({ key }) => key.sku === 'cup')
    expect(found.rows[0]?.figures).toEqual(same?.figures)
    expect((await read({ view: 'products', search: '100%_' })).rowCount).toBe(0)
  })

  it('add up by category', async () => {
    const { rows } = await read({ view: 'categories' })
    for (const { key, figures } of rows) {
      const skus = PRODUCTS.filter(({ category }) => category === key.category).map(({ sku }) => sku)
      const own = (deed: Deed) => within(MARCH.from, MARCH.to)(deed) && skus.includes(deed.sku)
      expect(figures.net).toBe(salesOf(own).net)
    }
    expect(rows).toHaveLength(3)
  })
})

describe('inventory', () => {
  it('closes each day with what the log says is there, and its books balance', async () => {
    const { rows } = await read({ view: 'inventory', currency: 'USD' })
    for (const { key, figures } of rows) {
      const counted = PRODUCTS.slice(0, 5).map(({ sku }) => sku)
      const onHand = sum('stock', deed => deed.day <= (key.period ?? '') && counted.includes(deed.sku))
      expect(figures.closing).toBe(String(onHand))
    }
  })

  it('of a range opens with its first day and closes with its last', async () => {
    const { totals, rows } = await read({ view: 'inventory', sort: { by: 'key', descending: false } })
    expect(totals.opening).toBe(rows[0]?.figures.opening)
    expect(totals.closing).toBe(rows.at(-1)?.figures.closing)
    const [opening, ...moves] = (
      ['opening', 'received', 'returned', 'adjusted', 'transferred', 'count_correction'] as const
    ).map(name => Number(totals[name]))
    const moved = moves.reduce((total, move) => total + move, 0)
    expect((opening ?? 0) + moved - Number(totals.sold)).toBe(Number(totals.closing))
    const byProduct = await read({ view: 'inventory-by-product' })
    expect(byProduct.totals).toEqual(totals)
  })

  it.each([
    { by: 'key', descending: true },
    { by: 'sold', descending: true },
    { by: 'closing', descending: false },
  ] as const)('comes page by page, complete and in order, sorted by $by', async sort => {
    const rows: Report['rows'] = []
    const first = await read({ view: 'inventory-by-product', sort })
    for (let page = 1; page <= first.pages; page += 1) {
      rows.push(...(await read({ view: 'inventory-by-product', sort, page })).rows)
    }
    expect(first.pages).toBeGreaterThan(5)
    expect(rows).toHaveLength(first.rowCount)
    const names = rows.map(({ key }) => `${key.period} ${key.store} ${key.sku}`)
    expect(new Set(names).size).toBe(first.rowCount)
    const { by } = sort
    if (by === 'key') return
    for (const [index, row] of rows.entries()) {
      const next = rows[index + 1]
      if (!next) continue
      const order = compareDecimals(row.figures[by] ?? null, next.figures[by] ?? null, sort.descending)
      expect(order).toBeLessThanOrEqual(0)
    }
  })

  it('shows only what ran out, when asked', async () => {
    const { rows, totals } = await read({ view: 'inventory-by-product', stockoutOnly: true })
    const { rows: all } = await read({
      view: 'inventory-by-product',
      sort: { by: 'stockout_minutes', descending: true },
    })
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.every(({ figures }) => Number(figures.stockout_minutes) > 0)).toBe(true)
    expect(all.slice(0, rows.length).every(({ figures }) => Number(figures.stockout_minutes) > 0)).toBe(true)
    expect(totals).not.toHaveProperty('closing')
  })

  it('of a month tells turnover, sell-through, cover and class', async () => {
    const { rows } = await read({ view: 'inventory-by-product', grain: 'month', search: 'coffee' })
    expect(rows).toHaveLength(3)
    for (const { figures } of rows) {
      const { sold, opening, received, sell_through: sellThrough } = figures
      if (sellThrough === null) continue
      expect(Number(sellThrough)).toBeCloseTo(Number(sold) / (Number(opening) + Number(received)), 4)
      expect(figures.abc_class).toMatch(/^[ABC]$/)
    }
  })
})

describe('returns and reviews', () => {
  it('count documents, units and refunds, by week and by product', async () => {
    const byWeek = await read({ view: 'returns', grain: 'week' })
    const { from, to } = byWeek.range
    const sales = salesOf(within(from, to))
    expect(byWeek.totals).toMatchObject({
      returns: sales.returns,
      return_documents: sales.return_documents,
      units_returned: sales.units_returned,
    })
    const byProduct = await read({ view: 'returns-by-product', grain: 'week' })
    expect(byProduct.totals.returns).toBe(sales.returns)
    expect(byProduct.rows.every(({ figures }) => Number(figures.units_returned) !== 0)).toBe(true)
  })

  it('average the ratings themselves, over time and over products', async () => {
    const own = within(MARCH.from, MARCH.to, null)
    const average = sum('rating', own) / sum('reviews', own)
    const byMonth = await read({ view: 'reviews', grain: 'month' })
    expect(byMonth.totals.reviews).toBe(String(sum('reviews', own)))
    expect(Number(byMonth.totals.average_rating)).toBeCloseTo(average, 4)
    for (const { key, figures } of (await read({ view: 'reviews-by-product' })).rows) {
      const ofProduct = (deed: Deed) => own(deed) && deed.sku === key.sku
      expect(figures.reviews).toBe(String(sum('reviews', ofProduct)))
      expect(Number(figures.average_rating)).toBeCloseTo(
        sum('rating', ofProduct) / sum('reviews', ofProduct),
        4,
      )
    }
  })
})

describe('a range that nobody has computed', () => {
  it('has rows without figures, and says that no run is behind it', async () => {
    const empty = { from: '2025-01-01', to: '2025-01-03' }
    const report = await read({ view: 'sales', ...empty })
    expect(report.basis).toMatchObject({ runs: 0, newestRunId: null, through: {} })
    expect(report.rows).toHaveLength(3)
    expect(report.rows.flatMap(({ figures }) => Object.values(figures))).toEqual([])
    expect(await read({ view: 'products', ...empty })).toMatchObject({ rowCount: 0, pages: 1, rows: [] })
  })
})

describe('the basis of a report', () => {
  it('is the oldest and the newest run behind it, and the lowest offset read by partition', async () => {
    const { basis, rows } = await read({ view: 'sales' })
    const [expected] = await shop.database.sql<{ oldest: number; newest: number; runs: number }[]>`
      select min(run_id) as oldest, max(run_id) as newest, count(*)::int4 as runs from batch.current_runs
      where job = 'daily_sales' and store in ('berlin', 'berlin-west')
        and period between ${SHOP_DAYS.from} and ${MARCH.to} and period >= ${MARCH.from}`
    expect(basis).toMatchObject({
      job: 'daily_sales',
      runs: expected?.runs,
      oldestRunId: expected?.oldest,
      newestRunId: expected?.newest,
    })
    expect(Object.values(basis.through).every(offset => offset > 0)).toBe(true)
    expect(rows.every(({ runId }) => runId !== null && runId <= (basis.newestRunId ?? 0))).toBe(true)
  })
})
