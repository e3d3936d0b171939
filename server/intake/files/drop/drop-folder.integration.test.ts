import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { connect } from '#db/client.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import type { IntakeService } from '#server/intake/service.ts'
import { storeSchema } from '#server/intake/stores/store-definition.ts'
import { addStores } from '#server/intake/stores/stores.ts'
import { addTestStores, startTestIntake } from '#server/intake/testing/intake.ts'
import { type IntakeProcess, startIntakeProcess } from '#server/intake/testing/intake-process.ts'
import { MAX_TRIES } from './attempts.ts'
import { importDroppedFiles, isAnyDue } from './drop-folder.ts'
import { lookAtDropFolder } from './look.ts'
import { tellUntaken } from './tell-untaken.ts'

const MAPPING = 'uci-online-retail'
const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'

let database: TestDatabase
let dropDir: string

beforeEach(async () => {
  database = await createTestDatabase()
  dropDir = await mkdtemp(path.join(os.tmpdir(), 'tillstream-drop-'))
})

afterEach(async () => {
  await database.drop()
  await rm(dropDir, { recursive: true })
})

function line(document: string, units = '1'): string {
  return `${document},85123A,HEART,${units},2010-12-01 08:26:00,2.55,,France`
}

/** Puts a file and its mark, as a till does. */
async function drop(name: string, lines: string[], mapping = MAPPING): Promise<void> {
  await mkdir(path.join(dropDir, mapping), { recursive: true })
  await writeFile(path.join(dropDir, mapping, name), [HEADER, ...lines].join('\n'))
  await writeFile(path.join(dropDir, mapping, `${name}.done`), '')
}

const take = () => importDroppedFiles({ databaseUrl: database.url, dropDir, folders: 'watched' })

async function summaryOf(place: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(path.join(dropDir, MAPPING, `${place}.summary.json`), 'utf8'))
}

async function countEvents(): Promise<number> {
  const [row] = await database.sql<{ count: number }[]>`
    select count(*) as count from log.event_log where class = 'bulk'`
  return row?.count ?? -1
}

async function untaken(): Promise<Record<string, unknown>[]> {
  const told = await tellUntaken(database.sql, dropDir)
  if ('problem' in told) throw new Error(told.problem)
  const rows = await database.sql`select place, reason, detail from intake.untaken_files order by place`
  expect(rows).toHaveLength(told.untaken.length)
  return rows.map(row => ({ ...row }))
}

async function fileStates(): Promise<[string, string][]> {
  const rows = await database.sql<
    { name: string; state: string }[]
  >`select name, state from intake.files order by file`
  return rows.map(({ name, state }) => [name, state])
}

test('a file is taken once its mark lies beside it, and moved with its summary', async () => {
  await drop('1.csv', [line('1'), line('2')])
  await writeFile(path.join(dropDir, MAPPING, '2.csv'), [HEADER, line('3')].join('\n'))
  expect(await take()).toMatchObject([{ name: '1.csv', state: 'loaded', summary: { eventsAppended: 2 } }])
  expect((await readdir(path.join(dropDir, MAPPING))).sort()).toEqual(['2.csv', 'loaded'])
  expect((await readdir(path.join(dropDir, MAPPING, 'loaded'))).sort()).toEqual([
    '1.csv',
    '1.csv.summary.json',
  ])
  expect(await summaryOf('loaded/1.csv')).toMatchObject({
    file: '1',
    state: 'loaded',
    rows: 2,
    eventsAppended: 2,
  })
  expect(await fileStates()).toEqual([['1.csv', 'loaded']])
})

