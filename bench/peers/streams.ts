import { rmSync } from 'node:fs'
import path from 'node:path'
import { type Figure, percentile } from '#bench/figures.ts'
import { ORDERS_PER_SECOND, rowLatencies } from '#bench/load/row-latency.ts'
import {
  type BenchWorld,
  createBenchWorld,
  loadOrders,
  PARTITIONS,
  writeBenchStores,
} from '#bench/load/world.ts'
import type { BenchOptions } from '#bench/options.ts'
import { parentOf, readProcessFile } from '#bench/system/process-table.ts'
import { parsePss } from '#bench/system/resources.ts'
import { eventsOf, type StreamRun, watchStream } from '#bench/system/stream-progress.ts'
import { lookEvery, onBenchPostgres } from '#bench/system/system.ts'
import type { Sql } from '#db/client.ts'
import { whyNoJava } from '#platform/jvm/java.ts'
import { howEnded, runProgram, startProgram } from '#platform/process.ts'
import { type FlinkJob, startFlinkJob } from '#scale/flink/job.ts'
import { type Broker, startBroker } from '#scale/kafka/broker.ts'
import { adoptKafka } from '#server/log/kafka/adopt.ts'
import { offsetsOf } from '#server/stream/state/checkpoint.ts'
import { activeGeneration, createGeneration, dropGeneration } from '#server/stream/state/generations.ts'
import { holdAgainst } from './agreement.ts'
import { startFlinkSql } from './flink-sql/run.ts'

const DEFAULT_ORDERS = 500_000
const TOPIC = 'bench.orders'
/** What is asked of Flink beside ours. */
const TARGET = { replay: 0.7, latency: 1.5 }
const FIRST_NUMBER = 900_000_000
const HEAP_MB = { job: 768, sql: 2_048 }
const ALL_PARTITIONS = Array.from({ length: PARTITIONS }, (_, partition) => partition)

interface Half {
  benchmark: Figure['benchmark']
  withSql: boolean
}

/** What all that runs here needs. */
interface Bench {
  sql: Sql
  url: string
  /** Processor time of Postgres is that of this process and its backends. */
  postgres: number | null
  settings: Readonly<Record<string, string>>
  folder: string
  world: BenchWorld
  orders: number
}

/**
 * The stream path over the same orders, one after the other: ours, over Postgres and over the topic, Flink SQL, and our Flink
 * job, which is then certified row by row, switched to, and timed at 500 orders a second, as ours is after it.
 */
