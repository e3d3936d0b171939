import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { runProgram, startProgram } from '#platform/process.ts'
import { startBroker } from '#scale/kafka/broker.ts'
import { type Figure, percentile } from './figures.ts'
import { createBulkLoad, ORDERS_PER_REQUEST } from './load/send-orders.ts'
import { createBenchWorld, loadOrders, writeBenchStores } from './load/world.ts'
import type { BenchOptions } from './options.ts'
import { freeIntakePort, lookEvery, onBenchPostgres, untilUp } from './system/system.ts'

const benchmark = 'kafka'
const DEFAULT_ORDERS = 500_000
const WARM_UP_MS = 3 * SECOND_MS
const LOOK_EVERY_MS = 100
const TARGET = { replay: 0.9, lagMs: SECOND_MS }

/**
 * The stream path with the log in Kafka, beside the same log in Postgres: a replay of both, and its lag while orders come
 * over HTTP as fast as the intake takes them.
 */
export async function kafka(options: BenchOptions): Promise<Figure[]> {
  const world = createBenchWorld()
  return onBenchPostgres(async ({ sql, settings }) => {
    await writeBenchStores(sql, world)
    const orders = options.orders ?? DEFAULT_ORDERS
    await loadOrders(sql, world, orders)
    await runProgram({ entry: 'server/stream/main.ts', args: ['--until-caught-up'], settings })
    const overPostgres = await replayRate(sql, settings)
    const broker = await startBroker({ dataDir: path.join(settings.DATA_DIR ?? '', 'kafka') })
    try {
      const onKafka = { ...settings, KAFKA_URL: broker.url }
      const began = performance.now()
      await runProgram({ entry: 'server/log/kafka/main.ts', args: ['adopt-kafka'], settings: onKafka })
      const adopted = orders / ((performance.now() - began) / SECOND_MS)
      const overKafka = await replayRate(sql, onKafka)
      return [
        { benchmark, name: 'a log copied from Postgres into the topic', value: adopted, unit: 'orders/s' },
        {
          benchmark,
          name: `replay over Kafka, ${orders.toLocaleString('en')} orders`,
          value: overKafka,
          unit: 'orders/s',
          beside: { name: 'replay over Postgres', value: overPostgres },
          target: { atLeast: TARGET.replay * overPostgres },
        },
        ...(await live({ sql, settings: onKafka, seconds: options.seconds })),
      ]
    } finally {
      await broker.stop()
    }
  })
}

/** Rebuilds the stream's tables as a new generation. @returns events a second of building it */
async function replayRate(sql: Sql, settings: Readonly<Record<string, string>>): Promise<number> {
  await runProgram({ entry: 'server/stream/replay/main.ts', settings })
  const [row] = await sql<{ events: number; buildMs: number }[]>`
    select events, build_ms as "buildMs" from live.replays where state = 'switched' order by replay desc limit 1`
  if (!row) throw new Error('the replay has not switched')
  return row.events / (row.buildMs / SECOND_MS)
}

async function live({
  sql,
  settings,
  seconds,
}: {
  sql: Sql
  settings: Readonly<Record<string, string>>
  seconds: number
}): Promise<Figure[]> {
  const port = await freeIntakePort()
  const own = { ...settings, INTAKE_PORT: String(port) }
  const entries = ['server/intake/main.ts', 'server/stream/main.ts', 'server/log/archiver/main.ts']
  const programs = entries.map(entry => startProgram({ entry, settings: own }))
  try {
    const url = `http://127.0.0.1:${port}`
    for (const program of programs.slice(0, 1)) await untilUp(program, `${url}/readyz`)
    const load = createBulkLoad({ url, world: createBenchWorld(), hotStore: false })
    const running = load.run(seconds * SECOND_MS + WARM_UP_MS)
    await Promise.race([running, sleep(WARM_UP_MS)])
    const before = { accepted: load.accepted(), at: performance.now() }
    const lags: number[] = []
    const looking = lookEvery(LOOK_EVERY_MS, async () => void lags.push(await readLiveLag(sql)))
    await running
    const rate = (load.accepted() - before.accepted) / ((performance.now() - before.at) / SECOND_MS)
    await looking.stop()
    lags.sort((one, other) => one - other)
    return [
      {
        benchmark,
        name: `POSTs of ${ORDERS_PER_REQUEST} orders for ${seconds} s, over Kafka`,
        value: rate,
        unit: 'orders/s',
      },
      { benchmark, name: 'lag of the stream meanwhile, p50', value: percentile(lags, 0.5), unit: 'ms' },
      {
        benchmark,
        name: 'lag of the stream meanwhile, longest',
        value: lags.at(-1) ?? Number.NaN,
        unit: 'ms',
        target: { atMost: TARGET.lagMs },
      },
    ]
  } finally {
    await Promise.all(programs.map(program => program.stop()))
  }
}

/** How long ago what the stream has done last was appended, of the worst partition: orders come to all of them. */
async function readLiveLag(sql: Sql): Promise<number> {
  const [row] = await sql<{ ms: number }[]>`
    select max(extract(epoch from clock_timestamp() - c.appended_at) * 1000)::float8 as ms
    from stream.checkpoints c join stream.active_generation using (generation)`
  return row?.ms ?? 0
}
