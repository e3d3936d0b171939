import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connect } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'
import { databaseUrl } from '#db/testing/server.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { LOG_START, type LogEvent } from '#domain/log-event.ts'
import { startBroker } from '#scale/kafka/broker.ts'
import { createRandom } from '#seed/world/random.ts'
import { adoptKafka } from '#server/log/kafka/adopt.ts'
import { openOrderLog } from '#server/log/open-log.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import { ensureLogDays } from '#server/log/postgres-log.ts'
import type { Figure } from './figures.ts'
import { type BenchWorld, createBenchWorld, loggedOrder, PARTITIONS } from './load/world.ts'
import type { BenchOptions } from './options.ts'
import { parentOf, processorSeconds } from './system/process-table.ts'
import { onBenchPostgres } from './system/system.ts'

const benchmark = 'logs'
const BATCH_SIZES = [100, 250, 500, 1_000] as const
/** Of one log in one turn; the logs take turns, so that a machine that slows down slows both. */
const ORDERS_OF_TURN = 20_000
const TURNS = 4
const MICROS = 1_000_000
const TARGET = { appendRatio: 0.7, readRatio: 0.9 }

interface Contender {
  name: 'Postgres' | 'Kafka'
  log: OrderLog
}

/** Where processor time goes: this process makes and encodes, the others store. */
interface Costs {
  seconds: number
  own: number
  postgres: number
  broker: number
}

/**
 * Orders a second that each log takes and gives, of the same orders in the same run: appends with recognition, a batch in
 * flight for each of four partitions, every commit durable in both (the broker flushes every append); then a read of all.
 */
export async function logs(_options: BenchOptions): Promise<Figure[]> {
  const world = createBenchWorld()
  const dataDir = await mkdtemp(path.join(tmpdir(), 'tillstream-bench-kafka-'))
  const broker = await startBroker({ dataDir, heapMb: 512 })
  try {
    return await onBenchPostgres(async ({ url, sql }) => {
      const kafkaUrl = databaseUrl(url, 'bench_kafka')
      await sql.unsafe('create database bench_kafka')
      await migrate(kafkaUrl)
      const beside = connect(kafkaUrl, { max: 5, applicationName: 'bench' })
      await Promise.all([ensureLogDays(sql), ensureLogDays(beside)])
      await adoptKafka(beside, [broker.url])
      const [backend] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`
      const pids = { broker: broker.pid, postgres: parentOf(backend?.pid ?? 0) ?? 0 }
      const postgresLog = await openOrderLog(sql)
      const kafkaLog = await openOrderLog(beside, [broker.url])
      try {
        const contenders: Contender[] = [
          { name: 'Postgres', log: postgresLog },
          { name: 'Kafka', log: kafkaLog },
        ]
        const figures: Figure[] = []
        for (const [index, batchSize] of BATCH_SIZES.entries())
          figures.push(
            ...(await appendFigures(world, contenders, { batchSize, first: index * 10_000_000, pids })),
          )
        return [...figures, ...(await readFigures(contenders))]
      } finally {
        await kafkaLog.close()
        await beside.end({ timeout: 1 })
      }
    })
  } finally {
    await broker.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

async function appendFigures(
  world: BenchWorld,
  contenders: readonly Contender[],
  request: { batchSize: number; first: number; pids: { broker: number; postgres: number } },
): Promise<Figure[]> {
  const { batchSize, first, pids } = request
  const costs = new Map<string, Costs>()
  for (let turn = 0; turn <= TURNS; turn += 1) {
    for (const { name, log } of contenders) {
      const batches = makeBatches(world, { batchSize, first: first + turn * ORDERS_OF_TURN })
      const before = usage(pids)
      const began = performance.now()
      await Promise.all(
        batches.map(async (ofPartition, partition) => {
          for (const batch of ofPartition) await log.append(partition, batch)
        }),
      )
      // The first turn warms up.
      if (turn === 0) continue
      const after = usage(pids)
      const sum = costs.get(name) ?? { seconds: 0, own: 0, postgres: 0, broker: 0 }
      costs.set(name, {
        seconds: sum.seconds + (performance.now() - began) / SECOND_MS,
        own: sum.own + after.own - before.own,
        postgres: sum.postgres + after.postgres - before.postgres,
        broker: sum.broker + after.broker - before.broker,
      })
    }
  }
  const orders = TURNS * ORDERS_OF_TURN
  const [postgres, kafka] = contenders.map(({ name }) => costs.get(name))
  if (!postgres || !kafka) throw new Error('a log was not measured')
  const perOrder = (of: 'own' | 'postgres' | 'broker', name: string): Figure => ({
    benchmark,
    name: `processor an order, batches of ${batchSize}: ${name}`,
    value: (kafka[of] / orders) * MICROS,
    unit: 'µs',
    beside: { name: 'the log in Postgres', value: (postgres[of] / orders) * MICROS },
  })
  return [
    {
      benchmark,
      name: `append to Kafka, batches of ${batchSize}`,
      value: orders / kafka.seconds,
      unit: 'orders/s',
      beside: { name: 'the log in Postgres', value: orders / postgres.seconds },
      target: { atLeast: (TARGET.appendRatio * orders) / postgres.seconds },
    },
    perOrder('own', 'the appending process'),
    perOrder('postgres', 'Postgres'),
    perOrder('broker', 'the broker'),
  ]
}

async function readFigures(contenders: readonly Contender[]): Promise<Figure[]> {
  const rates = new Map<string, number>()
  for (const { name, log } of contenders) {
    let orders = 0
    const began = performance.now()
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      for (let after = LOG_START; ; ) {
        const records = await log.read({ partition, after, limit: 2_000 })
        const last = records.at(-1)
        if (!last) break
        orders += records.length
        after = last
      }
    }
    rates.set(name, orders / ((performance.now() - began) / SECOND_MS))
  }
  const [postgres = 0, kafka = 0] = contenders.map(({ name }) => rates.get(name))
  return [
    {
      benchmark,
      name: 'read from Kafka, pages of 2,000',
      value: kafka,
      unit: 'orders/s',
      beside: { name: 'the log in Postgres', value: postgres },
      target: { atLeast: TARGET.readRatio * postgres },
    },
  ]
}

function makeBatches(
  world: BenchWorld,
  { batchSize, first }: { batchSize: number; first: number },
): LogEvent[][][] {
  const random = createRandom(first, 'logs')
  let number = first
  return Array.from({ length: PARTITIONS }, (_, partition) => {
    const stores = world.stores.filter(store => store.partition === partition)
    return Array.from({ length: ORDERS_OF_TURN / PARTITIONS / batchSize }, () =>
      Array.from({ length: batchSize }, () => {
        number += 1
        return loggedOrder(world, { random, store: random.pick(stores), number, at: Date.now() })
      }),
    )
  })
}

function usage({ broker, postgres }: { broker: number; postgres: number }) {
  const { user, system } = process.cpuUsage()
  return {
    own: (user + system) / MICROS,
    broker: processorSeconds({ pid: broker, withChildren: false }) ?? Number.NaN,
    postgres: processorSeconds({ pid: postgres, withChildren: true }) ?? Number.NaN,
  }
}
