import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addDays } from '#domain/calendar.ts'
import { placed } from '#domain/testing/events.ts'
import { openServing, type Serving } from '#server/serving/serving.ts'
import { createTestPaths, type TestPaths } from '#server/serving/testing/paths.ts'
import { readCompleteness, readReconciliations } from './checks.ts'
import {
  listDeadLetters,
  listLetterGroups,
  readDeadLetter,
  requeueDeadLetter,
  requeueLetters,
} from './dead-letters.ts'
import { readDropFolders } from './drop-folders.ts'
import { readFlow } from './flow.ts'
import { type GridCell, readCell, readJobGrid } from './job-grid.ts'
import { readJobRequests, requestJob } from './job-requests.ts'
import { listRuns } from './ledger.ts'
import { readScenarios, startScenario, stopScenario } from './scenarios.ts'
import { readSources } from './sources.ts'

const DAY = '2026-03-02'
const NEXT = '2026-03-03'

let database: TestDatabase
let serving: Serving
let paths: TestPaths

beforeAll(async () => {
  database = await createTestDatabase()
  serving = openServing(database.url)
  paths = await createTestPaths(database.sql)
  await sell('o-1', DAY)
  await paths.batch({ store: 'berlin', day: DAY })
  await paths.stream()
})
afterAll(async () => {
  await serving.close()
  await database.drop()
})

async function sell(id: string, day: string): Promise<void> {
  await paths.send([
    placed({ id, at: `${day}T10:00:00+01:00` }, [{ sku: 'tea', units: 1, unitPrice: '2.50' }]),
  ])
}

/** The planner follows the log: it has seen that a store's day reaches to the end of it. */
async function planner(store: string, day: string): Promise<void> {
  const last = paths.lastOffset(store)
  await database.sql`
    insert into batch.day_head (store, business_day, partition, first_offset, first_appended_at, last_offset,
      last_appended_at, events)
    select ${store}, ${day}, partition, ${last}, now(), ${last}, now(), 1 from ref.stores where store = ${store}
    on conflict (store, business_day) do update set last_offset = excluded.last_offset`
}

/** What the planner says at a tick of a slot that is not settled, of the run that stands by now. */
async function verdict(job: string, period: string, state: 'due' | 'waiting' | 'early'): Promise<void> {
  await database.sql`
    insert into batch.open_slots (job, store, period, partition, state, reason, run_id, judged_at)
    select ${job}, 'berlin', ${period}, 0, ${state}, 'new events', (
      select run_id from batch.current_runs where job = ${job} and store = 'berlin' and period = ${period}), now()
    on conflict (job, store, period) do update set state = excluded.state, run_id = excluded.run_id`
}

/** An attempt in the ledger whose claim lives as long as this test. */
async function attempt(job: string, period: string, state: string, error: string | null = null) {
  const [run] = await database.sql<{ runId: number }[]>`
    insert into batch.runs (job, store, period, state, trigger, attempt, code_version, rules_version, partition,
      through_offset, error, finished_at, backend_pid, backend_start)
    values (${job}, 'berlin', ${period}, ${state}, 'schedule', 1, 'test', 1, 0, 1, ${error},
      ${state === 'running' ? null : Date.now()}, 0, now())
    returning run_id as "runId"`
  return run?.runId ?? 0
}

async function cell(job: string, period: string): Promise<GridCell | undefined> {
  const grid = await readJobGrid(serving)
  return grid.rows.find(row => row.job === job)?.cells.find(entry => entry.period === period)
}