export async function streams(options: BenchOptions, half: Half): Promise<Figure[]> {
  const missing = await whyNoJava()
  if (missing !== null) {
    process.stderr.write(`${missing} No streams are measured.\n`)
    return []
  }
  const world = createBenchWorld()
  return onBenchPostgres(async ({ sql, url, settings }) => {
    await writeBenchStores(sql, world)
    const orders = options.orders ?? DEFAULT_ORDERS
    await loadOrders(sql, world, orders)
    const [backend] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`
    const folder = settings.DATA_DIR ?? ''
    const postgres = parentOf(backend?.pid ?? 0)
    const bench: Bench = { sql, url, postgres, settings, folder, world, orders }
    const overPostgres = await ours(bench, {
      generation: 1,
      entry: 'server/stream/main.ts',
      args: ['--until-caught-up'],
    })
    const broker = await startBroker({ dataDir: path.join(folder, 'kafka') })
    try {
      await adoptKafka(sql, [broker.url], { topic: TOPIC })
      return await overTopic({ ...bench, settings: { ...settings, KAFKA_URL: broker.url } }, broker, {
        ...half,
        seconds: options.seconds,
        overPostgres,
      })
    } finally {
      await broker.stop()
      rmSync(path.join(folder, 'kafka'), { recursive: true, force: true })
    }
  })
}

async function overTopic(
  bench: Bench,
  broker: Broker,
  { benchmark, withSql, seconds, overPostgres }: Half & { seconds: number; overPostgres: StreamRun },
): Promise<Figure[]> {
  const { sql, orders } = bench
  const peer = { name: 'ours over Postgres', value: overPostgres.rate }
  const replayed = (name: string, { rate, processor }: StreamRun, isPeer = false): Figure[] => [
    {
      benchmark,
      name: `${name}, ${orders.toLocaleString('en')} orders`,
      value: rate,
      unit: 'orders/s',
      ...(isPeer ? {} : { beside: peer }),
    },
    { benchmark, name: `  processor an order: ${partsOf(processor)}`, value: sumOf(processor), unit: 'µs' },
  ]
  const figures = replayed('ours over Postgres, all operators, durable commits', overPostgres, true)
  const next = await nextGeneration(sql)
  figures.push(
    ...replayed(
      'ours over the topic, all operators, commits not flushed',
      await ours(bench, { generation: next, entry: 'server/stream/replay/main.ts', broker }),
    ),
  )
  if (withSql)
    figures.push(
      ...replayed(
        'Flink SQL: windows and stock alone, JDBC upserts, commits not flushed',
        await flinkSql(bench, broker, next),
      ),
    )
  const generation = await createGeneration(sql, 'flink')
  let job: FlinkJob | null = null
  try {
    const [theirs, started] = await flinkJob(bench, broker, generation)
    job = started
    const [rate, processor] = replayed('our Flink job, all operators, commits not flushed', theirs)
    figures.push(...(rate ? [{ ...rate, target: { atLeast: TARGET.replay * overPostgres.rate } }] : []))
    figures.push(...(processor ? [processor] : []))
    const memory = parsePss(readProcessFile(job.pid, 'smaps_rollup') ?? '')
    figures.push({ benchmark, name: '  memory of its JVM after it (PSS)', value: memory / 1e6, unit: 'MB' })
    const archiver = startProgram({ entry: 'server/log/archiver/main.ts', settings: bench.settings })
    try {
      // All tables, row by row; and as the active generation its commits wait for the disk, as ours do.
      await replay(bench, '--certify', String(generation))
      await replay(bench, '--switch-to', String(generation))
      const request = { world: bench.world, seconds, brokers: [broker.url] }
      const flinks = await rowLatencies(sql, { ...request, generation, from: FIRST_NUMBER })
      await job.stop()
      job = null
      await replay(bench, '--switch-back')
      const stream = startProgram({ entry: 'server/stream/main.ts', settings: bench.settings })
      const own = await rowLatencies(sql, {
        ...request,
        generation: await activeGeneration(sql),
        from: FIRST_NUMBER * 2,
      })
      await stream.stop()
      for (const share of [0.5, 0.99])
        figures.push({
          benchmark,
          name: `our Flink job: row committed, durably, after its append at ${ORDERS_PER_SECOND}/s, p${share * 100}`,
          value: percentile(flinks, share),
          unit: 'ms',
          beside: { name: 'ours over the topic', value: percentile(own, share) },
          target: { atMost: TARGET.latency * percentile(own, share) },
        })
      return figures
    } finally {
      await archiver.stop()
    }
  } finally {
    await job?.stop()
  }
}

async function nextGeneration(sql: Sql): Promise<number> {
  const [row] = await sql<{ next: number }[]>`select max(generation) + 1 as next from stream.generations`
  return row?.next ?? 1
}

/** Our stream, in a process that ends when all is done. */
async function ours(
  bench: Bench,
  run: { generation: number; entry: string; args?: string[]; broker?: Broker },
): Promise<StreamRun> {
  const { sql, settings } = bench
  const { generation, entry, args = [], broker } = run
  const program = startProgram({ entry, args, settings })
  return watchStream(
    {
      progress: () => eventsOf(sql, generation),
      processes: { node: () => program.pid, ...around(bench, broker) },
    },
    async () => {
      const ended = await program.ended
      if (ended.code !== 0)
        throw new Error(`${entry} failed (${howEnded(ended)}):\n${ended.output.slice(-2_000)}`)
    },
  )
}

/** Its progress is what its windows add up to: it keeps no offset in Postgres. */
async function flinkSql(bench: Bench, broker: Broker, against: number): Promise<StreamRun> {
  const { sql, url, folder } = bench
  const generation = await createGeneration(sql, 'flink')
  const job = await startFlinkSql({
    brokers: broker.url,
    topic: TOPIC,
    databaseUrl: url,
    generation,
    dataDir: folder,
    heapMb: HEAP_MB.sql,
  })
  try {
    const run = await watchStream(
      {
        everyMs: 100,
        progress: async () => {
          const [row] = await sql.unsafe<{ orders: number }[]>(
            `select coalesce(sum(orders), 0)::bigint as orders from stream.windows_g${generation}`,
          )
          return row?.orders ?? 0
        },
        processes: { jvm: () => job.pid, ...around(bench, broker) },
      },
      () => job.done,
    )
    await holdAgainst(sql, against, generation)
    return run
  } finally {
    await job.stop()
    await dropGeneration(sql, generation)
  }
}

/** @returns the job, which goes on */
async function flinkJob(bench: Bench, broker: Broker, generation: number): Promise<[StreamRun, FlinkJob]> {
  const { sql, url, folder } = bench
  const job = await startFlinkJob({
    brokers: broker.url,
    topic: TOPIC,
    databaseUrl: url,
    generation,
    dataDir: path.join(folder, 'flink'),
    heapMb: HEAP_MB.job,
  })
  try {
    const run = await watchStream(
      {
        progress: () => eventsOf(sql, generation),
        processes: { jvm: () => job.pid, ...around(bench, broker) },
      },
      () => whenCaughtUp(sql, generation, job),
    )
    return [run, job]
  } catch (error) {
    await job.stop()
    throw error
  }
}

function around({ postgres }: Bench, broker: Broker | undefined): Record<string, () => number | null> {
  return { postgres: () => postgres, ...(broker && { broker: () => broker.pid }) }
}

/** Until Flink's generation stands where the first does. @throws where its process ends first */
async function whenCaughtUp(sql: Sql, generation: number, job: FlinkJob): Promise<void> {
  const ends = await offsetsOf(sql, 1, ALL_PARTITIONS)
  let isOver = false
  void job.ended.then(() => {
    isOver = true
  })
  const caughtUp = Promise.withResolvers<void>()
  const looking = lookEvery(20, async () => {
    const at = await offsetsOf(sql, generation, ALL_PARTITIONS)
    if (ends.every((end, partition) => (at[partition] ?? 0) >= end)) caughtUp.resolve()
    else if (isOver) caughtUp.reject(new Error(`Flink ended; its log is ${job.logFile}`))
  })
  try {
    await caughtUp.promise
  } finally {
    await looking.stop()
  }
}

async function replay({ settings }: Bench, ...args: string[]): Promise<void> {
  await runProgram({ entry: 'server/stream/replay/main.ts', args, settings })
}

function sumOf(processor: StreamRun['processor']): number {
  return [...processor.values()].reduce((sum, µs) => sum + µs, 0)
}

function partsOf(processor: StreamRun['processor']): string {
  return [...processor].map(([name, µs]) => `${name} ${µs.toFixed(1)}`).join(', ')
}
