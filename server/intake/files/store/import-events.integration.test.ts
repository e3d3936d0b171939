import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { partId } from '#domain/derived-id.ts'
import { findMapping } from '#server/intake/files/interpret/mapping.ts'
import { findSourceFiles } from '#server/intake/files/read/source-file.ts'
import { addTestStores, post, startTestIntake, TEST_STORES } from '#server/intake/testing/intake.ts'
import { runImport } from './run-import.ts'
import type { FileSummary } from './summary.ts'

let database: TestDatabase
let folder: string

beforeEach(async () => {
  database = await createTestDatabase()
  folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-events-'))
  await addTestStores(database.url)
})

afterEach(async () => {
  await database.drop()
  await rm(folder, { recursive: true })
})

const AT = '2026-11-02T10:15:30.000+01:00'
const NOW = Date.parse('2026-11-03T00:00:00Z')

function event(id: string, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    source: 'berlin-till-1',
    id,
    type: 'order.placed',
    store: 'berlin',
    channel: 'pos',
    register: '1',
    eventTime: AT,
    orderId: id,
    currency: 'EUR',
    lines: [{ sku: 'tea', units: 2, unitPrice: '2.50' }],
    ...fields,
  }
}

function bare(id: string, type: string, fields: Record<string, unknown>): Record<string, unknown> {
  return { source: 'berlin-till-1', id, type, store: 'berlin', eventTime: AT, ...fields }
}

const TEA = [{ sku: 'tea', units: 1 }]
const EVERY_TYPE = [
  event('1'),
  event('1v', { type: 'order.voided', orderId: '1' }),
  event('2', { type: 'order.returned', lines: [{ sku: 'tea', units: 1, refund: '2.50' }] }),
  bare('z', 'till.closed', {
    register: '1',
    businessDay: '2026-11-02',
    currency: 'EUR',
    orders: 0,
    units: 0,
    net: '-2.50',
  }),
  bare('3', 'stock.received', { lines: TEA }),
  bare('4', 'stock.counted', { lines: TEA }),
  bare('5', 'stock.adjusted', { lines: [{ sku: 'tea', units: -1 }] }),
  bare('6', 'stock.transferred', { toStore: 'hamburg', lines: TEA }),
  bare('7', 'purchase.placed', { purchaseOrderId: 'po', supplier: 's', lines: TEA }),
  bare('8', 'purchase.cancelled', { purchaseOrderId: 'po', supplier: 's', lines: TEA }),
  bare('9', 'review.posted', { sku: 'tea', rating: 4 }),
]

async function put(name: string, lines: readonly unknown[], end = '\n'): Promise<string> {
  const file = path.join(folder, name)
  const text = lines.map(line => (typeof line === 'string' ? line : JSON.stringify(line)) + end).join('')
  await writeFile(file, name.endsWith('.gz') ? gzipSync(text) : text)
  return file
}

async function load(target: string, { mapping = 'journal', dryRun = false } = {}): Promise<FileSummary> {
  const { files } = await runImport({
    databaseUrl: database.url,
    files: await findSourceFiles(target),
    mapping: await findMapping(mapping, '.'),
    dryRun,
    rejectsPathOf: () => path.join(folder, 'rejects.csv'),
    clock: () => NOW,
  })
  const [summary] = files
  if (!summary) throw new Error('no summary')
  return summary
}

async function stored(): Promise<
  { source: string; id: string; type: string; class: string; store: string }[]
> {
  const rows = await database.sql<
    { source: string; id: string; type: string; class: string; store: string }[]
  >`
    select source, id, type, class, store from log.event_log order by partition, "offset"`
  return rows.map(row => ({ ...row }))
}

async function rejects(): Promise<Record<string, string>[]> {
  return parse(await readFile(path.join(folder, 'rejects.csv'), 'utf8'), { columns: true })
}

test('a journal may hold every type of event; each keeps its own source and id, and is bulk', async () => {
  const summary = await load(await put('day.ndjson', EVERY_TYPE))
  expect(summary).toMatchObject({
    file: 'day',
    rows: 11,
    orderRows: 1,
    voidRows: 1,
    returnRows: 1,
    tillReportRows: 1,
    stockRows: 3,
    stockAdjustmentRows: 1,
    purchaseRows: 2,
    reviewRows: 1,
    rejectedRows: 0,
    eventsAppended: 11,
    duplicates: 0,
    rejects: null,
    error: null,
  })
  const events = await stored()
  expect(events).toHaveLength(12)
  expect(new Set(events.map(row => row.class))).toEqual(new Set(['bulk']))
  expect(events).toContainEqual({
    source: 'berlin-till-1',
    id: partId('6', 'in'),
    type: 'stock.transferred',
    class: 'bulk',
    store: 'hamburg',
  })
})

test('what is out of bounds over HTTP is so in a file', async () => {
  const report = { register: '1', currency: 'EUR', orders: 1, units: 1, net: '1.00' }
  const summary = await load(
    await put('z.ndjson', [
      event('1'),
      bare('z1', 'till.closed', { ...report, businessDay: '0000-01-01' }),
      bare('z2', 'till.closed', { ...report, businessDay: '2024-11-02' }),
      event('2', { currency: 'ZZZ' }),
      event('3', { lines: [{ sku: 'tea', units: 1, unitPrice: '100000000.01' }] }),
    ]),
  )
  expect(summary).toMatchObject({ rows: 5, orderRows: 1, rejectedRows: 4, eventsAppended: 1 })
  const letters =
    await database.sql`select event_id as id, reason from intake.dead_letters order by dead_letter`
  expect([...letters]).toEqual([
    { id: 'z1', reason: 'invalid_field' },
    { id: 'z2', reason: 'invalid_field' },
    { id: '2', reason: 'invalid_field' },
    { id: '3', reason: 'absurd_amount' },
  ])
})

