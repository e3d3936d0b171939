import { pino } from 'pino'
import { afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { newestAbout, readCertificates } from '#db/certificates.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import { appendAll, type StoredEvent } from '#server/log/testing/append.ts'
import { catchUp } from '#server/stream/catch-up.ts'
import { runStream } from '#server/stream/run.ts'
import { offsetsOf } from '#server/stream/state/checkpoint.ts'
import {
  activeStand,
  consumerName,
  createGeneration,
  OtherEngineError,
  readGenerations,
} from '#server/stream/state/generations.ts'
import { type OtherEngine, startOtherEngine } from '#server/stream/testing/other-engine.ts'
import { type SteadyAppends, startSteadyAppends } from '#server/stream/testing/steady-appends.ts'
import {
  type RunningProcess,
  startReplayProcess,
  startStreamProcess,
} from '#server/stream/testing/stream-process.ts'
import { modelOf, totalsOf } from '#server/stream/testing/tables.ts'
import { NotCertifiedError } from './change-engine.ts'
import { replay } from './replay.ts'

const logger = pino({ level: 'silent' })
const PARTITIONS = [0, 1, 2, 3]
const START = Date.UTC(2026, 9, 25, 0, 30)
const FLINK = 2

let database: TestDatabase
let log: OrderLog
let random: () => number
let appends: SteadyAppends | null = null
let other: OtherEngine | null = null
const processes: RunningProcess[] = []
let service: { stop(): Promise<unknown> } | null = null

beforeAll(() => {
  random = seededRandom(inject('randomSeed'))
})
beforeEach(async () => {
  database = await createTestDatabase()
  await ensureLogDays(database.sql)
  log = createPostgresLog(database.sql)
  expect(await createGeneration(database.sql, 'flink')).toBe(FLINK)
})
afterEach(async () => {
  await appends?.stop()
  await service?.stop()
  await other?.stop()
  appends = null
  service = null
  other = null
  for (const running of processes.splice(0)) {
    running.signal('SIGKILL')
    await running.ended
  }
  await database.drop()
})

function startFlink(): void {
  other = startOtherEngine(database.url, { generation: FLINK, partitions: PARTITIONS })
}

function startService(): void {
  const stop = new AbortController()
  const { signal } = stop
  const running = runStream({
    url: database.url,
    partitions: PARTITIONS,
    owner: 'stream test:1',
    logger,
    signal,
  })
  service = {
    stop() {
      stop.abort()
      return running
    },
  }
}

const ask = (
  kind: 'certify' | 'switch' | 'switch_back' | 'rebuild',
  acceptsDifferences = false,
  options: { followerPatienceMs?: number } = {},
) =>
  replay({
    url: database.url,
    name: 'test:1',
    logger,
    kind,
    acceptsDifferences,
    ...options,
    to: kind === 'certify' || kind === 'switch' ? FLINK : null,
  })

async function isRead(events: readonly StoredEvent[], generation: number): Promise<boolean> {
  const offsets = await offsetsOf(database.sql, generation, PARTITIONS)
  return PARTITIONS.every(partition => {
    const last = events.findLast(event => event.partition === partition)?.offset
    return last === undefined || (offsets[partition] ?? 0) >= last
  })
}

const whenRead = (events: readonly StoredEvent[], generation: number) =>
  vi.waitUntil(() => isRead(events, generation), { timeout: 60_000, interval: 20 })

async function ownsAll(generation: number, kind: string): Promise<boolean> {
  const rows = await database.sql`
    select from log.owners where consumer = ${consumerName(generation)} and owner like ${`${kind} %`}`
  return rows.length === PARTITIONS.length
}

async function states(): Promise<string[]> {
  const rows = await database.sql<{ state: string }[]>`select state from live.replays order by replay`
  return rows.map(({ state }) => state)
}

/** Both have read the same few events. */
async function bothRead(): Promise<StoredEvent[]> {
  const events = await appendAll(log, randomEvents({ random, count: 300, start: START }))
  startFlink()
  await catchUp({ url: database.url, partitions: PARTITIONS, owner: 'test', logger })
  await whenRead(events, FLINK)
  return events
}

describe('a switch to another engine and back', () => {
  test('while tills sell: every total is exact, nothing is lost and nothing counts twice', async () => {
    appends = startSteadyAppends(log, { random, start: START })
    startService()
    startFlink()
    await vi.waitUntil(async () => Object.keys((await totalsOf(database.sql)).windows).length > 0, {
      timeout: 60_000,
    })
    const checked = await ask('certify')
    expect(checked).toMatchObject({
      isSwitched: false,
      certificate: { isIntact: true, document: { verdict: 'accepted', differences: 0, occasion: 'check' } },
    })
    expect(await activeStand(database.sql)).toEqual({ generation: 1, engine: 'tillstream' })

    const there = await ask('switch')
    expect(there).toMatchObject({ isSwitched: true, from: 1, to: FLINK, wasRunning: true })
    expect(there.certificate?.document.rowsCompared).toBeGreaterThan(0)
    expect(await activeStand(database.sql)).toEqual({ generation: FLINK, engine: 'flink' })
    const stood = await offsetsOf(database.sql, 1, PARTITIONS)
    expect(Object.values(there.certificate?.document.offsets ?? {})).toEqual(stood)
    // Ours stands by from here on, the other one goes on.
    await vi.waitUntil(
      async () =>
        (await offsetsOf(database.sql, FLINK, PARTITIONS)).some(
          (at, index) => at > (stood[index] ?? 0) + 100,
        ),
      { timeout: 60_000, interval: 20 },
    )
    expect(await offsetsOf(database.sql, 1, PARTITIONS)).toEqual(stood)

    const back = await ask('switch_back')
    expect(back).toMatchObject({ isSwitched: true, from: FLINK, to: 1 })
    const events = await appends.stop()
    await whenRead(events, 1)
    await whenRead(events, FLINK)
    expect(await totalsOf(database.sql, 1)).toEqual(modelOf(events))
    expect(await totalsOf(database.sql, FLINK)).toEqual(modelOf(events))
    expect(await states()).toEqual(['certified', 'switched', 'switched'])
    // Both go on: it can be asked for again at once, there and back.
    expect(await ask('switch')).toMatchObject({ isSwitched: true })
    expect(await ask('switch_back')).toMatchObject({ isSwitched: true })
  })

  test('is refused without a certificate, and by one that somebody has changed', async () => {
    await bothRead()
    await expect(ask('switch')).rejects.toThrow(NotCertifiedError)
    const { certificate } = await ask('certify')
    await expect(
      database.sql`update stream.certificates set document = document || '{"verdict": "accepted"}'`,
    ).rejects.toThrow('written once')
    await expect(database.sql`delete from stream.certificates`).rejects.toThrow('written once')
    await expect(database.sql`truncate stream.certificates`).rejects.toThrow('written once')
    await database.sql`alter table stream.certificates disable trigger all`
    await database.sql`update stream.certificates set document = document || '{"rowsCompared": 1000000}'`
    await expect(ask('switch')).rejects.toThrow(
      `certificate ${certificate?.certificate} does not say what was written`,
    )
    expect(await activeStand(database.sql)).toMatchObject({ generation: 1 })
    expect(await states()).toEqual(['failed', 'certified', 'failed'])
  })

  test('is refused where one row differs by 1/10,000, and says which', async () => {
    await bothRead()
    await ask('certify')
    // After it was accepted: what counts is the comparison at the fence.
    await database.sql`update stream.windows set gross = gross + 1 where generation = ${FLINK} and
      (store, window_start, channel, currency) =
        (select store, window_start, channel, currency from stream.windows where generation = 1 limit 1)`
    const refused = await ask('switch')
    expect(refused).toMatchObject({
      isSwitched: false,
      certificate: {
        document: {
          verdict: 'refused',
          differences: 1,
          examples: [{ table: 'windows', columns: [{ column: 'gross' }] }],
        },
      },
    })
    expect(await activeStand(database.sql)).toMatchObject({ generation: 1 })
    // The newest one counts, and it refuses.
    await expect(ask('switch')).rejects.toThrow('refuses it: 1 row differs')
    expect((await newestAbout(database.sql, [FLINK, 1]))?.document.verdict).toBe('refused')
    expect(await states()).toEqual(['certified', 'refused', 'failed'])
  })

  test('the way back is open though the other engine turned out wrong, where that is said', async () => {
    await bothRead()
    await ask('certify')
    await ask('switch')
    await database.sql`update stream.stock set on_hand = coalesce(on_hand, 0) + 1 where generation = ${FLINK} and
      (store, sku) = (select store, sku from stream.stock where generation = 1 order by 1, 2 limit 1)`
    expect(await ask('switch_back')).toMatchObject({ isSwitched: false })
    expect(await activeStand(database.sql)).toMatchObject({ generation: FLINK })
    expect(await ask('switch_back', true)).toMatchObject({ isSwitched: true })
    expect(await activeStand(database.sql)).toMatchObject({ generation: 1 })
    expect(await states()).toEqual(['certified', 'switched', 'refused', 'switched'])
  })

  test('is refused while the other engine does not follow, and the service goes on', async () => {
    await bothRead()
    await ask('certify')
    await other?.stop()
    other = null
    const later = await appendAll(log, randomEvents({ random, count: 3_000, prefix: 'later', start: START }))
    startService()
    await whenRead(later, 1)
    const asked = ask('switch', false, { followerPatienceMs: 3_000 })
    await expect(asked).rejects.toThrow(OtherEngineError)
    const last = await appendAll(log, randomEvents({ random, count: 50, prefix: 'last', start: START }))
    await whenRead(last, 1)
  })

  test('a service that stood still through a switch and back goes on, though its partitions were taken twice', async () => {
    const events = await bothRead()
    const stream = startStreamProcess(database.url)
    processes.push(stream)
    const later = await appendAll(log, randomEvents({ random, count: 200, prefix: 'later', start: START }))
    await whenRead(later, 1)
    expect(await ask('certify')).toMatchObject({ certificate: { document: { verdict: 'accepted' } } })
    await vi.waitUntil(() => ownsAll(1, 'stream'), { timeout: 60_000, interval: 20 })
    stream.signal('SIGSTOP')
    expect(await ask('switch')).toMatchObject({ isSwitched: true })
    expect(await ask('switch_back')).toMatchObject({ isSwitched: true })
    const last = await appendAll(log, randomEvents({ random, count: 200, prefix: 'last', start: START }))
    stream.signal('SIGCONT')
    await whenRead(last, 1)
    expect(await totalsOf(database.sql, 1)).toEqual(modelOf([...events, ...later, ...last]))
  })

  test('a generation of our own is none that is asked for so', async () => {
    await expect(
      replay({
        url: database.url,
        name: 'test:1',
        logger,
        kind: 'certify',
        to: 1,
        acceptsDifferences: false,
      }),
    ).rejects.toThrow('is the active one already')
    await expect(
      replay({
        url: database.url,
        name: 'test:1',
        logger,
        kind: 'certify',
        to: 9,
        acceptsDifferences: false,
      }),
    ).rejects.toThrow('there is no generation 9')
  })
})

describe('while a generation of another engine', () => {
  test('follows along, replays leave it alone', async () => {
    const events = await bothRead()
    for (const expected of [3, 4, 5])
      expect(await ask('rebuild')).toMatchObject({ to: expected, isSwitched: true })
    expect(await readGenerations(database.sql)).toMatchObject([
      { generation: FLINK, engine: 'flink', state: 'building' },
      { generation: 4, state: 'retired' },
      { generation: 5, state: 'active' },
    ])
    // It was active once, and follows along again.
    await ask('certify')
    await ask('switch')
    await ask('switch_back')
    for (const expected of [6, 7])
      expect(await ask('rebuild')).toMatchObject({ to: expected, isSwitched: true })
    expect(await readGenerations(database.sql)).toMatchObject([
      { generation: FLINK, engine: 'flink', state: 'retired' },
      { generation: 6, state: 'retired' },
      { generation: 7, state: 'active' },
    ])
    expect(await totalsOf(database.sql, FLINK)).toEqual(modelOf(events))
  })

  test('is active, a run to the end of the log waits for it, and a replay builds ours beside it', async () => {
    await bothRead()
    await ask('certify')
    await ask('switch')
    const later = await appendAll(log, randomEvents({ random, count: 200, prefix: 'later', start: START }))
    const caughtUp = await catchUp({ url: database.url, partitions: PARTITIONS, owner: 'test', logger })
    expect(caughtUp.every(({ generation, events }) => generation === FLINK && events === 0)).toBe(true)
    expect(await isRead(later, FLINK)).toBe(true)
    expect(await ask('rebuild')).toMatchObject({
      from: FLINK,
      to: 3,
      isSwitched: true,
      certificate: { document: { verdict: 'accepted' } },
    })
    await other?.stop()
    other = null
    expect(await readCertificates(database.sql, 10)).toHaveLength(3)
  })

  test('is active and does not get on, nobody else writes it: a run to the end of the log says so, a replay builds ours', async () => {
    await bothRead()
    await ask('certify')
    await ask('switch')
    startService()
    await other?.stop()
    other = null
    const stood = await offsetsOf(database.sql, FLINK, PARTITIONS)
    const later = await appendAll(log, randomEvents({ random, count: 200, prefix: 'later', start: START }))
    await expect(
      catchUp({ url: database.url, partitions: PARTITIONS, owner: 'test', logger }),
    ).rejects.toThrow("generation 2 is Flink's, which does not get on")
    expect(await ask('rebuild')).toMatchObject({ from: FLINK, to: 3, isSwitched: true })
    await whenRead(later, 3)
    expect(await offsetsOf(database.sql, FLINK, PARTITIONS)).toEqual(stood)
  })
})

/** Makes the switch stand still where it is told to; ends when it is released. */
interface Obstacle {
  step: string
  /** Of what it then waits. */
  lock: string
}

const OBSTACLES: readonly Obstacle[] = [
  { step: 'before it reads the rows', lock: 'lock table stream.windows_g2 in access exclusive mode' },
  {
    step: 'before it takes our partitions',
    lock: "select from log.owners where consumer = 'stream/1' for update",
  },
  {
    step: 'before it holds the other engine',
    lock: "select from log.owners where consumer = 'stream/2' for share",
  },
  { step: 'before it writes the certificate', lock: 'lock table stream.certificates in share mode' },
  { step: 'before it moves the pointer', lock: 'lock table stream.active_generation in share mode' },
]

describe('a switch that is killed', () => {
  test.for([...OBSTACLES])(
    '$step leaves all as it was; both engines go on, and the next switch goes through',
    async ({ lock }) => {
      appends = startSteadyAppends(log, { random, start: START, pauseMs: 30 })
      const stream = startStreamProcess(database.url)
      processes.push(stream)
      startFlink()
      await vi.waitUntil(async () => Object.keys((await totalsOf(database.sql)).windows).length > 0, {
        timeout: 60_000,
      })
      expect(await ask('certify')).toMatchObject({ certificate: { document: { verdict: 'accepted' } } })
      await database.sql.begin(async sql => {
        await sql.unsafe(lock)
        const switching = startReplayProcess(database.url, ['--switch-to', String(FLINK)])
        processes.push(switching)
        await vi.waitUntil(
          async () => {
            const waiting = await database.sql`select from pg_stat_activity
            where wait_event_type = 'Lock' and datname = current_database()
              and application_name in ('tillstream switch', 'tillstream certificate', 'tillstream replay')
            union all
            select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
              and query like '%take_partition%'`
            return waiting.length > 0
          },
          { timeout: 60_000, interval: 10 },
        )
        switching.signal('SIGKILL')
        await switching.ended
        // The locks that it held go with its backends, which notice within a second.
      })
      expect(await activeStand(database.sql)).toEqual({ generation: 1, engine: 'tillstream' })
      const before = await offsetsOf(database.sql, 1, PARTITIONS)
      await vi.waitUntil(
        async () =>
          (await offsetsOf(database.sql, 1, PARTITIONS)).some((at, index) => at > (before[index] ?? 0) + 40),
        { timeout: 60_000, interval: 20 },
      )
      await vi.waitUntil(
        () =>
          ask('switch').then(
            ({ isSwitched }) => isSwitched,
            () => false,
          ),
        { timeout: 60_000, interval: 200 },
      )
      expect(await activeStand(database.sql)).toEqual({ generation: FLINK, engine: 'flink' })
      expect(await ask('switch_back')).toMatchObject({ isSwitched: true })
      const events = await appends.stop()
      await whenRead(events, 1)
      await whenRead(events, FLINK)
      expect(await totalsOf(database.sql, 1)).toEqual(modelOf(events))
      expect(await totalsOf(database.sql, FLINK)).toEqual(modelOf(events))
      expect((await states()).slice(0, 2)).toEqual(['certified', 'abandoned'])
    },
  )
})
