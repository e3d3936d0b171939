import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { connect, type Sql } from '#db/client.ts'
import { createTestDatabase, startPrivatePostgres, type TestDatabase } from '#db/testing/database.ts'
import { STREAM_TABLES } from '#db/testing/stream-tables.ts'
import { movement, sale } from '#domain/testing/events.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import { inheritedEnvironment } from '#platform/environment.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import { appendAll, type StoredEvent } from '#server/log/testing/append.ts'
import { PartitionConsumer } from './consumer.ts'
import { runStream } from './run.ts'
import { type SteadyAppends, startSteadyAppends } from './testing/steady-appends.ts'
import { type RunningProcess, startStreamProcess } from './testing/stream-process.ts'
import { modelOf, totalsOf } from './testing/tables.ts'

const logger = pino({ level: 'silent' })
const PARTITIONS = [0, 1, 2, 3]
const START = Date.UTC(2026, 9, 25, 0, 30)

/** KILL_POINTS=100 makes it the full hundred of the fault table; these are what a test run has time for. */
const KILL_POINTS = Number(inheritedEnvironment().KILL_POINTS ?? 16)

let database: TestDatabase
let log: OrderLog
let random: () => number
const processes: RunningProcess[] = []
let appends: SteadyAppends | null = null

beforeAll(async () => {
  database = await createTestDatabase()
  await ensureLogDays(database.sql)
  log = createPostgresLog(database.sql)
})
beforeEach(async () => {
  random = seededRandom(inject('randomSeed'))
  await database.sql`truncate log.event_log, log.event_keys, log.owners, ${database.sql(STREAM_TABLES)}`
})
afterEach(async () => {
  await appends?.stop()
  appends = null
  for (const running of processes.splice(0)) {
    running.signal('SIGKILL')
    await running.ended
  }
})
afterAll(() => database.drop())

function startProcess(args: readonly string[] = []): RunningProcess {
  const running = startStreamProcess(database.url, args)
  processes.push(running)
  return running
}

/** Sum of the offsets that the partitions have reached. */
async function progress(sql: Sql = database.sql, partitions = PARTITIONS): Promise<number> {
  const [row] = await sql<{ reached: number }[]>`
    select coalesce(sum("offset"), 0)::bigint as reached from stream.checkpoints
    where partition = any (${partitions}::int[])`
  return row?.reached ?? 0
}

async function untilMoves(from: number, partitions = PARTITIONS): Promise<void> {
  await vi.waitUntil(async () => (await progress(database.sql, partitions)) > from, {
    timeout: 60_000,
    interval: 5,
  })
}

/** Who has which partition, under which epoch. */
async function owners(): Promise<Record<string, string>> {
  const rows = await database.sql<{ partition: number; owner: string }[]>`
    select partition, owner || ' ' || epoch as owner from log.owners order by partition`
  return Object.fromEntries(rows.map(({ partition, owner }) => [partition, owner]))
}

/** A process takes its partitions each by itself: until somebody has every one. */
async function untilAllAreOwned(): Promise<void> {
  await vi.waitUntil(async () => Object.keys(await owners()).length === PARTITIONS.length, {
    timeout: 60_000,
  })
}

async function untilAllIsProcessed(events: readonly StoredEvent[], sql: Sql = database.sql): Promise<void> {
  const end = PARTITIONS.reduce(
    (sum, partition) => sum + (events.findLast(event => event.partition === partition)?.offset ?? 0),
    0,
  )
  await vi.waitUntil(async () => (await progress(sql)) === end, { timeout: 180_000, interval: 20 })
}

describe('a stream process killed at random points', () => {
  test(
    'counts everything exactly once',
    async () => {
      appends = startSteadyAppends(log, { random, start: START })
      // Two processes with half the partitions each, killed independently of each other.
      await Promise.all(
        [
          [0, 1],
          [2, 3],
        ].map(async partitions => {
          for (let kill = 0; kill < KILL_POINTS / 2; kill += 1) {
            const before = await progress(database.sql, partitions)
            const running = startProcess(['--partitions', partitions.join()])
            await untilMoves(before, partitions)
            await sleep(random() * 150)
            running.signal('SIGKILL')
            await running.ended
          }
        }),
      )
      startProcess()
      const events = await appends.stop()
      await untilAllIsProcessed(events)
      expect(await totalsOf(database.sql)).toEqual(modelOf(events))
    },
    300_000 + KILL_POINTS * 3_000,
  )
})

