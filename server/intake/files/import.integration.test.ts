import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { partId } from '#domain/derived-id.ts'
import { findMapping, type Mapping, rowMappingSchema } from './interpret/mapping.ts'
import { findSourceFiles } from './read/source-file.ts'
import { runImport } from './store/run-import.ts'
import type { FileSummary, ImportSummary } from './store/summary.ts'
import { rejectsOf } from './testing/cases.ts'

let database: TestDatabase
let folder: string
let uci: Mapping

beforeAll(async () => {
  uci = await findMapping('uci-online-retail', '.')
})

beforeEach(async () => {
  await database?.drop()
  database = await createTestDatabase()
  if (folder) await rm(folder, { recursive: true })
  folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-import-'))
})

afterAll(async () => {
  await database?.drop()
  if (folder) await rm(folder, { recursive: true })
})

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'

function row(
  document: string,
  fields: { sku?: string; units?: string; price?: string; at?: string; name?: string } = {},
) {
  const { sku = '85123A', units = '6', price = '2.55', at = '2010-12-01 08:26:00', name = 'HEART' } = fields
  return [document, sku, name, units, at, price, '17850.0', 'France'].join(',')
}

async function put(name: string, content: string | Uint8Array): Promise<string> {
  const file = path.join(folder, name)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, content)
  return file
}

async function load(
  target: string,
  options: { mapping?: Mapping; dryRun?: boolean } = {},
): Promise<ImportSummary & { file: FileSummary }> {
  const { mapping = uci, dryRun = false } = options
  const summary = await runImport({
    databaseUrl: database.url,
    files: await findSourceFiles(target, mapping.format),
    mapping,
    dryRun,
    rejectsPathOf: file => path.join(folder, 'rejects', `${path.basename(file.path)}.rejects.csv`),
  })
  const [file] = summary.files
  if (!file) throw new Error('no file was imported')
  return { ...summary, file }
}

async function events(): Promise<Record<string, unknown>[]> {
  const rows = await database.sql`
    select id, type, class, skus, units, total_gross, total_returns, event_time, business_day, customer, attributes
    from log.event_log order by "offset"`
  return rows.map(entry => ({ ...entry }))
}

test('rows become documents: adjacent or not, at their earliest time, with an adjustment beside the sale', async () => {
  const file = await put(
    'day.csv',
    [
      HEADER,
      row('1', { sku: 'a', at: '2010-12-01 09:01:00' }),
      row('2', { sku: 'x', at: '2010-12-01 09:05:00' }),
      row('1', { sku: 'b', at: '2010-12-01 09:00:00' }),
      row('1', { sku: 'b', at: '2010-12-01 09:00:00' }),
      row('1', { sku: 'c', price: '0', units: '-3', name: 'damages' }),
      row('C3', { sku: 'a', units: '-2' }),
      row('A4', { price: '-11062.06' }),
      '',
    ].join('\n'),
  )
  const { file: summary, total } = await load(file)
  expect(summary).toMatchObject({
    file: 'day',
    rows: 7,
    orderRows: 4,
    returnRows: 1,
    stockAdjustmentRows: 1,
    setAsideRows: 1,
    rejectedRows: 0,
    eventsAppended: 4,
    duplicates: 0,
  })
  expect(total).toMatchObject({ rows: 7, eventsAppended: 4 })
  const stored = await events()
  expect(stored.map(event => [event.id, event.type, event.skus, event.units])).toEqual([
    [partId('1', 'adjust'), 'stock.adjusted', ['c'], [-3]],
    ['1', 'order.placed', ['a', 'b', 'b'], [6, 6, 6]],
    ['C3', 'order.returned', ['a'], [2]],
    ['2', 'order.placed', ['x'], [6]],
  ])
  expect(stored[1]).toMatchObject({
    class: 'bulk',
    // The adjustment's row is of the document too, and the earliest.
    event_time: Date.parse('2010-12-01T08:26:00Z'),
    business_day: '2010-12-01',
    customer: '17850',
    attributes: { country: 'France' },
  })
  expect(await rejectsOf(summary)).toMatchObject([{ row: '8', reason: 'set_aside', InvoiceNo: 'A4' }])
  const names =
    await database.sql`select sku, name, holds_stock from ref.products where sku in ('a', 'c', 'POST') order by 1`
  expect(names.map(entry => ({ ...entry }))).toEqual([
    { sku: 'POST', name: null, holds_stock: false },
    { sku: 'a', name: 'HEART', holds_stock: true },
  ])
})

