import { rmSync } from 'node:fs'
import path from 'node:path'
import type { Sql } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { whyNoJava } from '#platform/jvm/java.ts'
import { runProgram, startProgram } from '#platform/process.ts'
import { type FlinkJob, startFlinkJob } from '#scale/flink/job.ts'
import { startBroker } from '#scale/kafka/broker.ts'
import { createRandom } from '#seed/world/random.ts'
import { adoptKafka } from '#server/log/kafka/adopt.ts'
import { openOrderLog } from '#server/log/open-log.ts'
import { createGeneration } from '#server/stream/state/generations.ts'
import { type Figure, percentile } from './figures.ts'
import {
  type BenchWorld,
  createBenchWorld,
  loadOrders,
  loggedOrder,
  PARTITIONS,
  writeBenchStores,
} from './load/world.ts'
import type { BenchOptions } from './options.ts'
import { processorSeconds, readProcessFile } from './system/process-table.ts'
import { parsePss } from './system/resources.ts'
import { lookEvery, onBenchPostgres } from './system/system.ts'

const benchmark = 'flink'
const DEFAULT_ORDERS = 500_000
const TOPIC = 'bench.orders'
const LOOK_EVERY_MS = 20
const ORDERS_PER_SECOND = 500
const APPENDS_PER_SECOND = 50
/** What is asked of Flink beside ours. */
const TARGET = { replay: 0.7, latency: 1.5 }
const FIRST_NUMBER = 900_000_000

/** The stream by Flink over the same orders as ours, one after the other: from offset 0, and at 500 orders a second. */
export async function flink(options: BenchOptions): Promise<Figure[]> {
  const missing = await whyNoJava()
  if (missing !== null) {
    process.stderr.write(`${missing} Nothing measured.\n`)
    return []
  }
  const world = createBenchWorld()
  return onBenchPostgres(async ({ sql, url, settings }) => {
    await writeBenchStores(sql, world)
    const orders = options.orders ?? DEFAULT_ORDERS
    await loadOrders(sql, world, orders)
    const ours = await timed(sql, 1, () =>
      runProgram({ entry: 'server/stream/main.ts', args: ['--until-caught-up'], settings }),
    )
    const folder = settings.DATA_DIR ?? ''
    const broker = await startBroker({ dataDir: path.join(folder, 'kafka') })
    try {
      await adoptKafka(sql, [broker.url], { topic: TOPIC })
      const generation = await createGeneration(sql, 'flink')
      const started = { brokers: broker.url, topic: TOPIC, databaseUrl: url, generation }
      const dataDir = path.join(folder, 'flink')
      let job: FlinkJob | null = null
      try {
        let before = 0
        const theirs = await timed(sql, generation, async () => {
          job = await startFlinkJob({ ...started, dataDir, heapMb: 768 })
          before = processorSeconds({ pid: job.pid, withChildren: false }) ?? 0
          await whenCaughtUp(sql, generation, job)
        })
        if (!job) throw new Error('Flink did not start')
        const { pid } = job as FlinkJob
        const processor = (processorSeconds({ pid, withChildren: false }) ?? 0) - before
        const memory = parsePss(readProcessFile(pid, 'smaps_rollup') ?? '')
        const live = { ...settings, KAFKA_URL: broker.url }
        const archiver = startProgram({ entry: 'server/log/archiver/main.ts', settings: live })
        const request = { world, seconds: options.seconds, brokers: [broker.url] }
        const flinks = await latencies(sql, { ...request, generation, from: FIRST_NUMBER })
        await (job as FlinkJob).stop()
        job = null
        const stream = startProgram({ entry: 'server/stream/main.ts', settings: live })
        const own = await latencies(sql, { ...request, generation: 1, from: FIRST_NUMBER * 2 })
        await Promise.all([stream.stop(), archiver.stop()])
        return [
          ...replayFigures(orders, { theirs, ours, processor, memory }),
          ...[0.5, 0.99].map(
            (share): Figure => ({
              benchmark,
              name: `row committed after its append at ${ORDERS_PER_SECOND}/s, p${share * 100}`,
              value: percentile(flinks, share),
              unit: 'ms',
              beside: { name: 'ours over the same topic', value: percentile(own, share) },
              target: { atMost: TARGET.latency * percentile(own, share) },
            }),
          ),
        ]
      } finally {
        await (job as FlinkJob | null)?.stop()
      }
    } finally {
      await broker.stop()
      rmSync(path.join(folder, 'kafka'), { recursive: true, force: true })
    }
  })
}

function replayFigures(
  orders: number,
  measured: { theirs: number; ours: number; processor: number; memory: number },
): Figure[] {
  const { theirs, ours, processor, memory } = measured
  return [
    {
      benchmark,
      name: `Flink from offset 0, all operators, ${orders.toLocaleString('en')} orders`,
      value: theirs,
      unit: 'orders/s',
      beside: { name: 'ours over Postgres', value: ours },
      target: { atLeast: TARGET.replay * ours },
    },
    { benchmark, name: 'processor of the JVM an order', value: (processor / orders) * 1e6, unit: 'µs' },
    { benchmark, name: 'memory of the JVM after it (PSS)', value: memory / 1e6, unit: 'MB' },
  ]
}

