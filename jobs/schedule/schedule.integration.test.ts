import pino from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import { connect, type Sql } from '#db/client.ts'
import { startPrivatePostgres } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { placed, toLogEvents } from '#domain/testing/events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { createTestBatch } from '#jobs/testing/batch.ts'
import { startJobsProcess } from '#jobs/testing/process.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { batchTick, type FollowUp } from './batch-tick.ts'
import { runSchedule, type ScheduledTask } from './schedule.ts'

const EVERY_SECOND = '* * * * * *'
const NEW_YEAR = '0 0 1 1 *'

async function sell(sql: Sql, id: string): Promise<void> {
  const sale = placed({ id, at: '2026-03-02T10:00:00+01:00' }, [{ sku: 'tea', units: 1, unitPrice: '2.50' }])
  await appendTestEvents(sql, toLogEvents(sale))
}

async function gross(sql: Sql): Promise<number> {
  const [row] = await sql<
    { gross: number }[]
  >`select coalesce(sum(gross), 0)::bigint as gross from batch.daily_sales`
  return row?.gross ?? 0
}

function start(
  databaseUrl: string,
  schedule: string,
  { followUps = [], others = [] }: { followUps?: FollowUp[]; others?: ScheduledTask[] } = {},
): void {
  const stop = new AbortController()
  const ended = runSchedule({
    databaseUrl,
    tick: batchTick({ schedule, followUps }),
    others,
    logger: pino({ level: 'silent' }),
    signal: stop.signal,
  })
  onTestFinished(async () => {
    stop.abort()
    await ended
  })
}

const SOON = { timeout: 60_000, interval: 50 }

test('The schedule looks for work at once, not only at its first tick', async () => {
  const { url, sql } = await createTestBatch()
  await sell(sql, '1')
  start(url, NEW_YEAR)
  await vi.waitUntil(async () => (await gross(sql)) === 25_000, SOON)
})

test('Every tick picks up what came since, and what follows is told the days', async () => {
  const { url, sql } = await createTestBatch()
  const changed: string[][] = []
  const followUp: FollowUp = async ({ changedDays }) => {
    changed.push([...changedDays])
    throw new Error('what follows fails')
  }
  start(url, EVERY_SECOND, { followUps: [followUp] })
  await sell(sql, '1')
  await vi.waitUntil(async () => (await gross(sql)) === 25_000, SOON)
  await sell(sql, '2')
  await vi.waitUntil(async () => (await gross(sql)) === 50_000, SOON)
  await vi.waitUntil(() => changed.length >= 2, SOON)
  expect(changed[0]).toEqual(['2026-03-02'])
})

test('The schedule says that it lives, and when it looks next', async () => {
  const { url, sql } = await createTestBatch()
  start(url, NEW_YEAR)
  const beat = await vi.waitUntil(
    async () =>
      (
        await sql<{ age: number; next: number }[]>`
    select extract(epoch from clock_timestamp() - beat_at)::float8 as age, next_tick_at as next from batch.heartbeat`
      )[0],
    SOON,
  )
  expect(beat.age).toBeLessThan(60)
  expect(new Date(beat.next).toISOString().slice(5)).toBe('01-01T00:00:00.000Z')
})

test('A run whose process is gone is settled though nothing else is due', async () => {
  const { url, sql, connect: connectRuns } = await createTestBatch()
  const dead = connectRuns()
  await dead`
    insert into batch.runs (job, store, period, state, trigger, attempt, code_version, rules_version, partition,
      backend_pid, backend_start)
    select 'daily_sales', 'berlin', '2026-03-02', 'running', 'manual', 1, '1', 1, 0, pid, backend_start
    from pg_stat_activity where pid = pg_backend_pid()`
  start(url, NEW_YEAR)
  await dead.end()
  await vi.waitUntil(
    async () => (await sql`select from batch.runs where state = 'abandoned'`).length === 1,
    SOON,
  )
})

test('A task that fails is tried again, and keeps nothing else waiting', async () => {
  const { url, sql } = await createTestBatch()
  await sell(sql, '1')
  let turns = 0
  const failing: ScheduledTask = {
    name: 'a task',
    schedule: NEW_YEAR,
    async run() {
      turns += 1
      if (turns === 1) throw new Error('once')
    },
  }
  start(url, NEW_YEAR, { others: [failing] })
  await vi.waitUntil(() => turns === 2, SOON)
  await vi.waitUntil(async () => (await gross(sql)) === 25_000, SOON)
})

test('When the database goes away and comes back, the schedule goes on by itself', async () => {
  const server = await startPrivatePostgres()
  const sql = connect(server.url, { max: 2 })
  onTestFinished(async () => {
    await sql.end({ timeout: 1 })
    await server.drop()
  })
  await addTestStores(sql, EXAMPLE_STORES)
  await sell(sql, '1')
  start(server.url, EVERY_SECOND)
  await vi.waitUntil(async () => (await gross(sql)) === 25_000, SOON)
  await server.crash()
  await server.start()
  await vi.waitUntil(
    () =>
      sell(sql, '2').then(
        () => true,
        () => false,
      ),
    SOON,
  )
  await vi.waitUntil(async () => (await gross(sql)) === 50_000, SOON)
})

test('The process stops cleanly', async () => {
  const { url, sql } = await createTestBatch()
  await sell(sql, '1')
  const jobs = startJobsProcess({
    entry: 'schedule/main.ts',
    args: [],
    databaseUrl: url,
    environment: { BATCH_SCHEDULE: NEW_YEAR },
  })
  await vi.waitUntil(async () => (await gross(sql)) === 25_000, SOON)
  jobs.kill('SIGTERM')
  const { code, stdout } = await jobs.ended
  expect(code).toBe(0)
  expect(stdout).toContain('jobs have stopped')
})

test('A schedule that is none is refused before anything starts', async () => {
  const { url } = await createTestBatch()
  const jobs = startJobsProcess({
    entry: 'schedule/main.ts',
    args: [],
    databaseUrl: url,
    environment: { BATCH_SCHEDULE: 'hourly' },
  })
  const { code, stderr } = await jobs.ended
  expect(code).not.toBe(0)
  expect(stderr).toContain('BATCH_SCHEDULE is "hourly"')
})