test('a second import appends nothing, nor does the same file zipped or under another name', async () => {
  const text = [HEADER, row('1'), row('2'), row('C3', { units: '-1' })].join('\n')
  await load(await put('day.csv', text))
  for (const file of [await put('day.csv', text), await put('again.csv.gz', gzipSync(text))]) {
    expect((await load(file)).file).toMatchObject({
      rows: 3,
      eventsAppended: 0,
      duplicates: 3,
      rejectedRows: 0,
    })
  }
  expect(await events()).toHaveLength(3)
})

test('a document with a bad row is set back whole, and the repaired file brings it', async () => {
  const lines = [HEADER, row('1'), row('2', { units: 'six' }), row('3'), row('2', { sku: 'other' })]
  const { file } = await load(await put('day.csv', lines.join('\n')))
  expect(file).toMatchObject({ rows: 4, orderRows: 2, rejectedRows: 2, eventsAppended: 2 })
  expect(await rejectsOf(file)).toMatchObject([
    {
      row: '3',
      line: '3',
      reason: 'invalid_field',
      detail: 'units: "six" is no whole number',
      InvoiceNo: '2',
    },
    {
      row: '5',
      reason: 'document_set_back',
      detail: 'document 2 is set back whole: its row 3 is bad',
      StockCode: 'other',
    },
  ])
  const letters = await database.sql`select source, event_id, reason, state, met_in from intake.dead_letters`
  expect(letters.map(letter => ({ ...letter }))).toMatchObject([
    {
      source: 'uci-online-retail',
      event_id: '2',
      reason: 'invalid_field',
      state: 'open',
      met_in: { file: 'day.csv', row: 3 },
    },
  ])
  const repaired = await load(await put('day.csv', lines.join('\n').replace('six', '6')))
  expect(repaired.file).toMatchObject({ orderRows: 4, rejectedRows: 0, eventsAppended: 1, duplicates: 2 })
  const [letter] = await database.sql`select state, settlement from intake.dead_letters`
  expect(letter).toEqual({ state: 'requeued', settlement: { outcome: 'imported', file: 'day.csv' } })
})

test('the file of rejects can be repaired and imported itself', async () => {
  const { file } = await load(
    await put('day.csv', [HEADER, row('1', { units: 'six' }), row('1', { sku: 'b' })].join('\n')),
  )
  const text = await readFile(file.rejects ?? '', 'utf8')
  const again = await load(await put('repaired.csv', text.replaceAll(',six,', ',6,')))
  expect(again.file).toMatchObject({ rows: 2, orderRows: 2, rejectedRows: 0, eventsAppended: 1 })
})

test('a file as tills and spreadsheets write it: BOM, CRLF, semicolons, quoted line breaks, formulas', async () => {
  const semicolons = (line: string): string => line.replaceAll(',', ';')
  const text = [
    semicolons(HEADER),
    semicolons(row('1')),
    '1;b;"A ""BIG"" CUP;\r\nWITH SAUCER";2;2010-12-01 08:26:00;1.25;;France',
    '2;c;=HYPERLINK("http://evil.example");1;2010-12-01 08:27:00;1.00;;France',
    '3;d;=HYPERLINK("http://evil.example");one;2010-12-01 08:28:00;1.00;;France',
    '',
    '',
  ].join('\r\n')
  const { file } = await load(await put('till.csv', `\ufeff${text}`))
  expect(file).toMatchObject({ rows: 4, orderRows: 3, rejectedRows: 1, eventsAppended: 2 })
  const [rejected] = await rejectsOf(file)
  expect(rejected).toMatchObject({
    row: '5',
    line: '6',
    Description: `'=HYPERLINK("http://evil.example")`,
    Quantity: 'one',
  })
  const [cup] = await database.sql`select name from ref.products where sku = 'b'`
  expect(cup).toEqual({ name: 'A "BIG" CUP; WITH SAUCER' })
})

