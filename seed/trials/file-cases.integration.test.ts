import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { parseMapping } from '#server/intake/files/interpret/mapping.ts'
import { findSourceFiles } from '#server/intake/files/read/source-file.ts'
import { runImport } from '#server/intake/files/store/run-import.ts'
import type { ImportSummary } from '#server/intake/files/store/summary.ts'
import { caseFile, mappingOf, S1 } from '#server/intake/files/testing/cases.ts'
import { isClean, reconcile } from '#server/serving/reconcile/reconcile.ts'
import { reportRequestSchema } from '#server/serving/reports/question.ts'
import { readReport } from '#server/serving/reports/report.ts'
import { readSideBySide } from '#server/serving/side-by-side/side-by-side.ts'
import { runBatch, runStream } from './testing/trial.ts'

// Files as a user brings them, from the import to the pages: both paths, the audits and what is shown agree. The files
// of ../shared/cases are played where they are there; the same kinds, varied, are always.

let database: TestDatabase
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-file-cases-'))
})
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.drop())
afterAll(() => rm(folder, { recursive: true }))

async function load(text: string, mapping: object): Promise<ImportSummary> {
  const file = path.join(folder, 'day.csv')
  await writeFile(file, text)
  const summary = await runImport({
    databaseUrl: database.url,
    files: await findSourceFiles(file),
    mapping: parseMapping(JSON.stringify(mapping), 'mapping.json'),
    rejectsPathOf: () => path.join(folder, 'rejects.csv'),
  })
  expect(summary.total.rejectedRows).toBe(0)
  return summary
}

/** Both paths read everything; nothing is unexplained and no audit names a row. */
async function settle(range: { from: string; to: string }): Promise<void> {
  await runStream(database.url)
  await runBatch(database, Date.now(), range)
  const result = await reconcile(database.sql, { ...range, stores: [] })
  expect({ ...result, clean: isClean(result) }).toMatchObject({ clean: true, differing: [], findings: [] })
}

describe('the gross of a line', () => {
  const AMOUNT = mappingOf({ columns: { unitPrice: undefined, amount: 'price' } })
  const DAY = { from: '2026-09-01', to: '2026-09-01' }

  test('case 01: three for ten are ten, in both paths and by product', async () => {
    const text = await caseFile('01-line-total-as-unit-price.csv')
    if (text === null) return
    await load(text, AMOUNT)
    await settle(DAY)
    const daily = await database.sql`
      select orders, units, gross::text from reports.daily_sales where business_day = '2026-09-01'`
    expect(daily.map(row => ({ ...row }))).toEqual([{ orders: 1, units: 3, gross: '10.0000' }])
    const products = await database.sql`select sku, units, gross::text from reports.daily_product_sales`
    expect(products.map(row => ({ ...row }))).toEqual([{ sku: 'OYSTER', units: 3, gross: '10.0000' }])
    const live = await database.sql`select units, gross::text from reports.live_sales_minute`
    expect(live.map(row => ({ ...row }))).toEqual([{ units: 3, gross: '10.0000' }])
  })

  test('amounts, prices and discounts in one file, and a part of it taken back', async () => {
    const text = [
      'doc;time;sku;qty;price;total;off',
      '1;2026-09-01 10:00:00;A;7;;10,00;0,01',
      '1;2026-09-01 10:00:00;B;3;3,33;10,00;',
      '2;2026-09-01 11:00:00;A;2;0,125;;',
      '3;2026-09-01 12:00:00;A;-3;;-4,2857;',
      '',
    ].join('\n')
    await load(text, mappingOf({ decimal: ',', columns: { amount: 'total', discount: 'off' } }))
    await settle(DAY)
    const [daily] = await database.sql`
      select orders, units, gross::text, discounts::text, returns::text, net::text from reports.daily_sales`
    expect(daily).toEqual({
      orders: 2,
      units: 12,
      gross: '20.2500',
      discounts: '0.0100',
      returns: '4.2857',
      net: '15.9543',
    })
    const products = await database.sql`
      select sku, gross::text, returns::text from reports.daily_product_sales order by sku`
    expect(products.map(row => ({ ...row }))).toEqual([
      { sku: 'A', gross: '10.2500', returns: '4.2857' },
      { sku: 'B', gross: '10.0000', returns: '0.0000' },
    ])
  })
})

