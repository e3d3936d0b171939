import { pino } from 'pino'
import { afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { MINUTE_MS } from '#domain/instant.ts'
import type { PartitionProgress } from '#domain/replay.ts'
import { sale } from '#domain/testing/events.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import { appendAll, type StoredEvent } from '#server/log/testing/append.ts'
import { catchUp } from '#server/stream/catch-up.ts'
import { runStream } from '#server/stream/run.ts'
import { type SteadyAppends, startSteadyAppends } from '#server/stream/testing/steady-appends.ts'
import {
  type RunningProcess,
  startReplayProcess,
  startStreamProcess,
} from '#server/stream/testing/stream-process.ts'
import { modelOf, resultsOf, totalsOf } from '#server/stream/testing/tables.ts'
import { NothingRetiredError, ReplayRunningError, replay, replayAsked } from './replay.ts'

const logger = pino({ level: 'silent' })
const PARTITIONS = [0, 1, 2, 3]
const START = Date.UTC(2026, 9, 25, 0, 30)

let database: TestDatabase
let log: OrderLog
let random: () => number
let appends: SteadyAppends | null = null
const processes: RunningProcess[] = []

beforeAll(() => {
  random = seededRandom(inject('randomSeed'))
})
// A database each: generations are numbered on, and a killed replay leaves tables behind.
beforeEach(async () => {
  database = await createTestDatabase()
  await ensureLogDays(database.sql)
  log = createPostgresLog(database.sql)
})
afterEach(async () => {
  await appends?.stop()
  appends = null
  for (const running of processes.splice(0)) {
    running.signal('SIGKILL')
    await running.ended
  }
  await database.drop()
})

function started(running: RunningProcess): RunningProcess {
  processes.push(running)
  return running
}

const runReplay = (acceptsDifferences = false) =>
  replay({ url: database.url, name: 'test:1', acceptsDifferences, logger })

const goBack = () =>
  replay({ url: database.url, name: 'test:1', acceptsDifferences: false, kind: 'switch_back', logger })

interface RecordRow {
  replay: number
  kind: string
  state: string
  askedBy: string | null
  from: number | null
  to: number | null
  progress: PartitionProgress[]
  differenceCount: number | null
  differences: object[] | null
  alerts: object[] | null
  detail: string | null
  isAlive: boolean
}

/** What `live.replays` holds, oldest first. */
async function records(): Promise<RecordRow[]> {
  const rows = await database.sql<RecordRow[]>`
    select replay, kind, state, asked_by as "askedBy", from_generation as "from", to_generation as "to", progress,
      difference_count as "differenceCount", differences, alerts, detail,
      exists (select from pg_stat_activity a where a.pid = r.backend_pid and a.backend_start = r.backend_start)
        as "isAlive"
    from live.replays r order by replay`
  return [...rows]
}

const runToEnd = () => catchUp({ url: database.url, partitions: PARTITIONS, owner: 'test', logger })

async function generations() {
  return database.sql<{ generation: number; state: string }[]>`
    select generation, state from stream.generations order by generation`
}

async function isProcessed(events: readonly StoredEvent[], generation: number): Promise<boolean> {
  const rows = await database.sql<{ partition: number; offset: number }[]>`
    select partition, "offset" from stream.checkpoints where generation = ${generation}`
  return PARTITIONS.every(partition => {
    const last = events.findLast(event => event.partition === partition)?.offset
    return last === undefined || rows.some(row => row.partition === partition && row.offset === last)
  })
}

describe('a replay', () => {
  test('gives every table as the live run left it, and tells nobody while it builds', async () => {
    await database.sql`insert into ref.stock_policies (store, sku, valid_from, reorder_point)
      select 'berlin', 'sku-' || sku, 'epoch', 6 from generate_series(0, 7) as sku`
    await appendAll(log, randomEvents({ random, count: 800, start: START }))
    await runToEnd()
    const live = await resultsOf(database.sql, 1)
    expect(await runReplay()).toMatchObject({
      from: 1,
      to: 2,
      isSwitched: true,
      differences: [],
      wasRunning: false,
    })
    expect(await resultsOf(database.sql, 2)).toEqual(live)
    expect(live.episodes.length).toBeGreaterThan(0)
    expect(await generations()).toEqual([
      { generation: 1, state: 'retired' },
      { generation: 2, state: 'active' },
    ])
    expect(await database.sql`select count(*) as rows from stream.changes where generation = 2`).toEqual([
      { rows: 0 },
    ])
    expect(await database.sql`select kind, payload from live.ops_lane order by sequence`).toEqual([
      { kind: 'replay', payload: { replay: 1, state: 'running' } },
      { kind: 'stream_generation', payload: { generation: 2, previous: 1 } },
      { kind: 'replay', payload: { replay: 1, state: 'switched' } },
    ])
  })

  test('keeps one generation back and drops those before it', async () => {
    await appendAll(log, randomEvents({ random, count: 50, start: START }))
    await runToEnd()
    await runReplay()
    await runReplay()
    expect(await generations()).toEqual([
      { generation: 2, state: 'retired' },
      { generation: 3, state: 'active' },
    ])
    const [left] = await database.sql`select to_regclass('stream.windows_g1') as windows`
    expect(left).toEqual({ windows: null })
  })

  test('finds a row that is wrong, names it, and leaves the active generation', async () => {
    await appendAll(log, randomEvents({ random, count: 300, start: START }))
    await runToEnd()
    const [mutated] = await database.sql<{ store: string; day: string; currency: string }[]>`
      update stream.windows set gross = gross + 1 where (store, window_start, channel, currency) =
        (select store, window_start, channel, currency from stream.windows limit 1)
      returning store, business_day as day, currency`
    const outcome = await runReplay()
    expect(outcome).toMatchObject({ isSwitched: false })
    expect(outcome.differences).toMatchObject([
      { of: `sales of ${mutated?.store} on ${mutated?.day} (${mutated?.currency})`, figure: 'gross' },
    ])
    expect(await generations()).toEqual([{ generation: 1, state: 'active' }])

    expect(await runReplay(true)).toMatchObject({ isSwitched: true, to: 2 })
    expect(await runReplay()).toMatchObject({ isSwitched: true, differences: [] })
  })

  test('finds stock that is wrong even where the sums agree', async () => {
    await appendAll(log, randomEvents({ random, count: 300, start: START, stores: ['berlin'] }))
    await runToEnd()
    await database.sql`update stream.stock set on_hand = on_hand + case sku when 'sku-1' then 1 else -1 end
      where store = 'berlin' and sku in ('sku-1', 'sku-2')`
    await database.sql`update stream.purchases set purchase_order = purchase_order || '-9'
      where (store, purchase_order, sku) = (
        select store, purchase_order, sku from stream.purchases order by 1, 2, 3 limit 1)`
    expect((await runReplay()).differences).toMatchObject([
      { of: 'stock of berlin', figure: 'digest' },
      { of: 'purchase orders of berlin', figure: 'digest' },
    ])
  })

  test('while events arrive: the service goes on with the new generation, nothing is lost or counted twice', async () => {
    appends = startSteadyAppends(log, { random, start: START })
    const stop = new AbortController()
    const { signal } = stop
    const service = runStream({ url: database.url, partitions: PARTITIONS, owner: 'service', logger, signal })
    await vi.waitUntil(async () => Object.keys((await totalsOf(database.sql)).windows).length > 0, {
      timeout: 60_000,
    })
    for (const generation of [2, 3]) {
      expect(await runReplay()).toMatchObject({
        to: generation,
        isSwitched: true,
        differences: [],
        wasRunning: true,
      })
    }
    const events = await appends.stop()
    await vi.waitUntil(() => isProcessed(events, 3), { timeout: 60_000, interval: 20 })
    expect(await totalsOf(database.sql, 3)).toEqual(modelOf(events))
    expect(await isProcessed(events, 2)).toBe(false)
    const rows = await database.sql`select count(*) > 0 as shown from stream.changes where generation = 3`
    expect(rows).toEqual([{ shown: true }])
    stop.abort()
    expect(await service).toBe('stopped')
  })

  test('is refused while another one is under way', async () => {
    const [lock] = await Promise.all([
      database.sql.begin(async sql => {
        await sql`select pg_advisory_xact_lock(hashtext('tillstream.stream.replay'))`
        return runReplay().catch((error: unknown) => error)
      }),
    ])
    expect(lock).toBeInstanceOf(ReplayRunningError)
    expect(await generations()).toEqual([{ generation: 1, state: 'active' }])
  })
})

describe('the record of a replay', () => {
  test('says who asked, how far it is (never back), and what came of it', async () => {
    await appendAll(log, randomEvents({ random, count: 3_000, start: START }))
    await runToEnd()
    await database.sql`create table told (at bigint generated always as identity, progress jsonb)`
    await database.sql`create function tell() returns trigger language plpgsql as $$
      begin insert into told (progress) values (new.progress); return new; end $$`
    await database.sql`create trigger tell after update of progress on live.replays
      for each row execute function tell()`
    await database.sql`insert into live.replays (kind, asked_by) values ('rebuild', 'Ada')`
    const asked = { url: database.url, name: 'test:1', logger, request: 1 }
    const both = await Promise.all([replayAsked(asked), replayAsked(asked)])
    expect(both.filter(outcome => outcome?.isSwitched)).toHaveLength(1)
    expect(both).toContain(null)
    const told = await database.sql<
      { progress: PartitionProgress[] }[]
    >`select progress from told order by at`
    for (const [index, { progress }] of told.entries()) {
      const before = told[index - 1]?.progress ?? []
      expect(progress.every(({ offset }, partition) => offset >= (before[partition]?.offset ?? 0))).toBe(true)
    }
    const [end] = await records()
    expect(end).toMatchObject({
      state: 'switched',
      askedBy: 'Ada',
      from: 1,
      to: 2,
      differenceCount: 0,
      alerts: [],
    })
    expect(end?.progress.length).toBe(PARTITIONS.length)
    expect(end?.progress.every(({ offset, target }) => offset === target)).toBe(true)
    expect(end?.progress.some(({ target }) => target > 0)).toBe(true)
  })

  test('keeps what differed, by figure', async () => {
    await appendAll(log, randomEvents({ random, count: 300, start: START }))
    await runToEnd()
    await database.sql`update stream.windows set gross = gross + 1 where (store, window_start, channel, currency) =
      (select store, window_start, channel, currency from stream.windows limit 1)`
    await runReplay()
    expect(await records()).toMatchObject([
      {
        state: 'kept',
        differenceCount: 1,
        differences: [{ figure: 'gross' }],
        detail: 'The rebuilt generation differs: generation 1 stays active.',
      },
    ])
  })

  test('a rule that has changed is told by what it would have raised, and switches only where that is accepted', async () => {
    const burst = [0, 1, 2, 3].map(minutes => ({
      ...sale(START + minutes * MINUTE_MS, 1),
      details: { cardToken: 'card-0' },
    }))
    await database.sql`insert into ref.rule_versions (rule, version, valid_from, is_on, parameters)
      values ('card_velocity', 2, 'epoch', false, '{}')`
    await appendAll(log, burst)
    await runToEnd()
    await database.sql`delete from ref.rule_versions`
    const more = { rule: 'card_velocity', versions: [1], before: 0, after: 1, more: 1, fewer: 0, changed: 0 }
    expect(await runReplay()).toMatchObject({ isSwitched: false, differences: [], alerts: [more] })
    expect(await runReplay(true)).toMatchObject({ isSwitched: true, differences: [], alerts: [more] })
    expect(await records()).toMatchObject([
      { state: 'kept', alerts: [more] },
      { state: 'switched', alerts: [more] },
    ])
  })

  test('of one that fails says why', async () => {
    await expect(goBack()).rejects.toThrow(NothingRetiredError)
    expect(await records()).toMatchObject([
      { state: 'failed', detail: expect.stringContaining('no replay has switched yet') },
    ])
  })
})

describe('a switch back', () => {
  test('brings the old generation to where the new one stands: totals and what people did with alerts stay', async () => {
    appends = startSteadyAppends(log, { random, start: START })
    const stop = new AbortController()
    const { signal } = stop
    const service = runStream({ url: database.url, partitions: PARTITIONS, owner: 'service', logger, signal })
    await vi.waitUntil(async () => Object.keys((await totalsOf(database.sql)).windows).length > 0, {
      timeout: 60_000,
    })
    await runReplay()
    await database.sql`insert into live.alert_actions (alert_id, kind, acted_by) values ('a-1', 'acknowledge', 'Ada')`
    // The new generation moves on, the old one stands.
    const [at] = await database.sql<{ sum: number }[]>`
      select sum("offset")::bigint from stream.checkpoints where generation = 1`
    await vi.waitUntil(
      async () => {
        const [row] = await database.sql<{ sum: number }[]>`
          select sum("offset")::bigint from stream.checkpoints where generation = 2`
        return (row?.sum ?? 0) > (at?.sum ?? 0)
      },
      { timeout: 60_000, interval: 20 },
    )
    expect(await goBack()).toMatchObject({ from: 2, to: 1, isSwitched: true, wasRunning: true })
    expect(await generations()).toEqual([
      { generation: 1, state: 'active' },
      { generation: 2, state: 'retired' },
    ])
    const events = await appends.stop()
    await vi.waitUntil(() => isProcessed(events, 1), { timeout: 60_000, interval: 20 })
    expect(await totalsOf(database.sql, 1)).toEqual(modelOf(events))
    expect(await isProcessed(events, 2)).toBe(false)
    expect(await database.sql`select alert_id, kind, acted_by from live.alert_actions`).toEqual([
      { alert_id: 'a-1', kind: 'acknowledge', acted_by: 'Ada' },
    ])
    // What the next replay keeps to go back to is what was active last, whatever its number.
    expect(await runReplay()).toMatchObject({ from: 1, to: 3, differences: [], alerts: [] })
    expect(await generations()).toEqual([
      { generation: 1, state: 'retired' },
      { generation: 3, state: 'active' },
    ])
    stop.abort()
    expect(await service).toBe('stopped')
  })
})

describe('a replay that is asked for on a page', () => {
  test('is done by a stream process, in a program of its own, and ends with it', async () => {
    const events = await appendAll(log, randomEvents({ random, count: 300, start: START }))
    const service = started(startStreamProcess(database.url))
    await vi.waitUntil(() => isProcessed(events, 1), { timeout: 60_000, interval: 20 })
    await database.sql`insert into live.replays (kind, asked_by) values ('rebuild', 'Ada')`
    await vi.waitUntil(async () => (await records())[0]?.state === 'switched', {
      timeout: 60_000,
      interval: 20,
    })
    expect(await records()).toMatchObject([{ askedBy: 'Ada', from: 1, to: 2, differenceCount: 0 }])

    // The next one waits for this lock when the process that has begun it is killed.
    await database.sql.begin(async sql => {
      await sql`lock table stream.active_generation in share mode`
      await database.sql`insert into live.replays (kind) values ('switch_back')`
      await vi.waitUntil(async () => (await records())[1]?.isAlive === true, {
        timeout: 60_000,
        interval: 20,
      })
      service.signal('SIGKILL')
      await service.ended
      await vi.waitUntil(async () => (await records())[1]?.isAlive === false, {
        timeout: 60_000,
        interval: 20,
      })
    })
    const [, killed] = await records()
    expect(killed).toMatchObject({ state: 'running', isAlive: false })
    await runReplay()
    expect(await records()).toMatchObject([
      { state: 'switched' },
      { state: 'abandoned', detail: 'Its process ended in the middle of it.' },
      { state: 'switched' },
    ])
  })
})

describe('a replay that is killed', () => {
  test('while it builds leaves the active generation at work, and the next one cleans up', async () => {
    const events = await appendAll(log, randomEvents({ random, count: 4_000, start: START }))
    await runToEnd()
    const killed = started(startReplayProcess(database.url))
    // It does not come to its switch, however late we look.
    await database.sql.begin(async sql => {
      await sql`lock table stream.active_generation in share mode`
      // Its record says which generation it builds a moment after that is there.
      await vi.waitUntil(async () => (await records())[0]?.to === 2, { timeout: 60_000, interval: 2 })
      killed.signal('SIGKILL')
      await killed.ended
      await sql`select pg_terminate_backend(pid, 60000) from pg_stat_activity
        where application_name = 'tillstream replay' and datname = current_database()`
    })
    expect((await generations())[0]).toEqual({ generation: 1, state: 'active' })
    await vi.waitUntil(async () => (await records())[0]?.isAlive === false, { timeout: 60_000, interval: 20 })
    expect(await records()).toMatchObject([{ state: 'running', from: 1, to: 2 }])
    await runToEnd()

    const next = started(startReplayProcess(database.url))
    expect(await next.ended).toBe(0)
    expect(next.output()).toMatch(
      /^replay: \d+ events in .* generation \d is active, 0 differences from generation 1\n$/,
    )
    expect((await generations()).map(({ state }) => state)).toEqual(['retired', 'active'])
    expect((await records()).map(({ state }) => state)).toEqual(['abandoned', 'switched'])
    const [active] = await database.sql<
      { generation: number }[]
    >`select generation from stream.active_generation`
    expect(await totalsOf(database.sql, active?.generation)).toEqual(modelOf(events))
  })

  test('after it stopped the service: the service takes the old generation up again', async () => {
    appends = startSteadyAppends(log, { random, start: START })
    const service = started(startStreamProcess(database.url))
    await vi.waitUntil(async () => Object.keys((await totalsOf(database.sql)).windows).length > 0, {
      timeout: 60_000,
    })
    // The switch waits for this lock, with the service stopped and the new generation caught up.
    const holder = database.sql.begin(async sql => {
      await sql`lock table stream.active_generation in share mode`
      const replaying = started(startReplayProcess(database.url))
      await vi.waitUntil(
        async () => {
          const rows = await database.sql`select from pg_stat_activity
            where wait_event_type = 'Lock' and query like 'update stream.active_generation%'
              and datname = current_database()`
          return rows.length > 0
        },
        { timeout: 60_000, interval: 10 },
      )
      const owners = await database.sql<{ owner: string }[]>`
        select owner from log.owners where consumer = 'stream/1'`
      expect(owners.every(({ owner }) => owner.startsWith('replay '))).toBe(true)
      replaying.signal('SIGKILL')
      await replaying.ended
      const ended = await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'tillstream replay' and datname = current_database()`
      expect(ended.length).toBe(1)
    })
    await holder
    const stored = await appends.stop()
    await vi.waitUntil(() => isProcessed(stored, 1), { timeout: 60_000, interval: 20 })
    expect(await totalsOf(database.sql, 1)).toEqual(modelOf(stored))
    service.signal('SIGTERM')
    expect(await service.ended).toBe(0)
    expect(service.output()).toContain('goes on after a replay')
  })
})