test('rows that cannot be read are rejected by number, and cost no other row', async () => {
  const lines = [
    HEADER,
    row('1'),
    '2,b,"NEVER CLOSED,1,2010-12-01 08:26:00,1.00,,France',
    row('3'),
    '4,too,few',
    '5,b,CUP,1,2010-12-01 08:26:00,1.00,,France,one too many',
    `6,b,CAF\u0000E,1,2010-12-01 08:26:00,1.00,,France`,
    row('8'),
  ]
  const bytes = Buffer.concat([
    Buffer.from(`${lines.join('\n')}\n7,b,CAF`),
    Buffer.from([0xe9]),
    Buffer.from(`,1,2010-12-01 08:26:00,1.00,,France\n${row('9')}\n`),
  ])
  const { file } = await load(await put('broken.csv', bytes))
  expect(file).toMatchObject({ rows: 9, orderRows: 4, rejectedRows: 5, eventsAppended: 4 })
  expect((await rejectsOf(file)).map(({ row: number, reason }) => [number, reason])).toEqual([
    ['3', 'invalid_row'],
    ['5', 'invalid_row'],
    ['6', 'invalid_row'],
    ['7', 'unstorable_text'],
    ['9', 'unstorable_text'],
  ])
  expect((await events()).map(event => event.id)).toEqual(['1', '3', '8', '9'])
})

test('a document that is known with another content is rejected: the first stands', async () => {
  await load(await put('first.csv', [HEADER, row('1')].join('\n')))
  const { file } = await load(
    await put('second.csv', [HEADER, row('1', { price: '9.99' }), row('2')].join('\n')),
  )
  expect(file).toMatchObject({ orderRows: 1, rejectedRows: 1, eventsAppended: 1 })
  expect(await rejectsOf(file)).toMatchObject([{ row: '2', reason: 'conflicting_duplicate' }])
  const [letter] =
    await database.sql`select event_id, convert_from(payload, 'UTF8')::jsonb ->> 'id' as id from intake.dead_letters`
  expect(letter).toEqual({ event_id: '1', id: '1' })
})

test('what the log would never hold is rejected as over HTTP, with the document it belongs to', async () => {
  const { file } = await load(
    await put(
      'absurd.csv',
      [
        HEADER,
        row('1', { price: '99999999999', units: '1000000' }),
        row('1', { sku: 'damaged', price: '0', units: '-1' }),
        row('2', { at: '2199-12-01 08:26:00' }),
        row('3', { units: '1000001' }),
        row('4'),
      ].join('\n'),
    ),
  )
  expect(file).toMatchObject({
    rows: 5,
    orderRows: 1,
    stockAdjustmentRows: 0,
    rejectedRows: 4,
    eventsAppended: 1,
  })
  expect((await rejectsOf(file)).map(({ row: number, reason }) => [number, reason])).toEqual([
    ['2', 'absurd_amount'],
    ['3', 'document_set_back'],
    ['4', 'clock_skew'],
    ['5', 'invalid_field'],
  ])
})

test('a document of more than 5,000 lines is rejected whole', async () => {
  const lines = Array.from({ length: 5_001 }, (_, index) => row('1', { sku: `s${index}` }))
  const { file } = await load(await put('long.csv', [HEADER, ...lines, row('2')].join('\n')))
  expect(file).toMatchObject({ rows: 5_002, orderRows: 1, rejectedRows: 5_001, eventsAppended: 1 })
  expect((await rejectsOf(file))[0]).toMatchObject({ reason: 'too_many_lines' })
  const [letters] = await database.sql`select count(*) as count from intake.dead_letters`
  expect(letters).toEqual({ count: 1 })
})