describe('the grid of jobs', () => {
  it('says succeeded where a run has read all, missing where a due report has none', async () => {
    expect(await cell('daily_sales', DAY)).toEqual({
      period: DAY,
      state: 'succeeded',
      stores: { succeeded: 1 },
    })
    await verdict('daily_inventory', DAY, 'due')
    await verdict('weekly_sales', DAY, 'due')
    await verdict('monthly_sales', '2026-03-01', 'waiting')
    expect(await cell('daily_inventory', DAY)).toMatchObject({ state: 'missing' })
    expect(await cell('weekly_sales', DAY)).toMatchObject({ state: 'missing' })
    expect(await cell('monthly_sales', '2026-03-01')).toMatchObject({ state: 'missing' })
  })

  it('says outdated once the planner has seen an event that the run has not read', async () => {
    await sell('o-2', DAY)
    expect(await cell('daily_sales', DAY)).toMatchObject({ state: 'succeeded' })
    await verdict('daily_sales', DAY, 'due')
    expect(await cell('daily_sales', DAY)).toMatchObject({ state: 'outdated' })
    expect((await readCell(serving, { job: 'daily_sales', period: DAY })).stores).toMatchObject([
      { store: 'berlin', state: 'outdated', reason: 'new events' },
    ])
    await paths.batch({ store: 'berlin', day: DAY })
    expect(await cell('daily_sales', DAY)).toMatchObject({ state: 'succeeded' })
  })

  it('says failed from a failed attempt until a run succeeds, running while one runs', async () => {
    const failed = await attempt('daily_sales', DAY, 'failed', 'daily_sales: a row counts twice')
    expect(await cell('daily_sales', DAY)).toMatchObject({ state: 'failed', stores: { failed: 1 } })
    const detail = await readCell(serving, { job: 'daily_sales', period: DAY })
    expect(detail.stores).toMatchObject([{ store: 'berlin', state: 'failed' }])
    expect(detail.runs[0]).toMatchObject({ runId: failed, error: 'daily_sales: a row counts twice' })

    const running = await attempt('daily_sales', DAY, 'running')
    expect(await cell('daily_sales', DAY)).toMatchObject({ state: 'running' })
    await database.sql`delete from batch.runs where run_id = ${running}`
    await paths.batch({ store: 'berlin', day: DAY })
    expect(await cell('daily_sales', DAY)).toMatchObject({ state: 'succeeded' })
  })

  it('says outdated where a figure it was computed from has changed', async () => {
    await database.sql`
      insert into batch.current_runs (job, store, period, run_id, code_version, rules_version, partition,
        through_offset, through_appended_at, row_count, checksum, computed_at, inputs)
      select 'monthly_sales', store, '2026-03-01', run_id + 1, code_version, 1, partition, 99, now(), 1, 'x', now(),
        jsonb_build_object('daily_sales', jsonb_build_object(period::text, checksum), 'categories', '{"": "y"}'::jsonb)
      from batch.current_runs where job = 'daily_sales' and store = 'berlin' and period = ${DAY}`
    // The verdict of before was about a month without a run.
    expect(await cell('monthly_sales', '2026-03-01')).toMatchObject({ state: 'succeeded' })
    await verdict('monthly_sales', '2026-03-01', 'due')
    expect(await cell('monthly_sales', '2026-03-01')).toMatchObject({ state: 'outdated' })
  })

  it('says not due for a report that waits for the end of a day which goes on', async () => {
    const today = addDays(new Date().toISOString().slice(0, 10), 1)
    await planner('berlin', today)
    await verdict('completeness', today, 'early')
    await verdict('daily_sales', today, 'due')
    expect(await cell('completeness', today)).toMatchObject({ state: 'not-due' })
    expect(await cell('daily_sales', today)).toMatchObject({ state: 'missing' })
    await database.sql`delete from batch.day_head where business_day = ${today}`
  })

  it('refuses the detail of what is no report', async () => {
    await expect(readCell(serving, { job: 'reconciliation', period: DAY })).rejects.toThrow('is no report')
  })
})

describe('the ledger', () => {
  it('is filtered, newest first, page by page', async () => {
    await attempt('daily_reviews', DAY, 'failed', 'one')
    await attempt('daily_reviews', DAY, 'failed', 'two')
    const filter = { job: 'daily_reviews', state: 'failed' as const, store: 'berlin', limit: 1 }
    const first = await listRuns(serving, filter)
    expect(first.runs.map(({ error }) => error)).toEqual(['two'])
    const second = await listRuns(serving, { ...filter, cursor: first.nextCursor })
    expect(second).toMatchObject({ runs: [{ error: 'one' }], nextCursor: null })
  })
})

describe('a request for a job', () => {
  it('is a row that the jobs process can take, told to open pages', async () => {
    const request = await requestJob(serving, { job: 'daily_sales', from: DAY, to: DAY })
    const { requests, range, heartbeatAt } = await readJobRequests(serving)
    expect(requests[0]).toMatchObject({ request, job: 'daily_sales', from: DAY, to: DAY, state: 'requested' })
    expect(range).toEqual({ from: DAY, to: DAY })
    expect(heartbeatAt).toBeNull()
    const [entry] = await database.sql`select payload from live.ops_lane where kind = 'job_request'`
    expect(entry).toMatchObject({ payload: { request, job: 'daily_sales', state: 'requested' } })
  })

  it('is refused while the same has not ended, also when two press at once', async () => {
    const question = { job: 'all', from: DAY, to: DAY }
    const outcomes = await Promise.allSettled([requestJob(serving, question), requestJob(serving, question)])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    await expect(requestJob(serving, question)).rejects.toThrow('asks for the same')
    await database.sql`update live.job_requests set state = 'succeeded'`
    await expect(requestJob(serving, question)).resolves.toBeGreaterThan(0)
  })

  it('is held against the jobs there are and the days of the log', async () => {
    const refusals: [Parameters<typeof requestJob>[1], string][] = [
      [{ job: 'dayly_sales', from: DAY, to: DAY }, 'There is no job "dayly_sales"'],
      [{ job: 'daily_sales' }, 'needs a first and a last day'],
      [{ job: 'daily_sales', from: NEXT, to: DAY }, 'lies before the first'],
      [{ job: 'daily_sales', from: DAY, to: NEXT }, `The log holds business days ${DAY} to ${DAY}`],
    ]
    for (const [question, message] of refusals)
      await expect(requestJob(serving, question)).rejects.toThrow(message)
  })

  it('takes no days for a job that takes no range', async () => {
    await requestJob(serving, { job: 'reviews_import', from: DAY, to: DAY })
    const { requests } = await readJobRequests(serving)
    expect(requests[0]).toMatchObject({ job: 'reviews_import', from: null, to: null })
  })
})

