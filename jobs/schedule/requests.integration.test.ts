import pino from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Sql } from '#db/client.ts'
import { placed, toLogEvents } from '#domain/testing/events.ts'
import { createTestBatch, holdReport } from '#jobs/testing/batch.ts'
import { startJobsProcess } from '#jobs/testing/process.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { endRequest, isRequestWaiting, MAX_ATTEMPTS, serveRequests, takeRequest } from './job-requests.ts'

const SOON = { timeout: 60_000, interval: 50 }
const MARCH = { from: '2026-03-01', to: '2026-03-31' }

interface RequestRow {
  job: string
  state: string
  detail: string | null
  attempts: number
}

async function ask(sql: Sql, job: string, range: { from: string; to: string } | null = MARCH): Promise<void> {
  await sql`
    insert into live.job_requests (job, from_day, to_day)
    values (${job}, ${range?.from ?? null}, ${range?.to ?? null})`
}

async function requests(sql: Sql): Promise<RequestRow[]> {
  const rows = await sql<RequestRow[]>`
    select job, state, detail, attempts from live.job_requests order by request`
  return rows.map(row => ({ ...row }))
}

async function announced(sql: Sql): Promise<[job: string, state: string][]> {
  const rows = await sql<{ job: string; state: string }[]>`
    select payload ->> 'job' as job, payload ->> 'state' as state from live.ops_lane
    where kind = 'job_request' order by sequence`
  return rows.map(({ job, state }) => [job, state])
}

async function sell(sql: Sql): Promise<void> {
  const sale = placed({ id: '1', at: '2026-03-02T10:00:00+01:00' }, [
    { sku: 'tea', units: 1, unitPrice: '2.50' },
  ])
  await appendTestEvents(sql, toLogEvents(sale))
}

function serve(runs: Sql, databaseUrl: string, signal = new AbortController().signal): Promise<void> {
  return serveRequests(runs, {
    databaseUrl,
    otherJobs: [],
    logger: pino({ level: 'silent' }),
    report: () => {},
    signal,
  })
}

/** The schedule as a process, with nothing to do by itself. */
function startSchedule(databaseUrl: string) {
  return startJobsProcess({
    entry: 'schedule/main.ts',
    args: [],
    databaseUrl,
    environment: { BATCH_SCHEDULE: '0 0 1 1 *' },
  })
}

test('what a page asks for is done by the running schedule, with its runs in the ledger', async () => {
  const { url, sql } = await createTestBatch()
  await sell(sql)
  startSchedule(url)
  // The figures that are due at the start, so that what follows is the request's.
  await vi.waitUntil(async () => (await sql`select from batch.current_runs`).length > 0, SOON)
  await ask(sql, 'all')
  await ask(sql, 'reconciliation')
  await vi.waitUntil(async () => (await requests(sql)).every(({ state }) => state === 'succeeded'), SOON)
  expect(await requests(sql)).toEqual([
    {
      job: 'all',
      state: 'succeeded',
      detail: expect.stringMatching(/^\d+ runs, \d+ rows, \d+\.\d s$/),
      attempts: 1,
    },
    {
      job: 'reconciliation',
      state: 'succeeded',
      detail: expect.stringMatching(/^\d+ figures compared, \d+ differ, all explained, \d+\.\d s$/),
      attempts: 1,
    },
  ])
  expect(await announced(sql)).toEqual([
    ['all', 'running'],
    ['all', 'succeeded'],
    ['reconciliation', 'running'],
    ['reconciliation', 'succeeded'],
  ])
  const ledger = await sql<{ job: string }[]>`
    select distinct job from batch.runs where trigger = 'request' and state = 'succeeded'`
  expect(ledger.map(({ job }) => job)).toEqual(expect.arrayContaining(['daily_sales', 'reconciliation']))
})

test('two schedulers never do one request twice', async () => {
  const { url, sql, connect } = await createTestBatch()
  await sell(sql)
  const count = 20
  for (let index = 0; index < count; index += 1) await ask(sql, 'daily_reviews')
  await Promise.all([serve(connect(), url), serve(connect(), url)])
  expect((await requests(sql)).map(({ state, attempts }) => [state, attempts])).toEqual(
    Array.from({ length: count }, () => ['succeeded', 1]),
  )
  expect((await announced(sql)).filter(([, state]) => state === 'running')).toHaveLength(count)
})