describe('a backend that ends between effects and checkpoint', () => {
  beforeAll(async () => {
    // Holds a batch just before its checkpoint, with its effects written, while the test holds a lock.
    await database.sql`
      create function hold_checkpoint() returns trigger language plpgsql as $$
      begin
        perform pg_advisory_xact_lock_shared(4711);
        return new;
      end $$`
    await database.sql`
      create trigger hold before insert or update on stream.checkpoints
      for each row execute function hold_checkpoint()`
  })
  afterAll(async () => {
    await database.sql`drop trigger hold on stream.checkpoints`
    await database.sql`drop function hold_checkpoint`
  })

  test('takes both back, and the batch is done once', async () => {
    const events = await appendAll(log, [
      movement('stock.counted', START, 10),
      sale(START + 1, 2),
      sale(START + 2, 3),
    ])
    const partition = events[0]?.partition ?? 0
    const options = { url: database.url, generation: 1, partition, owner: 'test', isLive: true }
    const consumer = new PartitionConsumer(options)
    const holder = connect(database.url, { max: 1 })
    await holder`select pg_advisory_lock(4711)`
    const step = consumer.processNext().then(
      () => 'committed',
      () => 'rejected',
    )
    const [held] = await vi.waitUntil(
      async () => {
        const rows = await database.sql<{ pid: number }[]>`
          select pid from pg_locks where locktype = 'advisory' and objid = 4711 and not granted`
        return rows.length > 0 ? rows : null
      },
      { timeout: 60_000, interval: 5 },
    )
    await database.sql`select pg_terminate_backend(${held?.pid ?? 0}, 5000)`
    expect(await step).toBe('rejected')
    await holder`select pg_advisory_unlock(4711)`
    await holder.end()
    expect(await totalsOf(database.sql)).toEqual({ windows: {}, stock: {} })
    expect(await progress()).toBe(0)

    await consumer.processNext()
    expect(await totalsOf(database.sql)).toEqual(modelOf(events))
    await consumer.close()
  })
})

describe('two stream processes', () => {
  /** Waits until as many processes have as many partitions each, every one at work. */
  async function untilShared(...counts: number[]): Promise<void> {
    await vi.waitUntil(
      async () => {
        const rows = await database.sql<{ partitions: number }[]>`
          select count(*)::int as partitions from log.owners
          where log.is_at_work(backend_pid, backend_start, interval '10 s') group by owner order by 1`
        return rows.map(({ partitions }) => partitions).join() === counts.join()
      },
      { timeout: 60_000, interval: 20 },
    )
  }

  /** What processes wrote down of their end. @param had who had which partition, with its epoch */
  async function endings(had: Record<string, string>) {
    const names = Object.values(had).map(owner => owner.replace(/ \d+$/, ''))
    const rows = await database.sql`
      select p.ended_at is not null as "saidSo", exists (
        select from pg_stat_activity a where a.pid = p.backend_pid and a.backend_start = p.backend_start
      ) as "isConnected"
      from stream.processes p where p.name = any (${names}::text[])`
    return [...rows]
  }

  /** Waits while every process that is alive says three times that it is, and so has looked for its share. */
  async function whileTheyBeat(): Promise<void> {
    const [begin] = await database.sql<{ now: number }[]>`select clock_timestamp() as now`
    await vi.waitUntil(
      async () => {
        const rows = await database.sql<{ beatAt: number }[]>`
          select p.beat_at as "beatAt" from stream.processes p
          join pg_stat_activity a on a.pid = p.backend_pid and a.backend_start = p.backend_start`
        return rows.length > 0 && rows.every(({ beatAt }) => beatAt > (begin?.now ?? 0) + 3_000)
      },
      { timeout: 60_000, interval: 50 },
    )
  }

  test('the second stands by, is left its share, and has all when the first is killed', async () => {
    appends = startSteadyAppends(log, { random, start: START })
    const first = startProcess()
    await untilAllAreOwned()
    const held = await owners()
    const second = startProcess()
    for (const partition of PARTITIONS) {
      const name = (held[partition] ?? '').replace(/ \d+$/, '')
      await vi.waitUntil(
        () => second.output().includes(`partition ${partition}: ${name} has it; stands by`),
        {
          timeout: 60_000,
        },
      )
    }
    await untilShared(2, 2)
    expect(first.output()).toContain('left to a process that has fewer')
    await untilMoves(await progress())
    first.signal('SIGKILL')
    await first.ended
    await untilShared(4)
    expect(await endings(held)).toEqual([{ saidSo: false, isConnected: false }])
    // Started again it is left its share in its turn, and then nobody moves any more.
    const third = startProcess()
    await untilShared(2, 2)
    const shared = await owners()
    await whileTheyBeat()
    expect(await owners()).toEqual(shared)
    const events = await appends.stop()
    await untilAllIsProcessed(events)
    expect(await totalsOf(database.sql)).toEqual(modelOf(events))
    for (const running of [second, third]) {
      running.signal('SIGTERM')
      expect(await running.ended).toBe(0)
    }
    const gone = { saidSo: true, isConnected: false }
    expect(await endings(shared)).toEqual([gone, gone])
  })

  test('that race for the partitions end with an even sharing that stays, and exact totals', async () => {
    appends = startSteadyAppends(log, { random, start: START })
    const both = [startProcess(), startProcess()]
    await untilShared(2, 2)
    const shared = await owners()
    await whileTheyBeat()
    expect(await owners()).toEqual(shared)
    const events = await appends.stop()
    await untilAllIsProcessed(events)
    expect(await totalsOf(database.sql)).toEqual(modelOf(events))
    for (const running of both) {
      running.signal('SIGTERM')
      expect(await running.ended).toBe(0)
    }
  })

  test('one of which is killed again and again while partitions move: everything counts exactly once', async () => {
    appends = startSteadyAppends(log, { random, start: START })
    let [killed, stays] = [startProcess(), startProcess()]
    for (let kill = 0; kill < 3; kill += 1) {
      await untilShared(2, 2)
      await untilMoves(await progress())
      await sleep(random() * 100)
      killed.signal('SIGKILL')
      await killed.ended
      await untilShared(4)
      ;[killed, stays] = [stays, startProcess()]
    }
    const events = await appends.stop()
    await untilAllIsProcessed(events)
    expect(await totalsOf(database.sql)).toEqual(modelOf(events))
  })

  test('one frozen, the other takes over: thawed, the frozen one writes nothing and stops', async () => {
    appends = startSteadyAppends(log, { random, start: START })
    const frozen = startProcess()
    await untilAllAreOwned()
    await untilMoves(0)
    await sleep(random() * 50)
    frozen.signal('SIGSTOP')
    const second = startProcess()
    const epochs = () => database.sql`select partition, epoch from stream.checkpoints order by partition`
    // It has to have stood still for a while: only then is it known not to be at work.
    await vi.waitUntil(async () => (await epochs()).every(({ epoch }) => epoch === 2), { timeout: 60_000 })
    frozen.signal('SIGCONT')
    expect(await frozen.ended).toBe(3)
    await untilMoves(await progress())
    expect(new Set((await epochs()).map(({ epoch }) => epoch))).toEqual(new Set([2]))
    const events = await appends.stop()
    await untilAllIsProcessed(events)
    expect(await totalsOf(database.sql)).toEqual(modelOf(events))
    second.signal('SIGTERM')
    await second.ended
  })
})