describe('a dead letter', () => {
  async function keep(letter: { source: string; reason: string; payload: string; metIn?: object }) {
    const [row] = await database.sql<{ id: number }[]>`
      insert into intake.dead_letters (met_in, source, event_id, store, reason, detail, payload)
      values (${database.sql.json((letter.metIn ?? { request: 'r', index: 0, remote: '127.0.0.1' }) as never)},
        ${letter.source}, 'e-1', 'berlin', ${letter.reason}, 'the detail', ${Buffer.from(letter.payload)})
      returning dead_letter as id`
    return row?.id ?? 0
  }

  it('is found by reason, state and part of its source; the reasons of open ones are counted', async () => {
    await keep({ source: 'till_1', reason: 'unknown_store', payload: '{"id":"1"}' })
    await keep({ source: 'tillx1', reason: 'unknown_store', payload: '{}' })
    await keep({ source: 'till-2', reason: 'invalid_json', payload: '{"half' })
    const page = await listDeadLetters(serving, { search: 'till_1', limit: 10 })
    expect(page.letters).toMatchObject([
      {
        source: 'till_1',
        state: 'open',
        metIn: 'event 1 of a request from 127.0.0.1',
        settlement: null,
        bytes: 10,
      },
    ])
    expect(page.openReasons).toEqual([
      { reason: 'unknown_store', letters: 2 },
      { reason: 'invalid_json', letters: 1 },
    ])
    const broken = await listDeadLetters(serving, { reason: 'invalid_json', state: 'open', limit: 10 })
    expect(broken.letters.map(({ source }) => source)).toEqual(['till-2'])
    expect((await listDeadLetters(serving, { state: 'requeued', limit: 10 })).letters).toEqual([])
  })

  it('shows a long payload by its beginning, whole when it is opened', async () => {
    const payload = JSON.stringify({ id: 'x'.repeat(2_000) })
    const id = await keep({
      source: 'long',
      reason: 'invalid_field',
      payload,
      metIn: { file: 'a.csv', row: 7 },
    })
    const [listed] = (await listDeadLetters(serving, { search: 'long', limit: 1 })).letters
    expect(listed).toMatchObject({ bytes: payload.length, metIn: 'row 7 of a.csv', isFromFile: true })
    expect(listed?.excerpt).toHaveLength(240)
    expect((await readDeadLetter(serving, id))?.payload).toMatchObject({ isCut: false })
    expect(await readDeadLetter(serving, 999_999)).toBeNull()
  })

  it('is grouped with the open ones of its reason and source', async () => {
    const { groups, count, letters } = await listLetterGroups(serving)
    expect(groups.map(({ reason, source, letters: many }) => [reason, source, many])).toEqual([
      ['invalid_field', 'long', 1],
      ['invalid_json', 'till-2', 1],
      ['unknown_store', 'till_1', 1],
      ['unknown_store', 'tillx1', 1],
    ])
    expect({ count, letters }).toEqual({ count: 4, letters: 4 })
    const ofTill = await listDeadLetters(serving, { source: 'till_1', limit: 10 })
    expect(ofTill.letters.map(({ source }) => source)).toEqual(['till_1'])
  })

  it('is repaired as the others of its group and sent again; what has nothing to repair stays', async () => {
    const sent: { deadLetter: number; payload: string | null }[] = []
    const intake = {
      readiness: async () => 'ok',
      send: async () => ({ kind: 'taken' as const, rejected: [] }),
      async requeue(request: { deadLetter: number; payload: string | null }) {
        sent.push(request)
        return { kind: 'appended' as const }
      },
      discard: async () => ({ kind: 'discarded' as const }),
    }
    const one = await keep({ source: 'bulk', reason: 'unknown_store', payload: '{"id":"1","store":"mite"}' })
    const other = await keep({
      source: 'bulk',
      reason: 'unknown_store',
      payload: '{"id":"2","store":"porto"}',
    })
    const repair = { kind: 'set', field: 'store', from: 'mite', to: 'mitte' } as const
    const group = { reason: 'unknown_store', source: 'bulk' }
    expect(await requeueLetters({ ...serving, intake }, { ...group, repair })).toEqual({
      counted: 1,
      duplicates: 0,
      refused: 0,
      untouched: 1,
      through: other,
      left: 0,
    })
    expect(sent).toEqual([{ deadLetter: one, payload: '{"id":"1","store":"mitte"}' }])
    // As they are, from where the press before ended.
    await requeueLetters({ ...serving, intake }, { ...group, repair: null, after: one })
    expect(sent.slice(1)).toEqual([{ deadLetter: other, payload: null }])
    await database.sql`delete from intake.dead_letters where source = 'bulk'`
  })

  it('cannot be requeued where no intake belongs to the process', async () => {
    await expect(requeueDeadLetter(serving, { deadLetter: 1, payload: '{}' })).rejects.toThrow('No intake')
  })
})