test('rejected rows lie beside the loaded file', async () => {
  await drop('1.csv', [line('1'), line('2', 'six')])
  await take()
  const folder = path.join(dropDir, MAPPING, 'loaded')
  expect((await readdir(folder)).sort()).toEqual(['1.csv', '1.csv.rejects.csv', '1.csv.summary.json'])
  expect(await readFile(path.join(folder, '1.csv.rejects.csv'), 'utf8')).toContain('is no whole number')
  expect((await summaryOf('loaded/1.csv')).rejects).toBe(path.join(folder, '1.csv.rejects.csv'))
  const [row] = await database.sql`select summary ->> 'rejects' as rejects from intake.files`
  expect(row).toEqual({ rejects: path.join(folder, '1.csv.rejects.csv') })
  expect(await readdir(path.join(dropDir, MAPPING))).toEqual(['loaded'])
})

test('what cannot be used goes to failed, with the reason: no table, no row, no mapping', async () => {
  await drop('rows.csv', [line('1', 'six')])
  await mkdir(path.join(dropDir, MAPPING), { recursive: true })
  await writeFile(path.join(dropDir, MAPPING, 'table.csv'), 'a,b\n1,2\n')
  await writeFile(path.join(dropDir, MAPPING, 'table.csv.done'), '')
  await drop('1.csv', [line('1')], 'nobodys')
  expect((await take()).map(({ name, state }) => [name, state])).toEqual([
    ['1.csv', 'failed'],
    ['rows.csv', 'failed'],
    ['table.csv', 'failed'],
  ])
  expect(await summaryOf('failed/table.csv')).toMatchObject({
    error: expect.stringContaining('has no column'),
  })
  expect(await summaryOf('../nobodys/failed/1.csv')).toMatchObject({
    error: expect.stringContaining('nobodys.json'),
  })
  expect(await countEvents()).toBe(0)
})

test("a mapping of one's own lies in the drop folder", async () => {
  const mapping = {
    name: 'own',
    timeFormat: 'YYYY-MM-DD HH:mm:ss',
    stores: [{ id: 'berlin', name: 'Berlin', zone: 'Europe/Berlin', currency: 'EUR' }],
    columns: {
      store: { constant: 'berlin' },
      document: 'InvoiceNo',
      time: 'InvoiceDate',
      sku: 'StockCode',
      units: 'Quantity',
      unitPrice: 'UnitPrice',
    },
    rules: [{ when: {}, is: 'order' }],
  }
  await writeFile(path.join(dropDir, 'own.json'), JSON.stringify(mapping))
  await drop('1.csv', [line('1')], 'own')
  expect(await take()).toMatchObject([{ state: 'loaded', summary: { eventsAppended: 1 } }])
  const [event] = await database.sql`select source, store from log.event_log`
  expect(event).toEqual({ source: 'own', store: 'berlin' })
})

test('the same file dropped again adds nothing and keeps both', async () => {
  await drop('1.csv', [line('1')])
  await take()
  await drop('1.csv', [line('1')])
  expect(await take()).toMatchObject([{ state: 'loaded', summary: { eventsAppended: 0, duplicates: 1 } }])
  expect((await readdir(path.join(dropDir, MAPPING, 'loaded'))).sort()).toEqual([
    '1.csv',
    '1.csv.summary.json',
    '1~2.csv',
    '1~2.csv.summary.json',
  ])
})

test('many takers at once: each file has one owner', async () => {
  for (const name of ['1.csv', '2.csv', '3.csv']) await drop(name, [line(name), line(`${name}-b`)])
  const taken = (await Promise.all([take(), take(), take(), take()])).flat()
  const loaded = taken.filter(({ state }) => state === 'loaded')
  expect(loaded.map(({ name }) => name).sort()).toEqual(['1.csv', '2.csv', '3.csv'])
  expect(taken.every(({ state }) => state === 'loaded' || state === 'busy')).toBe(true)
  expect(await countEvents()).toBe(6)
  expect(await fileStates()).toHaveLength(3)
})

