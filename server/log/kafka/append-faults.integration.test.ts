import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { connect } from '#db/client.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { LOG_START } from '#domain/log-event.ts'
import { seededRandom } from '#domain/testing/random-events.ts'
import { type Program, startProgram } from '#platform/process.ts'
import { pause } from '#platform/time.ts'
import { startBroker } from '#scale/kafka/broker.ts'
import { LogUnavailableError, type OrderLog } from '#server/log/order-log.ts'
import { testEvent } from '#server/log/testing/events.ts'
import { adoptTestTopic } from '#server/log/testing/kafka-log.ts'
import { sharedBroker } from '#server/log/testing/shared-broker.ts'
import type { AppendStep } from './appender.ts'
import { createKafkaLog, type KafkaLog } from './kafka-log.ts'
import { type AppendOrders, type AppendReport, drawBatch } from './testing/append-main.ts'

const shared = await sharedBroker()

/** A database and a topic of one test, with a log of this process. */
interface Place {
  database: TestDatabase
  broker: string
  topic: string
  log: KafkaLog
  drop(): Promise<void>
}

async function makePlace(broker: string): Promise<Place> {
  const database = await createTestDatabase()
  const topic = await adoptTestTopic(database.sql, [broker])
  const log = createKafkaLog({ sql: database.sql, brokers: [broker], topic })
  return {
    ...{ database, broker, topic, log },
    async drop() {
      await log.close()
      await database.drop()
    },
  }
}

function startAppending(
  { database, broker, topic }: Place,
  orders: Omit<AppendOrders, 'url' | 'broker' | 'topic'>,
) {
  const program = startProgram({
    entry: 'server/log/kafka/testing/append-main.ts',
    args: [JSON.stringify({ ...orders, url: database.url, broker, topic } satisfies AppendOrders)],
  })
  return { program, reports: () => reportsOf(program) }
}

function reportsOf(program: Program): AppendReport[] {
  return program
    .output()
    .split('\n')
    .filter(line => line.startsWith('{') && line.endsWith('}'))
    .map(line => JSON.parse(line))
}

/** Bodies' hashes by id of all that the log holds, as often as it holds them. */
async function heldBy(log: OrderLog): Promise<Map<string, number>> {
  const held = new Map<string, number>()
  for (const partition of [0, 1, 2, 3]) {
    for (let after = LOG_START; ; ) {
      const records = await log.read({ partition, after, limit: 1_000 })
      for (const record of records) {
        if (!('id' in record)) continue
        const key = `${record.id} of ${record.partition}, ${record.totalUnits} units`
        held.set(key, (held.get(key) ?? 0) + 1)
      }
      const last = records.at(-1)
      if (!last) break
      after = last
    }
  }
  return held
}

/** A transaction that nobody ends is ended by the broker: after 15 s, of which it takes note every 10 s. */
const DECIDED_WITHIN_MS = 60_000

/**
 * Waits until all that was written is decided. A commit is answered before its markers stand in every partition: a broker
 * that was killed in between writes them once it is back; and what a sender was writing when he gave up holds readers up
 * until its time is over. Behind a commit of its own a log reads everything.
 */
async function readableToItsEnd(log: OrderLog): Promise<void> {
  for (const partition of [0, 1, 2, 3])
    await log.append(partition, [testEvent({ id: `end-${partition}`, partition, source: 'reader' })])
  await vi.waitUntil(
    () =>
      log.end().then(
        () => true,
        (error: unknown) => {
          if (error instanceof LogUnavailableError) return false
          throw error
        },
      ),
    { timeout: DECIDED_WITHIN_MS },
  )
}

/** By id alone, of what `heldBy` says. */
function countsOf(held: ReadonlyMap<string, number>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [key, count] of held) {
    const id = key.split(' ')[0] ?? ''
    counts.set(id, (counts.get(id) ?? 0) + count)
  }
  return counts
}