describe('a scenario', () => {
  it('is refused while no simulators run, and when it plays already', async () => {
    expect((await readScenarios(serving)).simulators).toBeNull()
    await expect(startScenario(serving, { scenario: 'rush', minutes: null })).rejects.toThrow(
      'npm run simulate',
    )
    await beat(0)
    const run = await startScenario(serving, { scenario: 'rush', minutes: null })
    expect(await readScenarios(serving)).toMatchObject({
      simulators: { isAlive: true },
      runs: [{ run, scenario: 'rush', state: 'requested' }],
    })
    await expect(startScenario(serving, { scenario: 'rush', minutes: null })).rejects.toThrow(`run ${run}`)
    await expect(startScenario(serving, { scenario: 'rash', minutes: null })).rejects.toThrow(
      'There is no scenario',
    )
  })

  it('is asked to end, and lasts as long as was asked for', async () => {
    const [rush] = (await readScenarios(serving)).runs
    const other = await startScenario(serving, { scenario: 'hot-store', minutes: 2 })
    await stopScenario(serving, rush?.run ?? 0)
    expect((await readScenarios(serving)).runs).toMatchObject([
      { run: other, state: 'requested' },
      { run: rush?.run, state: 'stopping', endedAt: null },
    ])
    const rows = await database.sql`select minutes from live.scenario_runs order by run`
    expect([...rows]).toEqual([{ minutes: null }, { minutes: 2 }])
  })

  it('whose simulators are gone ends at once', async () => {
    await beat(60)
    const { runs } = await readScenarios(serving)
    for (const { run } of runs) await stopScenario(serving, run)
    expect((await readScenarios(serving)).runs.every(({ state }) => state === 'ended')).toBe(true)
    await expect(stopScenario(serving, runs[0]?.run ?? 0)).rejects.toThrow('has ended already')
  })

  async function beat(secondsAgo: number): Promise<void> {
    await database.sql`
      insert into live.simulator_heartbeat (beat_at, scenario, speed, waiting)
      values (clock_timestamp() - make_interval(secs => ${secondsAgo}), 'ordinary', 1, 0)
      on conflict (only_row) do update set beat_at = excluded.beat_at`
  }
})

describe('the flow', () => {
  it('tells offsets, lag and rates of every partition, and who is down', async () => {
    // The tests before may have taken more than the minute that is looked back on.
    await database.sql`update log.event_log set appended_at = clock_timestamp()`
    const flow = await readFlow(serving)
    expect(flow.partitions).toHaveLength(4)
    expect(flow.partitions.reduce((sum, { end }) => sum + end, 0)).toBe(2)
    expect(flow.partitions.reduce((sum, { streamLagEvents }) => sum + streamLagEvents, 0)).toBe(1)
    expect(flow.perMinute).toMatchObject({ live: 2, bulk: 0 })
    expect(flow.openLetters).toBe(4)
    expect(flow.health).toMatchObject({
      tills: { health: 'ok' },
      intake: { health: 'ok' },
      stream: { health: 'down' },
      batch: { health: 'down', why: 'no schedule has run yet: does the jobs process run?' },
    })
  })

  it('lists sources with watermark and idleness, slowest marked, and files beside them', async () => {
    const { sql } = database
    await sql`
      insert into stream.sources (generation, partition, source, max_event_time, last_appended_at)
      select 1, c.partition, name, c.appended_at + lag, c.appended_at + silent
      from stream.checkpoints c
      cross join (values
        ('till-a', interval '-40 s', interval '0 s'), ('till-b', interval '-10 s', interval '0 s'),
        ('till-c', interval '-3 h', interval '-60 s')) as source(name, lag, silent)
      limit 3`
    await sql`
      insert into intake.files (mapping, name, sha256, state, finished_at)
      values ('journal', 'a.ndjson', 'x', 'loaded', now())`
    const { sources } = await readSources(serving)
    const by = new Map(sources.map(source => [source.source, source]))
    expect(by.get('till-a')).toMatchObject({ isIdle: false, isSlowest: true })
    expect(by.get('till-b')).toMatchObject({ isIdle: false, isSlowest: false })
    expect(by.get('till-c')).toMatchObject({ isIdle: true, isSlowest: false })
    expect(by.get('files: journal')).toMatchObject({ class: 'bulk', files: { loaded: 1, failed: 0 } })
  })
})