describe('days without times', () => {
  const DAY = '2026-09-02'
  const sides = async () => {
    const scope = { from: DAY, to: DAY, stores: [], currency: 'EUR' }
    const { hours, unknownHour, metrics } = await readSideBySide(database.sql, scope)
    const sold = hours.flatMap(({ label, batch, stream }) =>
      (batch?.orders ?? 0) + (stream?.orders ?? 0) > 0 ? [[label, batch?.net, stream?.net]] : [],
    )
    return { sold, unknownHour, net: metrics.find(({ metric }) => metric === 'net') }
  }

  test.each([0, 4, 12, 23])(
    'case 03: business day 2026-09-02 at cut-over %i, the hour unknown',
    async cutOverHour => {
      const text =
        (await caseFile('03-date-only-with-cut-over.csv')) ??
        'doc,time,sku,qty,price\n1,2026-09-02,A,1,5.00\n'
      await load(text, mappingOf({ timeFormat: 'YYYY-MM-DD', stores: [{ ...S1, cutOverHour }] }))
      await settle({ from: DAY, to: DAY })
      const daily = await database.sql`select business_day, gross::text from reports.daily_sales`
      expect(daily.map(row => ({ ...row }))).toEqual([{ business_day: DAY, gross: '5.0000' }])
      const hourly = await database.sql`select gross::text, hour_known from reports.hourly_sales`
      expect(hourly.map(row => ({ ...row }))).toEqual([{ gross: '5.0000', hour_known: false }])
      expect(await sides()).toMatchObject({
        sold: [],
        unknownHour: { batch: { orders: 1, net: '5.0000' }, stream: { orders: 1, net: '5.0000' } },
        net: { batch: '5.0000', stream: '5.0000' },
      })
    },
  )

  test('beside sales of known hours, and while only one path has read them', async () => {
    const dated = ['doc,time,sku,qty,price', `1,${DAY},A,1,5.00`, `2,${DAY},A,-1,2.00`].join('\n')
    await load(dated, mappingOf({ timeFormat: 'YYYY-MM-DD' }))
    // In the very hour, and minute, under which the others are kept.
    await load(`doc,time,sku,qty,price\n9,${DAY} 16:00:00,A,1,1.00\n`, mappingOf({ name: 'clocked' }))
    await runStream(database.url)
    expect(await sides()).toMatchObject({
      sold: [['16:00', undefined, '1.0000']],
      unknownHour: { batch: null, stream: { orders: 1, returns: '2.0000', net: '3.0000' } },
    })
    await runBatch(database, Date.now(), { from: DAY, to: DAY })
    await load(`doc,time,sku,qty,price\n3,${DAY},A,1,7.00\n`, mappingOf({ timeFormat: 'YYYY-MM-DD' }))
    expect(await sides()).toMatchObject({
      sold: [['16:00', '1.0000', '1.0000']],
      unknownHour: { batch: { net: '3.0000' }, stream: { net: '3.0000' } },
    })
    await runBatch(database, Date.now(), { from: DAY, to: DAY })
    expect((await sides()).unknownHour).toMatchObject({
      batch: { net: '10.0000' },
      stream: { net: '3.0000' },
    })
    await runStream(database.url)
    expect((await sides()).unknownHour).toMatchObject({
      batch: { net: '10.0000' },
      stream: { net: '10.0000' },
    })
    await settle({ from: DAY, to: DAY })
  })

  test('a file of today counts on the day that has begun, and one of tomorrow is refused', async () => {
    const today = new Date().toISOString().slice(0, 10)
    const stores = [{ ...S1, zone: 'UTC', cutOverHour: 0 }]
    await load(
      `doc,time,sku,qty,price\n1,${today},A,1,5.00\n`,
      mappingOf({ timeFormat: 'YYYY-MM-DD', stores }),
    )
    const [event] = await database.sql`select business_day, class from log.event_log`
    expect(event).toEqual({ business_day: today, class: 'bulk' })
    const soon = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10)
    await expect(
      load(`doc,time,sku,qty,price\n2,${soon},A,1,5.00\n`, mappingOf({ timeFormat: 'YYYY-MM-DD', stores })),
    ).rejects.toThrow()
  })
})

test('case 23: ten laptops in rupiah are a sale', async () => {
  const text = await caseFile('23-absurd-amount-idr.csv')
  if (text === null) return
  await load(text, mappingOf({ columns: { currency: { constant: 'IDR' } } }))
  await settle({ from: '2026-09-01', to: '2026-09-01' })
  const daily = await database.sql`select currency, units, gross::text from reports.daily_sales`
  expect(daily.map(row => ({ ...row }))).toEqual([{ currency: 'IDR', units: 10, gross: '150000000.0000' }])
})

describe('stock that nobody knows', () => {
  test('case 26: forty sales in six years make no run and no row of stock', async () => {
    const text = await caseFile('26-backfill-of-empty-store-days.csv')
    if (text === null) return
    const stores = Array.from({ length: 20 }, (_, index) => ({ ...S1, id: `s${index}`, name: `S${index}` }))
    await load(text, mappingOf({ stores, columns: { store: 'store' } }))
    await runBatch(database, Date.now(), { from: '2016-01-01', to: '2021-12-31' })
    const [counted] = await database.sql`
      select count(*) filter (where job like '%inventory') as stock,
        count(*) filter (where job = 'daily_sales') as days, (select count(*) from batch.daily_inventory) as rows
      from batch.runs`
    expect(counted).toEqual({ stock: 0, days: 40, rows: 0 })
  })
})