test('a file that cannot be moved is loaded once, waits longer each time, and is moved with the result it had', async () => {
  await drop('1.csv', [line('1')])
  const loaded = path.join(dropDir, MAPPING, 'loaded')
  await writeFile(loaded, 'no folder')
  expect(await take()).toMatchObject([{ name: '1.csv', state: 'retry' }])
  expect(await countEvents()).toBe(1)
  // Not due: nothing is tried, no process is started for it, and nothing is told of it but in the table.
  expect(await isAnyDue(database.sql, dropDir, 'watched')).toBe(false)
  expect(await take()).toEqual([])
  const pauses: unknown[] = []
  for (let tries = 2; tries <= MAX_TRIES; tries += 1) {
    const [due] = await database.sql`update intake.drop_attempts set next_try_at = now() returning tries`
    expect(due).toEqual({ tries: tries - 1 })
    expect(await take()).toMatchObject([{ state: 'retry' }])
    const [row] = await database.sql`
      select extract(epoch from next_try_at - now())::float8 > ${2 ** tries} as waits from intake.drop_attempts`
    pauses.push(row?.waits)
  }
  // The last try has no next.
  expect(pauses).toEqual([true, true, true, true, true, true, true, expect.any(Boolean), null])
  expect(await take()).toEqual([])
  expect(await untaken()).toMatchObject([
    { place: `${MAPPING}/1.csv`, reason: 'given_up', detail: expect.stringContaining('tried 10 times') },
    { place: `${MAPPING}/loaded`, reason: 'no_regular_file' },
  ])
  expect(await fileStates()).toEqual([['1.csv', 'loaded']])
  expect(existsSync(path.join(dropDir, MAPPING, '1.csv.done'))).toBe(true)
  // Put right while tries are left, it is moved. Its result is known: nothing is read twice.
  await rm(loaded)
  await database.sql`update intake.drop_attempts set next_try_at = now(), tries = 1`
  expect(await isAnyDue(database.sql, dropDir, 'watched')).toBe(true)
  expect(await take()).toMatchObject([{ state: 'loaded', summary: { eventsAppended: 1, duplicates: 0 } }])
  expect(await fileStates()).toEqual([['1.csv', 'loaded']])
  expect(await untaken()).toEqual([])
})

test('a mark set anew begins anew, after the tries have ended', async () => {
  await drop('1.csv', [line('1')])
  const loaded = path.join(dropDir, MAPPING, 'loaded')
  await writeFile(loaded, 'no folder')
  await take()
  await database.sql`update intake.drop_attempts set next_try_at = null, tries = ${MAX_TRIES}`
  await rm(loaded)
  expect(await take()).toEqual([])
  // The process died in the last try: nobody has said that it was the last.
  await database.sql`update intake.drop_attempts set next_try_at = now() - interval '1 hour'`
  expect(await take()).toEqual([])
  await rm(path.join(dropDir, MAPPING, '1.csv.done'))
  await writeFile(path.join(dropDir, MAPPING, '1.csv.done'), 'again')
  expect(await take()).toMatchObject([{ state: 'loaded', summary: { duplicates: 1 } }])
})

test('what was rejected for a reason that lies elsewhere is read again when it is dropped again', async () => {
  const order = (id: string, store: string) =>
    JSON.stringify({
      source: 'till',
      id,
      type: 'order.placed',
      store,
      channel: 'pos',
      eventTime: '2026-11-02T10:00:00Z',
      orderId: id,
      currency: 'EUR',
      lines: [{ sku: 'A', units: 1, unitPrice: '5.00' }],
    })
  const folder = path.join(dropDir, 'journal')
  const text = `${order('1', 'berlin')}\n${order('2', 'potsdam')}\n`
  const mark = () => writeFile(path.join(folder, '1.ndjson.done'), '')
  await addTestStores(database.url)
  await mkdir(folder)
  await writeFile(path.join(folder, '1.ndjson'), text)
  await mark()
  expect(await take()).toMatchObject([{ summary: { eventsAppended: 1, rejectedRows: 1 } }])
  const sql = connect(database.url, { max: 1 })
  await addStores(sql, [
    storeSchema.parse({ id: 'potsdam', name: 'P', zone: 'Europe/Berlin', cutOverHour: 4, currency: 'EUR' }),
  ])
  await sql.end()
  // The same file, byte for byte, dropped anew; or moved back from where it was put.
  await writeFile(path.join(folder, '1.ndjson'), text)
  await mark()
  expect(await take()).toMatchObject([{ summary: { eventsAppended: 1, duplicates: 1, rejectedRows: 0 } }])
  await rename(path.join(folder, 'loaded', '1~2.ndjson'), path.join(folder, '1.ndjson'))
  await rm(path.join(folder, 'loaded'), { recursive: true })
  await mark()
  expect(await take()).toMatchObject([{ summary: { eventsAppended: 0, duplicates: 2 } }])
})