/** Holds what senders were told against the log: nothing twice, nothing promised that is not there, no false word. */
async function expectTruth(log: OrderLog, reports: readonly AppendReport[]): Promise<void> {
  await readableToItsEnd(log)
  const counts = countsOf(await heldBy(log))
  for (const [id, count] of counts) expect(`${id}: ${count}`).toBe(`${id}: 1`)
  const appended = new Map<string, string>()
  for (const { groups } of reports) {
    for (const { ids, hashes, outcomes } of groups) {
      outcomes?.forEach((outcome, index) => {
        const id = ids[index] ?? ''
        expect(`${outcome} ${id}: ${counts.get(id) ?? 0}`).toBe(`${outcome} ${id}: 1`)
        if (outcome !== 'appended') return
        expect(appended.has(id), `${id} was appended twice`).toBe(false)
        appended.set(id, hashes[index] ?? '')
      })
    }
  }
  for (const { groups } of reports) {
    for (const { ids, hashes, outcomes } of groups) {
      outcomes?.forEach((outcome, index) => {
        const first = appended.get(ids[index] ?? '')
        if (first === undefined) return
        expect(outcome === 'conflict').toBe(hashes[index] !== first)
      })
    }
  }
}

type Places = 1 | 2
/** By how many partitions a batch goes to: to one it is a record batch, to two a transaction. */
const STEPS: Record<Places, AppendStep[]> = {
  1: ['reserving', 'reserved', 'written', 'answering'],
  2: ['reserving', 'reserved', 'joined', 'produced', 'written', 'answering'],
}
const everyStep = ([1, 2] as const).flatMap(places => STEPS[places].map(step => ({ places, step })))
/** From here on what it wrote stands. */
const STANDS = new Set<AppendStep>(['written', 'answering'])