test('a second import adds nothing, zipped or not', async () => {
  await load(await put('day.ndjson', EVERY_TYPE))
  expect(await load(await put('again.ndjson.gz', EVERY_TYPE, '\r\n'))).toMatchObject({
    rows: 11,
    eventsAppended: 0,
    duplicates: 11,
    rejectedRows: 0,
  })
  expect(await stored()).toHaveLength(12)
})

test('what came over HTTP is recognised in the journal', async () => {
  const intake = await startTestIntake(database.url, { clock: () => NOW })
  try {
    expect((await post(intake, [event('1')])).status).toBe(200)
  } finally {
    await intake.stop()
  }
  expect(await load(await put('day.ndjson', [event('1'), event('2')]))).toMatchObject({
    eventsAppended: 1,
    duplicates: 1,
  })
})

test('one file may speak for many stores and partitions, in the order of its lines', async () => {
  const lines = Array.from({ length: 2_500 }, (_, index) =>
    event(String(index), { store: TEST_STORES[index % 2]?.id, source: `till-${index % 2}` }),
  )
  expect(await load(await put('day.ndjson', lines))).toMatchObject({ rows: 2_500, eventsAppended: 2_500 })
  const ids = (await stored()).filter(row => row.store === 'berlin').map(row => Number(row.id))
  expect(ids).toEqual(ids.toSorted((left, right) => left - right))
  expect(ids).toHaveLength(1_250)
})

test('a line that cannot be used is refused alone, with row number and the reasons of HTTP', async () => {
  const lines = [
    event('1'),
    '',
    '{"broken":',
    event('2', { store: 'atlantis' }),
    event('3', { colour: 'red' }),
    event('4', { eventTime: '2026-11-03T00:10:00Z' }),
    event('5', { eventTime: '1066-10-14T09:00:00Z' }),
    event('1', { lines: [{ sku: 'tea', units: 3, unitPrice: '2.50' }] }),
    { ...event('6'), type: 'order.lost' },
    '[1]',
    event('7'),
  ]
  const summary = await load(await put('day.ndjson', lines))
  expect(summary).toMatchObject({ rows: 10, orderRows: 2, eventsAppended: 2, rejectedRows: 8 })
  const told = (await rejects()).map(({ row, reason }) => [Number(row), reason])
  expect(told).toEqual([
    [3, 'invalid_json'],
    [4, 'unknown_store'],
    [5, 'unknown_field'],
    [6, 'clock_skew'],
    [7, 'invalid_field'],
    [8, 'conflicting_duplicate'],
    [9, 'unknown_type'],
    [10, 'invalid_field'],
  ])
  const letters = await database.sql<
    { row: number; reason: string; event_id: string; payload: Uint8Array }[]
  >`
    select (met_in ->> 'row')::int as row, reason, event_id, payload from intake.dead_letters
    order by dead_letter`
  expect(letters.map(({ row, reason }) => [row, reason])).toEqual(told)
  expect(letters[1]?.event_id).toBe('2')
  expect(Buffer.from(letters[0]?.payload ?? []).toString()).toBe('{"broken":')
})

test('an unrepaired file leaves its letters once; the repaired one settles them', async () => {
  const broken = await put('day.ndjson', [event('1'), event('2', { colour: 'red' })])
  await load(broken)
  await load(broken)
  const letters = () => database.sql<{ state: string }[]>`select state from intake.dead_letters`
  expect((await letters()).map(({ state }) => state)).toEqual(['open'])
  await load(await put('repaired.ndjson', [event('1'), event('2')]))
  expect((await letters()).map(({ state }) => state)).toEqual(['requeued'])
})

test('reviews takes reviews and nothing else', async () => {
  const review = bare('9', 'review.posted', { sku: 'tea', rating: 4, text: 'fine' })
  expect(await load(await put('r.ndjson', [review, event('1')]), { mapping: 'reviews' })).toMatchObject({
    rows: 2,
    reviewRows: 1,
    rejectedRows: 1,
    eventsAppended: 1,
  })
  expect(await rejects()).toMatchObject([
    {
      row: '2',
      reason: 'unknown_type',
      detail: 'type "order.placed": must be one of review.posted under the mapping reviews',
    },
  ])
})

test('a dry run says what would come of it and writes nothing', async () => {
  const file = await put('day.ndjson', [event('1'), event('2', { colour: 'red' })])
  expect(await load(file, { dryRun: true })).toMatchObject({ eventsAppended: 1, rejectedRows: 1 })
  expect(await stored()).toEqual([])
  const [counts] = await database.sql`
    select (select count(*) from intake.dead_letters) as letters, (select count(*) from intake.files) as files`
  expect(counts).toEqual({ letters: 0, files: 0 })
})

test('of a file that breaks off, what came before is loaded, and the whole file brings the rest', async () => {
  const lines = Array.from({ length: 20_000 }, (_, index) => event(String(index), { customer: `c-${index}` }))
  const whole = await put('day.ndjson.gz', lines)
  const bytes = await readFile(whole)
  const torn = path.join(folder, 'torn.ndjson.gz')
  await writeFile(torn, bytes.subarray(0, Math.floor(bytes.length / 2)))
  const first = await load(torn)
  expect(first.error).toContain('no whole gzip file')
  expect(first.eventsAppended).toBeGreaterThan(0)
  const second = await load(whole)
  expect(second).toMatchObject({ error: null, rows: 20_000, duplicates: first.eventsAppended })
  expect(first.eventsAppended + second.eventsAppended).toBe(20_000)
})