describe('a stop', () => {
  test('finishes what is under way and ends with 0', async () => {
    const running = startProcess()
    await appendAll(log, [sale(START, 1)])
    await untilMoves(0)
    running.signal('SIGTERM')
    expect(await running.ended).toBe(0)
  })
})

describe('the command that runs to the end of the log', () => {
  test('does it, prints one line and ends with 0', async () => {
    const events = await appendAll(log, randomEvents({ random, count: 300, start: START }))
    const command = startProcess(['--until-caught-up'])
    expect(await command.ended).toBe(0)
    expect(command.output()).toMatch(
      new RegExp(
        `^stream: caught up, ${events.length} events \\(\\d+ late\\) in [\\d.]+ s; generation 1, offsets 0:.*\\n$`,
      ),
    )
    expect(await totalsOf(database.sql)).toEqual(modelOf(events))
  })

  test('waits for a service that is at work and leaves it alone', async () => {
    appends = startSteadyAppends(log, { random, start: START })
    const service = startProcess()
    await untilAllAreOwned()
    await untilMoves(0)
    const command = startProcess(['--until-caught-up'])
    expect(await command.ended).toBe(0)
    expect(command.output()).toContain('caught up, 0 events')
    await untilMoves(await progress())
    const events = await appends.stop()
    await untilAllIsProcessed(events)
    service.signal('SIGTERM')
    expect(await service.ended).toBe(0)
  })

  test('says what is wrong with its options and ends with 2', async () => {
    const command = startProcess(['--forever'])
    expect(await command.ended).toBe(2)
    expect(command.output()).toMatch(/^Unknown option '--forever'.*\n.* lists the options\.\n$/)
  })
})

describe('Postgres', () => {
  test('killed and started again: the service goes on by itself and the totals are exact', async () => {
    const server = await startPrivatePostgres()
    const sql = connect(server.url)
    try {
      await ensureLogDays(sql)
      const privateLog = createPostgresLog(sql)
      const stop = new AbortController()
      const { signal } = stop
      const end = runStream({ url: server.url, partitions: PARTITIONS, owner: 'test', logger, signal })
      const events: StoredEvent[] = []
      for (const outage of [0, 1]) {
        const append = async (prefix: string) => {
          const more = randomEvents({ random, count: 400, prefix: `${prefix}${outage}`, start: START })
          events.push(...(await appendAll(privateLog, more)))
        }
        await append('before')
        const crash = server.crash()
        await crash
        await sleep(random() * 300)
        await server.start()
        await append('after')
        await untilAllIsProcessed(events, sql)
      }
      expect(await totalsOf(sql)).toEqual(modelOf(events))
      stop.abort()
      expect(await end).toBe('stopped')
    } finally {
      await sql.end({ timeout: 1 })
      await server.drop()
    }
  })
})