if (shared !== null) {
  describe('an append that is cut off', () => {
    let place: Place
    beforeAll(async () => {
      place = await makePlace(shared)
    })
    afterAll(() => place.drop())

    test.each(everyStep)(
      'to $places partitions, killed at $step: the next sender is told the truth, and it stands once',
      async ({ places, step }) => {
        const seed = 100 * places + STEPS[2].indexOf(step)
        const ids = 1_000_000
        const { program } = startAppending(place, { seed, batches: 1, ids, places, stopAt: step })
        expect(await program.ended).toMatchObject({
          signal: 'SIGKILL',
          stdout: expect.stringContaining(`at ${step}`),
        })
        const groups = drawBatch(seededRandom(seed), ids, places)
        const results = await place.log.appendTogether(groups)
        const kinds = results.flatMap(({ outcomes }) => outcomes.map(({ kind }) => kind))
        expect(new Set(kinds)).toEqual(new Set([STANDS.has(step) ? 'duplicate' : 'appended']))
        const counts = countsOf(await heldBy(place.log))
        for (const { id } of groups.flatMap(({ events }) => events)) expect(counts.get(id)).toBe(1)
      },
    )

    test.each(everyStep.filter(({ step }) => step !== 'reserving' && step !== 'answering'))(
      'to $places partitions, frozen at $step and given up: awake again it writes nothing twice, and is told the truth',
      async ({ places, step }) => {
        const seed = 100 * places + 50 + STEPS[2].indexOf(step)
        const ids = 1_000_000
        const started = startAppending(place, {
          ...{ seed, batches: 1, ids, places },
          ...{ stopAt: step, signal: 'SIGSTOP' },
        })
        await vi.waitUntil(() => started.program.output().includes(`at ${step}`), { timeout: 60_000 })
        // As when its machine is cut off: its connections are gone, it is not.
        await place.database.sql`
          select pg_terminate_backend(b.backend_pid) from log.kafka_batches b
          where b.backend_pid <> pg_backend_pid()`
        const groups = drawBatch(seededRandom(seed), ids, places)
        const results = await place.log.appendTogether(groups)
        const kinds = results.flatMap(({ outcomes }) => outcomes.map(({ kind }) => kind))
        expect(new Set(kinds)).toEqual(new Set([step === 'written' ? 'duplicate' : 'appended']))
        started.program.kill('SIGCONT')
        expect(await started.program.ended).toMatchObject({ code: 0 })
        const told = started
          .reports()
          .flatMap(report => report.groups.flatMap(({ outcomes }) => outcomes ?? []))
        expect(new Set(told)).toEqual(new Set([step === 'written' ? 'appended' : 'duplicate']))
        const counts = countsOf(await heldBy(place.log))
        for (const { id } of groups.flatMap(({ events }) => events)) expect(counts.get(id)).toBe(1)
      },
    )
  })

  test('what stands behind the open transaction of a writer that is frozen and killed is read once it is settled', async () => {
    const place = await makePlace(shared)
    const reader = createKafkaLog({ sql: place.database.sql, brokers: [shared], topic: place.topic })
    try {
      const seed = 300
      const { program } = startAppending(place, {
        ...{ seed, batches: 1, ids: 1_000_000, places: 2 },
        ...{ stopAt: 'produced', signal: 'SIGSTOP' },
        // The broker itself leaves it open for longer than anything here takes.
        transactionWithinMs: 600_000,
      })
      await vi.waitUntil(() => program.output().includes('at produced'), { timeout: 60_000 })
      const partition = drawBatch(seededRandom(seed), 1_000_000, 2)[0]?.partition ?? 0
      const event = testEvent({ id: 'acknowledged', partition })
      expect((await place.log.append(partition, [event])).outcomes).toMatchObject([{ kind: 'appended' }])
      // It is in the log, behind what nobody has decided yet: a reader who does not wait does not see it.
      const readNow = async () => {
        const records = await reader.read({ partition, after: LOG_START, limit: 100 })
        return records.filter(({ type }) => type !== 'tick')
      }
      expect(await readNow()).toEqual([])
      program.kill('SIGKILL')
      await program.ended
      // An intake does this each second.
      await vi.waitFor(
        async () => {
          const intake = createKafkaLog({ sql: place.database.sql, brokers: [shared], topic: place.topic })
          await intake.tend().finally(() => intake.close())
          expect(await readNow()).toMatchObject([{ id: 'acknowledged' }])
        },
        { timeout: 60_000, interval: 100 },
      )
    } finally {
      await reader.close()
      await place.drop()
    }
  })

  test('a log that is closed in the middle of a transaction leaves none open', async () => {
    const place = await makePlace(shared)
    let closing: Promise<void> | undefined
    const log: KafkaLog = createKafkaLog({
      ...{ sql: place.database.sql, brokers: [shared], topic: place.topic },
      onStep(step) {
        if (step === 'produced') closing ??= log.close()
      },
    })
    try {
      const groups = drawBatch(seededRandom(301), 1_000_000, 2)
      const results = await log.appendTogether(groups)
      await closing
      expect(await place.database.sql`select batch from log.kafka_batches`).toEqual([])
      for (const [index, { partition, events }] of groups.entries()) {
        await place.log.append(partition, [testEvent({ id: `after-${index}`, partition })])
        const read = await place.log.read({ partition, after: LOG_START, limit: 100 })
        expect(read.map(record => 'id' in record && record.id)).toEqual([
          ...events.filter((_, at) => results[index]?.outcomes[at]?.kind === 'appended').map(({ id }) => id),
          `after-${index}`,
        ])
      }
    } finally {
      await place.drop()
    }
  })

  test('intakes that race on the same keys, killed at random: what is answered is in the log, once', async () => {
    const place = await makePlace(shared)
    const random = seededRandom(inject('randomSeed'))
    try {
      const reports: AppendReport[] = []
      const intake = async (number: number) => {
        for (let life = 0; life < 3; life += 1) {
          const orders = { seed: inject('randomSeed') + 10 * number + life, batches: 40, ids: 150 }
          const { program, reports: said } = startAppending(place, orders)
          const lives = 1 + Math.floor(random() * 40)
          // The last life is let alone.
          if (life < 2) {
            await vi.waitUntil(() => said().length >= lives || program.child.exitCode !== null, {
              timeout: 60_000,
            })
            program.kill('SIGKILL')
          }
          const { code, output } = await program.ended
          if (life === 2) expect(code, output).toBe(0)
          reports.push(...said())
        }
      }
      await Promise.all([intake(0), intake(1), intake(2)])
      await place.log.tend()
      await expectTruth(place.log, reports)
      // Nobody is left to settle anything: what is unsettled is decided by whoever looks.
      await vi.waitFor(
        async () => {
          const later = createKafkaLog({ sql: place.database.sql, brokers: [shared], topic: place.topic })
          await later.tend()
          await later.close()
          expect(await place.database.sql`select batch from log.kafka_batches`).toEqual([])
        },
        { timeout: 60_000, interval: 200 },
      )
    } finally {
      await place.drop()
    }
  })

  test('keys that another intake has reserved and not settled are waited for, never called known', async () => {
    const place = await makePlace(shared)
    const other = createKafkaLog({ sql: place.database.sql, brokers: [shared], topic: place.topic })
    const event = testEvent({ id: 'pending', partition: 1 })
    try {
      // Reserved by a process that lives and is slow: nobody may take it from it, nor say that it is known.
      const holder = connect(place.database.url, { max: 1 })
      await holder`
        select log.reserve(1, 'slow', null, '{}', '{1}', '{1}', ${[event.source]}::text[], ${[event.id]}::text[],
          ${[event.bodyHash]}::uuid[])`
      await expect(other.append(1, [event])).rejects.toThrow(LogUnavailableError)
      expect((await heldBy(other)).size).toBe(0)
      await holder`select log.release(1)`
      expect((await other.append(1, [event])).outcomes).toMatchObject([{ kind: 'appended' }])
      await holder.end()
    } finally {
      await other.close()
      await place.drop()
    }
  })

  test('who holds the appends of a partition alone sees none begin, and what is under way end', async () => {
    const place = await makePlace(shared)
    const holder = connect(place.database.url, { max: 1 })
    try {
      await place.log.append(2, [testEvent({ id: 'before', partition: 2 })])
      await holder`select pg_advisory_lock(7411, 2)`
      await holder`select log.await_settled('{2}', '10 s')`
      expect(await holder`select batch from log.kafka_batches`).toEqual([])
      let isDone = false
      const appending = place.log.append(2, [testEvent({ id: 'held', partition: 2 })]).finally(() => {
        isDone = true
      })
      await place.log.append(3, [testEvent({ id: 'beside', partition: 3 })])
      expect(isDone).toBe(false)
      await holder`select pg_advisory_unlock(7411, 2)`
      expect((await appending).outcomes).toMatchObject([{ kind: 'appended' }])
    } finally {
      await holder.end()
      await place.drop()
    }
  })

  test('a broker that is killed while tills sell, and comes back: what was answered is there, once', {
    timeout: 300_000,
  }, async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'tillstream-test-broker-'))
    let broker = await startBroker({ dataDir })
    const place = await makePlace(broker.url)
    try {
      const reports: AppendReport[] = []
      const random = seededRandom(inject('randomSeed'))
      let isOver = false
      const sell = async () => {
        const log = createKafkaLog({ sql: place.database.sql, brokers: [broker.url], topic: place.topic })
        for (let batch = 0; !isOver || batch < 10; batch += 1) {
          const groups = drawBatch(random, 3_000)
          const results = await log.appendTogether(groups).catch((error: unknown) => {
            if (!(error instanceof LogUnavailableError)) throw error
            return null
          })
          // As a till does that is told to come again.
          if (results === null) await pause(50)
          reports.push({
            groups: groups.map(({ partition, events }, index) => ({
              partition,
              ids: events.map(({ id }) => id),
              hashes: events.map(({ bodyHash }) => bodyHash),
              outcomes: results?.[index]?.outcomes.map(({ kind }) => kind) ?? null,
            })),
          })
        }
        await log.close()
      }
      const selling = Promise.all([sell(), sell()])
      selling.catch(() => {})
      for (let round = 0; round < 2; round += 1) {
        const sold = reports.length
        await vi.waitUntil(() => reports.length > sold + 20, { timeout: 60_000 })
        broker.kill('SIGKILL')
        await broker.ended
        broker = await startBroker({ dataDir, port: broker.port })
      }
      isOver = true
      await selling
      expect(reports.some(({ groups }) => groups.some(({ outcomes }) => outcomes === null))).toBe(true)
      await expectTruth(place.log, reports)
    } finally {
      await place.drop()
      await broker.stop()
      await rm(dataDir, { recursive: true, force: true })
    }
  })
}
