import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import type { SentEvent } from '#domain/event.ts'
import { placed, returned, toLogEvents } from '#domain/testing/events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { runCommand } from '#server/serving/testing/command.ts'
import { exportReport } from './export.ts'
import { reportRequestSchema } from './question.ts'
import { readReport } from './report.ts'

let database: TestDatabase

/** One sale of a product at noon of a store's day. */
function sale(store: string, day: string, sku: string, unitPrice: string): SentEvent {
  return placed({ id: `${store} ${day} ${sku}`, at: `${day}T15:00:00Z`, store }, [
    { sku, units: 1, unitPrice },
  ])
}

beforeAll(async () => {
  database = await createTestDatabase()
  const { sql } = database
  await addTestStores(sql, EXAMPLE_STORES)
  // Before, there was nothing that could be missing.
  await sql`update ref.store_versions set opened = '2025-08-10'`
  await sql`update ref.settings set value = '"USD"' where name = 'reporting_currency'`
  await sql`insert into ref.exchange_rates (currency, reporting_currency, valid_from, rate) values ('EUR', 'USD', '2025-09-01', 1.1)`
  const sales = [
    sale('new-york', '2025-08-10', 'tea', '100'),
    sale('berlin', '2025-08-10', 'tea', '1000'),
    sale('new-york', '2025-09-10', 'tea', '50'),
    sale('berlin', '2025-09-10', 'tea', '500'),
    // By the rate of their own days, each rounded: 0.00005 is 0, and twice that is 0 as well.
    sale('berlin', '2025-10-15', 'pin', '0.0005'),
    returned({ id: 'back', at: '2025-10-16T15:00:00Z', store: 'berlin' }, [
      { sku: 'pin', units: 1, refund: '0.0005' },
    ]),
  ]
  await appendTestEvents(
    sql,
    sales.flatMap(event => toLogEvents(event)),
  )
  const range = ['--from', '2025-08-01', '--to', '2025-10-31']
  const { code, stderr } = await runCommand(database.url, 'jobs/main.ts', ['backfill', 'all', ...range])
  if (code !== 0) throw new Error(stderr)
})
afterAll(() => database.drop())

function asked(part: object) {
  return reportRequestSchema.parse({
    view: 'sales',
    from: '2025-09-01',
    to: '2025-09-30',
    currency: 'all',
    ...part,
  })
}
const read = (part: object) => readReport(database.sql, asked(part))

describe('a report of all currencies', () => {
  it.each(['day', 'week', 'month'] as const)(
    'by %s is the sum of its store-days, each converted by its own rate',
    async grain => {
      const report = await read({ grain, compare: 'none' })
      expect(report).toMatchObject({ unit: 'USD', missingRates: [] })
      expect(report.totals).toMatchObject({ net_in_reporting_currency: '600.0000', orders: '2' })
      const sold = report.rows.filter(({ figures }) => figures.orders === '2')
      expect(sold.map(({ figures }) => figures.net_in_reporting_currency)).toEqual(['600.0000'])
    },
  )

  it('held against days without a rate has no percentage, and names the rate that is missing', async () => {
    const report = await read({ grain: 'month', compare: 'before' })
    expect(report.totals.net_in_reporting_currency).toBe('600.0000')
    expect(report.changes.net_in_reporting_currency).toMatchObject({
      before: null,
      change: null,
      percent: null,
    })
    expect(report.rows).toMatchObject([{ before: null, percent: null }])
    expect(report.missingRates).toEqual([
      { currency: 'EUR', reportingCurrency: 'USD', from: '2025-08-10', to: '2025-08-10', of: 'compared' },
    ])
    // Pieces need no rate.
    expect(report.changes.orders).toMatchObject({ before: '2' })
  })

  it('with days without a rate leaves blank what depends on it, totals included, and nothing else', async () => {
    const august = { from: '2025-08-01', to: '2025-08-31' }
    const missing = [
      { currency: 'EUR', reportingCurrency: 'USD', from: '2025-08-10', to: '2025-08-10', of: 'range' },
    ]
    for (const grain of ['day', 'week', 'month']) {
      const report = await read({ ...august, grain })
      expect(report.totals).toMatchObject({ net_in_reporting_currency: null, orders: '2' })
      expect(report.missingRates).toEqual(missing)
    }
    const byStore = await read({ ...august, view: 'sales-by-store' })
    expect(byStore.rows.map(({ key, figures }) => [key.store, figures.net_in_reporting_currency])).toEqual([
      ['new-york', '100.0000'],
      ['berlin', null],
    ])
    expect(byStore.totals.net_in_reporting_currency).toBeNull()
    const products = await read({ ...august, view: 'products' })
    expect(products.totals).toMatchObject({ units: '2', net_in_reporting_currency: null, share_of_net: null })
    expect(products.missingRates).toEqual(missing)
    const dollarsOnly = await read({ ...august, stores: ['new-york'] })
    expect(dollarsOnly.totals.net_in_reporting_currency).toBe('100.0000')
    expect(dollarsOnly.missingRates).toEqual([])
  })

  it('by product, category and return is never one currency in the place of all', async () => {
    for (const view of ['products', 'categories']) {
      const { rows, totals } = await read({ view })
      expect(rows).toHaveLength(1)
      expect(rows[0]?.figures).toMatchObject({ units: '2', net_in_reporting_currency: '600.0000' })
      expect(totals).toMatchObject({ net_in_reporting_currency: '600.0000', share_of_net: '100.00' })
    }
    const october = { from: '2025-10-01', to: '2025-10-31' }
    const returns = await read({ ...october, view: 'returns' })
    expect(returns.totals).toEqual({
      return_documents: '1',
      units_returned: '1',
      units: '1',
      returns_rate: '100.00',
    })
    const byProduct = await read({ ...october, view: 'returns-by-product' })
    expect(byProduct.rows[0]?.figures).toEqual({ units_returned: '1', units: '1', returns_rate: '100.00' })
    expect((await read({ ...october, view: 'products' })).rows[0]?.figures.net_in_reporting_currency).toBe(
      '0.0000',
    )
  })

  it('as a file has the same figures, and blanks where they are not known', async () => {
    const text = async (part: object) => {
      const { content } = await exportReport(database.sql, asked(part))
      return (await new Response(content).text()).trim().split('\r\n')
    }
    const september = await text({ grain: 'month' })
    expect(september[1]).toMatch(/^2025-09-01,USD,2,2,600\.0000,/)
    const august = await text({ grain: 'month', from: '2025-08-01', to: '2025-08-31' })
    expect(august[1]).toMatch(/^2025-08-01,USD,2,2,,/)
  })
})