describe('a reporting currency', () => {
  test('case 27: a missing rate blanks what depends on it, and is named', async () => {
    const text = await caseFile('27-rate-missing-in-comparison.csv')
    if (text === null) return
    const stores = [
      { ...S1, id: 'de', name: 'DE' },
      { ...S1, id: 'us', name: 'US', zone: 'America/New_York', currency: 'USD' },
    ]
    await load(text, mappingOf({ stores, columns: { store: 'store' } }))
    await database.sql`update ref.settings set value = '"USD"' where name = 'reporting_currency'`
    await database.sql`
      insert into ref.exchange_rates (currency, reporting_currency, valid_from, rate) values ('EUR', 'USD', '2025-09-01', 1.1)`
    await settle({ from: '2025-08-01', to: '2025-09-30' })
    const asked = { view: 'sales', grain: 'month', currency: 'all', compare: 'before' }
    const report = await readReport(
      database.sql,
      reportRequestSchema.parse({ ...asked, from: '2025-09-01', to: '2025-09-30' }),
    )
    expect(report.totals.net_in_reporting_currency).toBe('600.0000')
    expect(report.changes.net_in_reporting_currency).toMatchObject({ before: null, percent: null })
    expect(report.missingRates).toMatchObject([{ currency: 'EUR', reportingCurrency: 'USD' }])
  })
})

describe('files of a store that sends at once', () => {
  test('are neither late nor awaited: a history of days is imported whole, and no page asks for more', async () => {
    const rows = Array.from(
      { length: 10 },
      (_, day) => `${day},2026-09-${String(day + 1).padStart(2, '0')} 10:00:00,A,1,5.00`,
    )
    await load(['doc,time,sku,qty,price', ...rows].join('\n'), mappingOf())
    await settle({ from: '2026-09-01', to: '2026-09-10' })
    const [late] =
      await database.sql`select coalesce(sum(late_net), 0)::text as late, coalesce(sum(revision), 0)::int as revisions from reports.live_sales_minute`
    expect(late).toEqual({ late: '0.0000', revisions: 0 })
    expect(await database.sql`select 1 from reports.completeness where state <> 'complete'`).toHaveLength(0)
    const report = await readReport(
      database.sql,
      reportRequestSchema.parse({
        view: 'sales',
        grain: 'day',
        currency: 'EUR',
        from: '2026-09-01',
        to: '2026-09-10',
      }),
    )
    expect(report.settlement).toMatchObject({ state: 'closed', restated: 0 })
    expect(report.settlement.counts['awaiting-journal']).toBe(0)
  })

  test('a day that was published and then gets a file is restated by what came from files, and by nothing late', async () => {
    await load('doc,time,sku,qty,price\n1,2026-09-01 10:00:00,A,1,5.00\n', mappingOf())
    await settle({ from: '2026-09-01', to: '2026-09-01' })
    await load('doc,time,sku,qty,price\n2,2026-09-01 11:00:00,A,1,5.00\n', mappingOf())
    await settle({ from: '2026-09-01', to: '2026-09-01' })
    const causes = await database.sql<{ cause: string }[]>`select distinct cause from reports.restatements`
    expect(causes.length).toBeGreaterThan(0)
    for (const { cause } of causes) {
      expect(cause).toContain('bulk')
      expect(cause).not.toContain('late')
    }
  })
})

describe('days on which a store does not trade', () => {
  const stores = [{ ...S1, input: 'journal', openingDays: ['mon', 'tue', 'wed', 'thu', 'fri', 'sun'] }]
  const settlementOf = async (range: { from: string; to: string }, grain: 'day' | 'month') => {
    const asked = { view: 'sales', grain, currency: 'EUR', ...range }
    return (await readReport(database.sql, reportRequestSchema.parse(asked))).settlement
  }

  test('case 25: closed on Saturdays, and its opening days known: September 2025 is settled', async () => {
    const text = await caseFile('25-closed-saturday-awaits-journal-forever.csv')
    if (text === null) return
    await load(text, mappingOf({ stores }))
    const september = { from: '2025-09-01', to: '2025-09-30' }
    await settle(september)
    expect(await settlementOf(september, 'month')).toMatchObject({
      state: 'closed',
      counts: { 'awaiting-journal': 0, unclosed: 0, incomplete: 0 },
    })
  })

  test('of last week: the Saturday without a journal is awaited only where it may have been open', async () => {
    // The Friday of a week that is over everywhere.
    const today = new Date()
    const friday = new Date(today.getTime() - ((today.getUTCDay() + 2) % 7) * 86_400_000 - 7 * 86_400_000)
    const day = (after: number) => new Date(friday.getTime() + after * 86_400_000).toISOString().slice(0, 10)
    const text = `doc,time,sku,qty,price\n1,${day(0)} 10:00:00,A,1,5.00\n2,${day(2)} 10:00:00,A,1,5.00\n`
    const range = { from: day(0), to: day(2) }
    const unknown = { ...S1, id: 's2', name: 'S2', input: 'journal' }
    await load(text, mappingOf({ stores }))
    await settle(range)
    expect((await settlementOf(range, 'day')).counts).toMatchObject({ closed: 2, 'awaiting-journal': 0 })
    await load(text, mappingOf({ name: 'others', stores: [unknown], columns: { store: { constant: 's2' } } }))
    await settle(range)
    expect((await settlementOf(range, 'day')).counts['awaiting-journal']).toBe(1)
  })
})