test('rejects, repaired in their file, are dropped under the name they have or another', async () => {
  await drop('1.csv', [line('1', 'six'), line('2')])
  await take()
  const rejects = path.join(dropDir, MAPPING, 'loaded', '1.csv.rejects.csv')
  const repaired = (await readFile(rejects, 'utf8')).replace(',six,', ',6,')
  for (const [name, summary] of [
    ['1.csv', { eventsAppended: 1, duplicates: 0 }],
    ['1.csv.rejects.csv', { eventsAppended: 0, duplicates: 1 }],
  ] as const) {
    await writeFile(path.join(dropDir, MAPPING, name), repaired)
    await writeFile(path.join(dropDir, MAPPING, `${name}.done`), '')
    expect(await take()).toMatchObject([{ name, state: 'loaded', summary }])
  }
  expect(await countEvents()).toBe(2)
})

test('a mark that a crash left behind is removed: it would release a half-written file. Every other one waits for its file', async () => {
  await drop('1.csv', [line('1')])
  await writeFile(path.join(dropDir, MAPPING, 'early.csv.done'), '')
  const [file] = (await lookAtDropFolder(dropDir)).ready
  await database.sql`
    insert into intake.drop_attempts (drop_dir, place, fingerprint, tries, next_try_at, after_file, is_moving)
    values (${dropDir}, ${`${MAPPING}/1.csv`}, ${file?.fingerprint ?? ''}, 1, now(), 0, true)`
  await rm(path.join(dropDir, MAPPING, '1.csv'))
  expect(await take()).toEqual([])
  expect(await readdir(path.join(dropDir, MAPPING))).toEqual(['early.csv.done'])
  expect(await database.sql`select 1 from intake.drop_attempts`).toHaveLength(0)
  // It changed after its mark: it is complete once it has been quiet for a while.
  await writeFile(path.join(dropDir, MAPPING, 'early.csv'), [HEADER, line('7')].join('\n'))
  expect(await take()).toEqual([])
  const later = await lookAtDropFolder(dropDir, Date.now() + 31_000)
  expect(later).toMatchObject({ ready: [{ name: 'early.csv' }], untaken: [] })
})

test('a file whose import never ends well is set aside after five times', async () => {
  await drop('1.csv', [line('1')])
  const { createHash } = await import('node:crypto')
  const sha256 = createHash('sha256')
    .update(await readFile(path.join(dropDir, MAPPING, '1.csv')))
    .digest('hex')
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await database.sql`
      insert into intake.files (mapping, name, sha256, state, summary)
      values (${MAPPING}, '1.csv', ${sha256}, 'failed', '{"error": "interrupted"}')`
  }
  expect(await take()).toMatchObject([
    { state: 'failed', summary: { error: expect.stringContaining('5 times') } },
  ])
})

test('a database that is away leaves the file for later', async () => {
  await drop('1.csv', [line('1')])
  const databaseUrl = 'postgres://nobody@127.0.0.1:1/none'
  const taken = await importDroppedFiles({ databaseUrl, dropDir, folders: 'watched' })
  expect(taken).toMatchObject([{ state: 'retry' }])
  expect(existsSync(path.join(dropDir, MAPPING, '1.csv.done'))).toBe(true)
})