test('a dry run writes nothing and says what would happen', async () => {
  const file = await put('day.csv', [HEADER, row('1'), row('2', { units: 'six' })].join('\n'))
  const dry = await load(file, { dryRun: true })
  expect(dry.file).toMatchObject({ rows: 2, orderRows: 1, rejectedRows: 1, eventsAppended: 1, duplicates: 0 })
  const [counts] = await database.sql`
    select (select count(*) from log.event_log) as events, (select count(*) from ref.stores) as stores,
      (select count(*) from ref.products) as products, (select count(*) from intake.files) as files,
      (select count(*) from intake.dead_letters) as letters`
  expect(counts).toEqual({ events: 0, stores: 0, products: 0, files: 0, letters: 0 })
  await load(file)
  expect((await load(file, { dryRun: true })).file).toMatchObject({ eventsAppended: 0, duplicates: 1 })
})

test('a file that cannot be read as a whole fails alone, and nothing of it is loaded', async () => {
  await put('days/1.csv', [HEADER, row('1')].join('\n'))
  await put('days/2.csv', 'Date,Amount\n2010-12-01,5\n')
  await put('days/3.csv', '')
  await put('days/4.csv.gz', gzipSync([HEADER, row('4')].join('\n')).subarray(0, 60))
  await put('days/5.csv', [HEADER, row('5')].join('\n'))
  await put('days/notes.md', 'not a file of transactions')
  const { files } = await load(path.join(folder, 'days'))
  expect(
    files.map(({ file, eventsAppended, error }) => [file, eventsAppended, error?.slice(0, 200)]),
  ).toEqual([
    ['1', 1, undefined],
    ['2', 0, expect.stringMatching(/has no column InvoiceNo, .* Its first row is: Date,Amount/)],
    ['3', 0, expect.stringMatching(/is empty/)],
    ['4', 0, expect.stringMatching(/no whole gzip file/)],
    ['5', 1, undefined],
  ])
  // Nothing tells one empty file from another: it is told, and not kept.
  const states = await database.sql`select name, state from intake.files order by name`
  expect(states.map(({ name, state }) => [name, state])).toEqual([
    ['1.csv', 'loaded'],
    ['2.csv', 'failed'],
    ['4.csv.gz', 'failed'],
    ['5.csv', 'loaded'],
  ])
})

test('ndjson is read by the same mapping; a broken line costs itself', async () => {
  const line = (document: string, units: unknown): string =>
    JSON.stringify({
      InvoiceNo: document,
      StockCode: '85123A',
      Description: null,
      Quantity: units,
      InvoiceDate: '2010-12-01 08:26:00',
      UnitPrice: 2.55,
      Country: 'France',
    })
  const text = [line('1', 6), '{"InvoiceNo":', line('2', '7'), '42', line('3', 1.5)].join('\n')
  const { file } = await load(await put('till.ndjson', text))
  expect(file).toMatchObject({ rows: 5, orderRows: 2, rejectedRows: 3, eventsAppended: 2 })
  const [event] = await events()
  expect(event).toMatchObject({ id: '1', total_gross: 153_000, customer: null })
})

test('ambiguous and missing local times are counted', async () => {
  const { file } = await load(
    await put(
      'clock.csv',
      [
        HEADER,
        row('1', { at: '2010-10-31 01:30:00' }),
        row('2', { at: '2011-03-27 01:30:00' }),
        row('3'),
      ].join('\n'),
    ),
  )
  expect(file).toMatchObject({ ambiguousTimes: 1, missingTimes: 1, orderRows: 3 })
})