async function offsetsOfGeneration(sql: Sql, generation: number): Promise<Map<number, number>> {
  const rows = await sql<{ partition: number; offset: number }[]>`
    select partition, "offset" from stream.checkpoints where generation = ${generation}`
  return new Map(rows.map(({ partition, offset }) => [partition, offset]))
}

/** Until Flink's generation stands where ours does. @throws where its process ends first */
async function whenCaughtUp(sql: Sql, generation: number, job: FlinkJob): Promise<void> {
  const ends = await offsetsOfGeneration(sql, 1)
  let isOver = false
  void job.ended.then(() => {
    isOver = true
  })
  const caughtUp = Promise.withResolvers<void>()
  const looking = lookEvery(LOOK_EVERY_MS, async () => {
    const at = await offsetsOfGeneration(sql, generation)
    if ([...ends].every(([partition, end]) => (at.get(partition) ?? 0) >= end)) caughtUp.resolve()
    else if (isOver) caughtUp.reject(new Error(`Flink ended; its log is ${job.logFile}`))
  })
  try {
    await caughtUp.promise
  } finally {
    await looking.stop()
  }
}

/** @returns events a second of a generation from its first progress to its last, so that no start of a process counts */
async function timed(sql: Sql, generation: number, work: () => Promise<unknown>): Promise<number> {
  const seen: { at: number; events: number }[] = []
  async function look(): Promise<void> {
    const [row] = await sql<{ events: number }[]>`
      select coalesce(sum(events), 0)::bigint as events from stream.checkpoints where generation = ${generation}`
    const events = row?.events ?? 0
    if (events > (seen.at(-1)?.events ?? 0)) seen.push({ at: performance.now(), events })
  }
  const looking = lookEvery(LOOK_EVERY_MS, look)
  await work()
  await looking.stop()
  await look()
  const [first, last] = [seen[0], seen.at(-1)]
  if (!first || !last || last.at === first.at) throw new Error('too few orders: it was done at once')
  return (last.events - first.events) / ((last.at - first.at) / SECOND_MS)
}

/**
 * Orders at a steady rate into the topic, and until when the checkpoint of a generation is past each.
 * @returns milliseconds from the answer to the append, ascending; the first seconds do not count
 */
async function latencies(
  sql: Sql,
  request: { world: BenchWorld; seconds: number; brokers: string[]; generation: number; from: number },
): Promise<number[]> {
  const { world, seconds, brokers, generation, from } = request
  const log = await openOrderLog(sql, brokers)
  const random = createRandom(7)
  const waiting = Array.from(
    { length: PARTITIONS },
    (): { offset: number; since: number; counts: boolean }[] => [],
  )
  const times: number[] = []
  const looking = lookEvery(5, async () => {
    const at = await offsetsOfGeneration(sql, generation)
    const now = performance.now()
    waiting.forEach((orders, partition) => {
      while (orders[0] && orders[0].offset <= (at.get(partition) ?? 0)) {
        const { since, counts } = orders.shift() as (typeof orders)[number]
        if (counts) times.push(now - since)
      }
    })
  })
  const warmUp = Math.max(5, seconds / 4)
  const appends = Math.round((seconds + warmUp) * APPENDS_PER_SECOND)
  const began = performance.now()
  const pending: Promise<void>[] = []
  for (let append = 0; append < appends; append += 1) {
    const due = began + (append * SECOND_MS) / APPENDS_PER_SECOND
    await new Promise(resolve => setTimeout(resolve, Math.max(0, due - performance.now())))
    const partition = append % PARTITIONS
    const stores = world.stores.filter(store => store.partition === partition)
    const events = Array.from({ length: ORDERS_PER_SECOND / APPENDS_PER_SECOND }, (_, index) => {
      const store = stores[index % stores.length]
      if (!store) throw new Error(`no store in partition ${partition}`)
      return loggedOrder(world, { random, store, number: from + append * 100 + index, at: Date.now() })
    })
    pending.push(
      log.append(partition, events).then(({ outcomes }) => {
        const since = performance.now()
        for (const outcome of outcomes)
          if (outcome.kind === 'appended')
            waiting[partition]?.push({
              offset: outcome.offset,
              since,
              counts: append > warmUp * APPENDS_PER_SECOND,
            })
      }),
    )
  }
  await Promise.all(pending)
  const isDone = () => waiting.every(orders => orders.length === 0)
  for (let looks = 0; !isDone() && looks < 600; looks += 1)
    await new Promise(resolve => setTimeout(resolve, 100))
  await looking.stop()
  await log.close()
  if (!isDone()) throw new Error(`generation ${generation} does not follow`)
  return times.sort((one, other) => one - other)
}