describe('the drop folders', () => {
  it('tells what lies there untaken and why, and whether anybody still looks', async () => {
    const { sql } = database
    await sql`
      insert into intake.drop_folders (drop_dir, looked_at, problem, untaken)
      values ('/drop', now() - interval '5 s', null, 2), ('/old', now() - interval '2 min', 'permission denied', 0)`
    await sql`
      insert into intake.untaken_files (drop_dir, place, reason, detail, since, next_try_at)
      values ('/drop', 'journal/1.csv', 'failing', 'try 1 of 10 failed', now() - interval '1 min', now()),
        ('/drop', 'journal/link', 'no_regular_file', 'it is a symbolic link', now(), null)`
    const { folders } = await readDropFolders(serving)
    expect(folders).toMatchObject([
      {
        dropDir: '/drop',
        isStale: false,
        problem: null,
        untakenCount: 2,
        untaken: [
          { place: 'journal/link', detail: 'it is a symbolic link', nextTryAt: null },
          { place: 'journal/1.csv', detail: 'try 1 of 10 failed', nextTryAt: expect.any(Number) },
        ],
      },
      { dropDir: '/old', isStale: true, problem: 'permission denied', untaken: [] },
    ])
    expect((await readFlow(serving)).files.untaken).toBe(3)
  })
})

describe('the checks', () => {
  it('lists reconciliations with what still stands of each', async () => {
    const { sql } = database
    const run = await attempt('reconciliation', DAY, 'succeeded')
    await sql`
      insert into recon.reconciliation (business_day, store, currency, metric, batch, stream, after_batch,
        before_stream, rule_version, unexplained, after_batch_events, before_stream_events, run_id, batch_through,
        stream_through, partition, computed_at)
      values (${DAY}, 'berlin', 'EUR', 'net', 1, 3, 2, 0, 0, 0, 1, 0, ${run}, 1, 2, 0, now()),
        (${DAY}, 'berlin', 'EUR', 'orders', 1, 1, 0, 0, 0, 0, 0, 0, ${run}, 1, 2, 0, now())`
    const compared = { from: DAY, to: DAY, figures: 2, differing: 1, explained: 1, unexplained: 0 }
    expect(await readReconciliations(serving)).toMatchObject({
      total: compared,
      runs: [{ runId: run, state: 'succeeded', standing: compared, findings: 0 }],
    })
  })

  it('holds the log against the Z reports, per store, register and day', async () => {
    const { sql } = database
    expect(await readCompleteness(serving)).toEqual({ days: [], stores: [] })
    await sql`
      insert into batch.completeness (business_day, store, register, currency, z_orders, z_net, log_orders, log_net, state, run_id)
      values (${DAY}, 'berlin', '1', 'EUR', 3, 75000, 2, 50000, 'different', 7),
        (${DAY}, 'berlin', '2', 'EUR', null, null, 2, 50000, 'missing', 7)`
    await sql`
      insert into batch.current_runs (job, store, period, run_id, code_version, rules_version, partition,
        through_offset, through_appended_at, row_count, checksum, computed_at)
      values ('completeness', 'berlin', ${DAY}, 7, '1', 1, 0, 2, now(), 2, 'x', now())`
    const { days, stores } = await readCompleteness(serving)
    expect(days).toHaveLength(14)
    expect(days.at(-1)).toBe(DAY)
    expect(stores).toMatchObject([
      {
        store: 'berlin',
        registers: [
          { register: '1', state: 'different', zOrders: 3, zNet: '7.5000', logOrders: 2, logNet: '5.0000' },
          { register: '2', state: 'missing', zOrders: null, zNet: null },
        ],
      },
    ])
  })
})