test('a mapping with several stores, Latin-1, decimal commas and discounts', async () => {
  const store = (id: string) => ({
    id,
    name: id,
    zone: 'Europe/Berlin',
    cutOverHour: 4,
    currency: 'EUR',
    input: 'journal',
  })
  const mapping = rowMappingSchema.parse({
    name: 'kasse',
    encoding: 'windows-1252',
    decimal: ',',
    thousands: '.',
    timeFormat: 'DD.MM.YYYY HH:mm',
    stores: [store('mitte'), store('west')],
    columns: {
      store: { column: 'Filiale', values: { '1': 'mitte', '2': 'west' } },
      document: 'Bon',
      time: ['Datum', 'Zeit'],
      sku: 'Artikel',
      units: 'Menge',
      unitPrice: 'Preis',
      discount: 'Rabatt',
      productName: 'Bezeichnung',
      tender: 'Zahlart',
    },
    rules: [
      { when: { units: 'negative' }, is: 'return' },
      { when: {}, is: 'order' },
    ],
  })
  const text = [
    'Filiale;Bon;Datum;Zeit;Artikel;Bezeichnung;Menge;Preis;Rabatt;Zahlart',
    '1;7;20.11.2025;10:15;t1;Tee grün;2;1.250,5;0,50;bar',
    '1;7;20.11.2025;10:15;t2;Käse;-1;3,20;;bar',
    '2;7;20.11.2025;03:15;t1;Tee grün;1;1.250,5;;karte',
  ].join('\n')
  const { file } = await load(await put('kasse.csv', Buffer.from(text, 'latin1')), { mapping })
  expect(file).toMatchObject({ orderRows: 2, returnRows: 1, rejectedRows: 0, eventsAppended: 3 })
  const stored = await database.sql`
    select id, order_id, store, business_day, total_gross, total_discounts, total_returns, tender
    from log.event_log order by store, id`
  expect(stored.map(event => ({ ...event }))).toMatchObject([
    {
      id: 'mitte/7',
      order_id: '7',
      business_day: '2025-11-20',
      total_gross: 25_010_000,
      total_discounts: 5_000,
    },
    { id: partId('mitte/7', 'return'), order_id: '7#return', total_returns: 32_000 },
    {
      id: 'west/7',
      order_id: '7',
      business_day: '2025-11-19',
      tender: 'karte',
    },
  ])
  const names = await database.sql`select name from ref.products order by sku`
  expect(names.map(({ name }) => name)).toEqual(['Tee grün', 'Käse'])
})

const REAL_DATA = path.resolve(import.meta.dirname, '../../../../shared/data/online-retail')

/** A CSV of the real data's folder; null, said plainly, where it is not there. */
async function realData(name: string): Promise<Record<string, string>[] | null> {
  try {
    return parse(await readFile(path.join(REAL_DATA, name), 'utf8'), { columns: true })
  } catch {
    console.log(`The real data are not there (${REAL_DATA}): nothing is compared with them.`)
    return null
  }
}

test('the real December: rows as expected file by file, sums as expected day by day, and twice adds nothing', async () => {
  const expectedImport = await realData('expected_import.csv')
  const expectedSales = await realData('expected_daily_sales.csv')
  if (!expectedImport || !expectedSales) return
  const { files, total } = await load(path.join(REAL_DATA, 'by-day'))
  expect(
    files.map(file => ({
      file: file.file,
      rows: String(file.rows),
      order_rows: String(file.orderRows),
      return_rows: String(file.returnRows),
      stock_adjustment_rows: String(file.stockAdjustmentRows),
      set_aside_rows: String(file.setAsideRows),
    })),
  ).toEqual(expectedImport)
  expect(total).toMatchObject({ rows: 42_481, rejectedRows: 0, duplicates: 0 })
  const sums = await database.sql`
    select business_day,
      (count(*) filter (where type = 'order.placed'))::text as orders,
      (coalesce(sum(total_units) filter (where type = 'order.placed'), 0))::text as units,
      to_char(sum(total_gross) / 10000.0, 'FM999999990.00') as gross,
      (count(*) filter (where type = 'order.returned'))::text as return_documents,
      (coalesce(sum(total_units) filter (where type = 'order.returned'), 0))::text as units_returned,
      to_char(sum(total_returns) / 10000.0, 'FM999999990.00') as returns,
      to_char((sum(total_gross) - sum(total_returns)) / 10000.0, 'FM999999990.00') as net
    from log.event_log where type in ('order.placed', 'order.returned') group by business_day order by business_day`
  expect(sums.map(day => ({ ...day }))).toEqual(expectedSales)
  const again = await load(path.join(REAL_DATA, 'by-day'))
  expect(again.total).toMatchObject({ rows: 42_481, eventsAppended: 0, duplicates: total.eventsAppended })
})