test('nobody waits for a request that another is just taking', async () => {
  const { sql, connect } = await createTestBatch()
  for (const job of ['daily_sales', 'hourly_sales', 'daily_reviews']) await ask(sql, job)
  const other = await sql.reserve()
  await other`begin`
  await other`select from live.job_requests where job = 'daily_sales' for update`
  const taken = await Promise.all([takeRequest(connect()), takeRequest(connect())])
  expect(taken.map(request => request?.job).sort()).toEqual(['daily_reviews', 'hourly_sales'])
  await other`rollback`
  other.release()
})

test('the request of a process that was killed is taken up by the next', async () => {
  const { url, sql } = await createTestBatch()
  await sell(sql)
  const held = await holdReport(sql, 'daily_sales')
  await ask(sql, 'daily_sales')
  const runs = startSchedule(url)
  await held.reached()
  await vi.waitUntil(
    async () => (await requests(sql))[0]?.state === 'running' || (await held.reached()),
    SOON,
  )
  runs.kill('SIGKILL')
  await runs.ended
  await held.release()
  startSchedule(url)
  await vi.waitUntil(async () => (await requests(sql))[0]?.state === 'succeeded', SOON)
  const states = await sql<{ state: string }[]>`
    select distinct state from batch.runs where job = 'daily_sales' order by state`
  expect(states.map(({ state }) => state)).toEqual(['abandoned', 'succeeded'])
})

test('a request is held by its connection: when that is gone it waits again, and the first owner says no more', async () => {
  const { sql, connect } = await createTestBatch()
  await ask(sql, 'daily_sales')
  const first = connect()
  const taken = await takeRequest(first)
  expect(await isRequestWaiting(sql)).toBe(false)
  expect(await takeRequest(connect())).toBeNull()
  await first.end()
  await vi.waitUntil(() => isRequestWaiting(sql), SOON)
  const second = connect()
  expect(await takeRequest(second)).toMatchObject({ request: taken?.request, attempts: 2 })
  if (taken) await endRequest(sql, taken, { state: 'succeeded', detail: 'by one who has lost it' })
  expect(await requests(sql)).toMatchObject([{ state: 'running', detail: null }])
})

test('a request in the middle of which processes keep ending is given up', async () => {
  const { url, sql, connect } = await createTestBatch()
  await ask(sql, 'daily_sales')
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const doomed = connect()
    await vi.waitUntil(() => takeRequest(doomed), SOON)
    await doomed.end()
  }
  await vi.waitUntil(() => isRequestWaiting(sql), SOON)
  await serve(connect(), url)
  expect(await requests(sql)).toMatchObject([
    { state: 'failed', detail: 'Given up: 3 processes have ended in the middle of it.' },
  ])
})

test('what cannot be done says why', async () => {
  const { url, sql, connect } = await createTestBatch()
  await ask(sql, 'daily_salse')
  await ask(sql, 'daily_sales', null)
  await serve(connect(), url)
  expect((await requests(sql)).map(({ state, detail }) => [state, detail])).toEqual([
    ['failed', expect.stringContaining('There is no job "daily_salse": it is one of all, daily_sales, ')],
    ['failed', 'daily_sales needs days: say from which to which.'],
  ])
})

test('a run that fails is told with its error', async () => {
  const { url, sql, connect } = await createTestBatch()
  await sell(sql)
  await sql`update log.event_log set total_gross = 1`
  await ask(sql, 'all')
  await serve(connect(), url)
  expect(await requests(sql)).toMatchObject([
    {
      state: 'failed',
      detail: expect.stringMatching(/^1 run failed, the first daily_product_sales of berlin/),
    },
  ])
})

test('a process that stops leaves its request to the next', async () => {
  const { url, sql, connect } = await createTestBatch()
  await sell(sql)
  const held = await holdReport(sql, 'daily_sales')
  onTestFinished(() => held.release())
  await ask(sql, 'all')
  const stop = new AbortController()
  const runs = connect()
  const serving = serve(runs, url, stop.signal)
  const pid = await held.reached()
  stop.abort()
  await sql`select pg_terminate_backend(${pid})`
  await expect(serving).rejects.toThrow()
  await vi.waitUntil(() => isRequestWaiting(sql), SOON)
  expect(await requests(sql)).toMatchObject([{ state: 'running', detail: null }])
})
