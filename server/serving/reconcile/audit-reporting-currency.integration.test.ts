import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import type { Transaction } from '#db/transaction.ts'
import { placed, returned, toLogEvents } from '#domain/testing/events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { runCommand } from '#server/serving/testing/command.ts'
import { auditConvertedPeriods, auditRates } from './audit-reporting-currency.ts'
import { auditRestatements } from './audit-restatements.ts'

const SCOPE = { from: '2026-03-01', to: '2026-03-31', stores: [] }
let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  const { sql } = database
  await addTestStores(sql, EXAMPLE_STORES)
  await sql`
    insert into ref.exchange_rates (currency, reporting_currency, valid_from, rate) values
      ('USD', 'EUR', '2026-01-01', 0.9), ('USD', 'EUR', '2026-03-04', 0.5), ('INR', 'EUR', '2026-03-04', 0.0112345678)`
  // Odd ten-thousandths at a half, in both directions; a store without a rate on its first day.
  const events = EXAMPLE_STORES.flatMap(({ id: store }) =>
    ['2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05', '2026-03-06'].flatMap((day, index) => [
      placed({ id: `${store} ${day}`, at: `${day}T12:00:00Z`, store }, [
        { sku: 'tea', units: 1, unitPrice: `1.000${index}` },
        { sku: 'pot', units: 3, unitPrice: '7.3331' },
      ]),
      returned({ id: `${store} ${day} back`, at: `${day}T12:30:00Z`, store }, [
        { sku: 'cup', units: 1, refund: `2.000${index}` },
      ]),
    ]),
  )
  await appendTestEvents(
    sql,
    events.flatMap(event => toLogEvents(event)),
  )
  const range = ['--from', SCOPE.from, '--to', SCOPE.to]
  const { code, stderr } = await runCommand(database.url, 'jobs/main.ts', ['backfill', 'all', ...range])
  if (code !== 0) throw new Error(stderr)
})
afterAll(() => database.drop())

/** What the audits find once a fault is planted, which is taken back afterwards. */
async function found(plant?: (sql: Transaction) => Promise<unknown>): Promise<string[]> {
  const names: string[] = []
  const done = new Error('taken back')
  await database.sql
    .begin(async sql => {
      await plant?.(sql)
      for (const audit of [auditRates, auditConvertedPeriods]) {
        names.push(...(await audit(sql, SCOPE)).map(({ relation, metric }) => `${relation} ${metric}`))
      }
      throw done
    })
    .catch((error: unknown) => {
      if (error !== done) throw error
    })
  return [...new Set(names)].sort()
}

test('What the batch path has converted is what the audits work out, where a rate is missing, too', async () => {
  expect(await found()).toEqual([])
  const [rows] = await database.sql`
    select count(*) as all, count(net_in_reporting_currency) as known from batch.daily_sales`
  expect(rows).toEqual({ all: 20, known: 18 })
})

test.each<[string, (sql: Transaction) => Promise<unknown>, string[]]>([
  [
    'a day off by the last unit',
    sql => sql`update batch.daily_sales set net_in_reporting_currency = net_in_reporting_currency + 1
      where store = 'new-york' and business_day = '2026-03-05'`,
    [
      'batch.daily_sales net_in_reporting_currency',
      'batch.monthly_sales net_in_reporting_currency',
      'batch.weekly_sales net_in_reporting_currency',
    ],
  ],
  [
    'the rate of another day',
    sql =>
      sql`update batch.daily_sales set exchange_rate = 0.9 where store = 'new-york' and business_day = '2026-03-04'`,
    ['batch.daily_sales exchange_rate', 'batch.monthly_product_sales net_in_reporting_currency'],
  ],
  [
    'a rate changed behind the back of everybody',
    sql => sql`update ref.exchange_rates set rate = 0.8 where currency = 'USD' and valid_from = '2026-01-01'`,
    ['batch.daily_sales exchange_rate', 'batch.daily_sales net_in_reporting_currency'],
  ],
  [
    'nothing in the place of what is not known',
    sql => sql`update batch.daily_sales set net_in_reporting_currency = 0 where exchange_rate is null`,
    ['batch.daily_sales net_in_reporting_currency'],
  ],
  [
    'a month that leaves out the days without a rate',
    sql => sql`update batch.monthly_sales set net_in_reporting_currency = 1 where store = 'kolkata'`,
    ['batch.monthly_sales net_in_reporting_currency'],
  ],
  [
    'a product of a month',
    sql => sql`update batch.monthly_product_sales set net_in_reporting_currency = net_in_reporting_currency - 1
      where store = 'new-york' and sku = 'pot'`,
    ['batch.monthly_product_sales net_in_reporting_currency'],
  ],
])('%s is found', async (_, plant, expected) => {
  expect(await found(plant)).toEqual(expect.arrayContaining(expected))
})

test('What a corrected rate has restated is no finding once its days have run', async () => {
  const { sql } = database
  await sql`
    update ref.exchange_rates set rate = 0.8, said_at = clock_timestamp()
    where currency = 'USD' and valid_from = '2026-01-01'`
  const range = ['--from', SCOPE.from, '--to', SCOPE.to]
  const { code, stderr } = await runCommand(database.url, 'jobs/main.ts', ['backfill', 'all', ...range])
  expect(code, stderr).toBe(0)
  const [told] = await sql`select count(*) as count, min(metric) as metric from batch.restatements`
  expect(told).toEqual({ count: 2, metric: 'net_in_reporting_currency' })
  expect(await found()).toEqual([])
  expect(await sql.begin(reading => auditRestatements(reading, SCOPE))).toEqual([])
})