test('reviews are left to the job that asks for them', async () => {
  await addTestStores(database.url)
  const review = { source: 'shop', id: '1', type: 'review.posted', store: 'berlin', sku: 'tea', rating: 4 }
  const event = JSON.stringify({ ...review, eventTime: '2026-11-02T10:00:00Z' })
  await mkdir(path.join(dropDir, 'reviews'))
  await writeFile(path.join(dropDir, 'reviews', '1.ndjson'), event)
  await writeFile(path.join(dropDir, 'reviews', '1.ndjson.done'), '')
  await drop('1.csv', [line('1')])
  expect(await take()).toMatchObject([{ mapping: MAPPING, state: 'loaded' }])
  expect(await importDroppedFiles({ databaseUrl: database.url, dropDir, folders: 'reviews' })).toMatchObject([
    { mapping: 'reviews', state: 'loaded', summary: { reviewRows: 1, eventsAppended: 1 } },
  ])
})

test('a running intake takes what is dropped, and two of them take it once', async () => {
  const intakes: IntakeService[] = [
    await startTestIntake(database.url, { dropDir }),
    await startTestIntake(database.url, { dropDir }),
  ]
  await drop('1.csv', [line('1'), line('2')])
  await drop('2.csv', [line('3')])
  await vi.waitUntil(() => existsSync(path.join(dropDir, MAPPING, 'loaded', '2.csv')), { timeout: 60_000 })
  await vi.waitUntil(async () => (await readdir(path.join(dropDir, MAPPING))).length === 1, {
    timeout: 60_000,
  })
  expect((await readdir(path.join(dropDir, MAPPING, 'loaded'))).sort()).toEqual([
    '1.csv',
    '1.csv.summary.json',
    '2.csv',
    '2.csv.summary.json',
  ])
  expect(await countEvents()).toBe(3)
  expect((await fileStates()).sort()).toEqual([
    ['1.csv', 'loaded'],
    ['2.csv', 'loaded'],
  ])
  await Promise.all(intakes.map(intake => intake.stop()))
})

test('a stray line on the output of the import ends neither it nor the intake', async () => {
  const intake = await startIntakeProcess(database.url, {
    DROP_DIR: dropDir,
    NODE_OPTIONS: "--import=data:text/javascript,console.log('stray')",
  })
  await drop('1.csv', [line('1')])
  await vi.waitFor(
    async () => {
      const metrics = await (await fetch(`${intake.url}/metrics`)).text()
      expect(metrics).toContain('tillstream_intake_files_total{state="loaded"} 1')
    },
    { timeout: 60_000, interval: 100 },
  )
  expect(intake.output()).toContain('drop folder: stray')
  expect(await intake.end('SIGTERM')).toBe(0)
})

test('an intake killed in the middle of a file: another goes on, and every document counts once', async () => {
  const documents = Array.from({ length: 20_000 }, (_, index) => line(`${index}`))
  await drop('large.csv', documents)
  const first: IntakeProcess = await startIntakeProcess(database.url, { DROP_DIR: dropDir })
  await vi.waitUntil(async () => (await countEvents()) > 0, { timeout: 60_000, interval: 5 })
  await first.end('SIGKILL')
  const afterKill = await countEvents()
  expect(existsSync(path.join(dropDir, MAPPING, 'large.csv'))).toBe(true)
  const second = await startIntakeProcess(database.url, { DROP_DIR: dropDir })
  await vi.waitUntil(() => existsSync(path.join(dropDir, MAPPING, 'loaded', 'large.csv')), {
    timeout: 60_000,
  })
  expect(await countEvents()).toBe(20_000)
  console.log(`killed after ${afterKill} of 20,000 documents`)
  expect(await fileStates()).toEqual([
    ['large.csv', 'failed'],
    ['large.csv', 'loaded'],
  ])
  await second.end('SIGTERM')
})
