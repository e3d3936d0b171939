import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Sql } from '#db/client.ts'
import { addDays } from '#domain/calendar.ts'
import { formatInstant } from '#domain/instant.ts'
import { createTestBatch } from './testing/batch.ts'
import { startJobsProcess } from './testing/process.ts'

const SOON = { timeout: 60_000, interval: 50 }
const NEW_YEAR = '0 0 1 1 *'
const EVERY_TWO_SECONDS = '*/2 * * * * *'

async function createDropDir(): Promise<string> {
  const dropDir = await mkdtemp(path.join(os.tmpdir(), 'tillstream-jobs-drop-'))
  onTestFinished(() => rm(dropDir, { recursive: true, force: true }))
  return dropDir
}

async function drop(dropDir: string, file: string, events: readonly object[]): Promise<void> {
  const target = path.join(dropDir, file)
  await mkdir(path.dirname(target), { recursive: true })
  await writeFile(target, events.map(event => `${JSON.stringify(event)}\n`).join(''))
  await writeFile(`${target}.done`, '')
}

function at(day: string, time: string) {
  return { source: 'berlin', store: 'berlin', register: 'till-1', eventTime: `${day}T${time}:00+01:00` }
}

function sale(id: string, day: string): object {
  const lines = [{ sku: 'tea', units: 1, unitPrice: '2.50' }]
  const header = { channel: 'pos', orderId: id, currency: 'EUR' }
  return { ...at(day, '10:00'), id, type: 'order.placed', ...header, lines }
}

function closing(day: string, orders: number, net: string): object {
  const totals = { businessDay: day, currency: 'EUR', orders, units: orders, net }
  return { ...at(day, '20:00'), id: `z-${day}`, type: 'till.closed', ...totals }
}

function review(id: string): object {
  return { ...at('2026-03-02', '12:00'), id, type: 'review.posted', sku: 'tea', rating: 5 }
}

async function ledgerOf(sql: Sql, job: string) {
  const rows = await sql<{ state: string; trigger: string; rows: number | null }[]>`
    select state, trigger, row_count as rows from batch.runs where job = ${job} order by run_id`
  return rows.map(row => ({ ...row }))
}

function startSchedule(databaseUrl: string, dropDir: string, schedule: string) {
  const environment = { BATCH_SCHEDULE: schedule, DROP_DIR: dropDir }
  return startJobsProcess({ entry: 'schedule/main.ts', args: [], databaseUrl, environment })
}

test('by hand, reviews_import loads the reviews and journal_import everything else', async () => {
  const { url, sql } = await createTestBatch()
  const dropDir = await createDropDir()
  await drop(dropDir, 'reviews/1.ndjson', [review('r1'), review('r2')])
  await drop(dropDir, 'journal/berlin-2026-03-02.ndjson', [sale('1', '2026-03-02')])
  const command = (line: string) =>
    startJobsProcess({
      entry: 'main.ts',
      args: line.split(' '),
      databaseUrl: url,
      environment: { DROP_DIR: dropDir },
    }).ended
  expect(await command('run reviews_import')).toMatchObject({ code: 0, stdout: 'reviews/1.ndjson: loaded\n' })
  expect(await command('run journal_import')).toMatchObject({
    code: 0,
    stdout: 'journal/berlin-2026-03-02.ndjson: loaded\n',
  })
  expect(await ledgerOf(sql, 'reviews_import')).toEqual([{ state: 'succeeded', trigger: 'manual', rows: 2 }])
  const { stdout } = await command('list')
  expect(stdout).toMatch(/reviews_import +every half hour, when files lie ready/)
  expect(stdout).toMatch(/journal_import +at every tick, when files lie ready/)
})

test('the schedule loads at its start what lies ready, reviews too, and leaves no entry where nothing does', async () => {
  const { url, sql } = await createTestBatch()
  const dropDir = await createDropDir()
  await drop(dropDir, 'reviews/1.ndjson', [review('r1')])
  startSchedule(url, dropDir, NEW_YEAR)
  await vi.waitUntil(() => existsSync(path.join(dropDir, 'reviews', 'loaded', '1.ndjson')), SOON)
  // The tick after it has the review in its figures.
  await vi.waitUntil(async () => (await sql`select from batch.daily_reviews`).length === 1, SOON)
  await vi.waitUntil(async () => (await ledgerOf(sql, 'ledger_retention')).length === 1, SOON)
  expect(await ledgerOf(sql, 'expected_sales')).toMatchObject([{ state: 'succeeded', trigger: 'schedule' }])
  expect(await ledgerOf(sql, 'reviews_import')).toEqual([
    { state: 'succeeded', trigger: 'schedule', rows: 1 },
  ])
  expect(await ledgerOf(sql, 'journal_import')).toEqual([])
})

test('two schedules load a file once', async () => {
  const { url, sql } = await createTestBatch()
  const dropDir = await createDropDir()
  const reviews = Array.from({ length: 3_000 }, (_, index) => review(`r${index}`))
  await drop(dropDir, 'reviews/1.ndjson', reviews)
  startSchedule(url, dropDir, NEW_YEAR)
  startSchedule(url, dropDir, NEW_YEAR)
  await vi.waitUntil(() => existsSync(path.join(dropDir, 'reviews', 'loaded', '1.ndjson.summary.json')), SOON)
  await vi.waitUntil(
    async () => !(await ledgerOf(sql, 'reviews_import')).some(run => run.state === 'running'),
    SOON,
  )
  const [loaded] = await sql<{ events: number; files: number }[]>`
    select (select count(*) from log.event_log where type = 'review.posted') as events,
      (select count(*) from intake.files) as files`
  expect(loaded).toEqual({ events: 3_000, files: 1 })
})

// Of late: what has not come within four weeks is awaited no longer.
const [FIRST, SECOND] = [-3, -2].map(days => addDays(formatInstant(Date.now()).slice(0, 10), days)) as [
  string,
  string,
]

test('a journal in pieces: one tick after the last, completeness moves from awaiting journal to complete', async () => {
  const { url, sql } = await createTestBatch()
  await sql`update ref.store_versions set input = 'journal' where store = 'berlin'`
  const dropDir = await createDropDir()
  await drop(dropDir, `journal/berlin-${FIRST}.ndjson`, [sale('1', FIRST), closing(FIRST, 1, '2.50')])
  startSchedule(url, dropDir, EVERY_TWO_SECONDS)
  const stateIs = (state: string, orders: number) =>
    vi.waitUntil(async () => {
      const [row] = await sql<{ state: string; orders: number }[]>`
        select state, log_orders as orders from batch.completeness where business_day = ${SECOND}`
      return row?.state === state && row.orders === orders
    }, SOON)
  await stateIs('awaiting journal', 0)
  await drop(dropDir, `journal/berlin-${SECOND}-1.ndjson`, [sale('2', SECOND)])
  await stateIs('awaiting journal', 1)
  const last = [sale('3', SECOND), closing(SECOND, 2, '5.00')]
  await drop(dropDir, `journal/berlin-${SECOND}-2.ndjson`, last)
  await stateIs('complete', 2)
  // The run of the very tick that loaded the file: none was left behind for the next.
  const [order] = await sql<{ inOneTick: boolean }[]>`
    select (
      select min(run_id) from batch.runs
      where job = 'completeness' and period = ${SECOND} and run_id > loaded.run_id
    ) = (
      select max(run_id) from batch.runs where job = 'completeness' and period = ${SECOND}
    ) as "inOneTick"
    from (select max(run_id) as run_id from batch.runs where job = 'journal_import' and state = 'succeeded') loaded`
  expect(order).toEqual({ inOneTick: true })
})
