import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { BATCH_SIZES, measureBareAppend } from './bare-append.ts'
import type { BenchOptions } from './bench-options.ts'
import { type Figure, percentile } from './figures.ts'
import { type BenchWorld, createBenchWorld } from './load/bench-world.ts'
import { createBulkLoad, ORDERS_PER_REQUEST } from './load/bulk-load.ts'
import { watchLag } from './stream-lag.ts'
import { startBenchPostgres } from './system/bench-postgres.ts'
import { type BenchSystem, countStored, startSystem, untilDrained } from './system/bench-system.ts'
import { processorSeconds } from './system/processor-time.ts'

const benchmark = 'ingest'
const WARM_UP_MS = 3 * SECOND_MS
const BARE_SECONDS = 4
const TARGET = { bare: 50_000, http: 18_000, withSnapshot: 0.8, withHotStore: 0.6 }

/** Orders a second: bare appends of every batch size, then POSTs with the stream path working beside them. */
export async function ingest(options: BenchOptions): Promise<Figure[]> {
  const world = createBenchWorld()
  const bare = await bareFigures(world)
  const best = Math.max(...bare.map(({ value }) => value))
  const system = await startSystem(world, { withWeb: false })
  const snapshot = options.snapshot ? await openSnapshot(system.postgres.url) : null
  try {
    return [...bare, ...(await overHttp({ options, world, system, best }))]
  } finally {
    await snapshot?.close()
    await system.stop()
  }
}

async function bareFigures(world: BenchWorld): Promise<Figure[]> {
  const postgres = await startBenchPostgres()
  try {
    const figures: Figure[] = []
    let firstNumber = 0
    for (const batchSize of BATCH_SIZES) {
      const measured = await measureBareAppend(postgres.url, world, {
        batchSize,
        seconds: BARE_SECONDS,
        firstNumber,
      })
      firstNumber += measured.orders
      figures.push({
        benchmark,
        name: `bare append, batches of ${batchSize}`,
        value: measured.ordersPerSecond,
        unit: 'orders/s',
        target: { atLeast: TARGET.bare },
      })
    }
    return figures
  } finally {
    await postgres.drop()
  }
}

async function overHttp({
  options,
  world,
  system,
  best,
}: {
  options: BenchOptions
  world: BenchWorld
  system: BenchSystem
  best: number
}): Promise<Figure[]> {
  const load = createBulkLoad({ url: system.intakeUrl, world, hotStore: options.hotStore })
  const running = load.run(options.seconds * SECOND_MS + WARM_UP_MS)
  await Promise.race([running, sleep(WARM_UP_MS)])
  const lag = watchLag(system.sql)
  const cores = watchCores(system)
  const before = { accepted: load.accepted(), at: performance.now() }
  await running
  const rate = (load.accepted() - before.accepted) / ((performance.now() - before.at) / SECOND_MS)
  const used = cores.stop()
  const lags = await lag.stop()
  await untilDrained(system.sql)
  const stored = await countStored(system.sql)
  if (stored !== load.accepted()) {
    throw new Error(`${load.accepted()} orders were acknowledged, but ${stored} are in the log`)
  }
  return [
    {
      benchmark,
      name: `POSTs of ${ORDERS_PER_REQUEST} orders for ${options.seconds} s${variantOf(options)}`,
      value: rate,
      unit: 'orders/s',
      beside: { name: 'best bare append', value: best },
      target: { atLeast: targetOf(options) },
    },
    ...lagFigures(lags),
    {
      benchmark,
      name: 'orders in the log',
      value: stored,
      unit: 'events',
      beside: { name: 'acknowledged', value: load.accepted() },
    },
    { benchmark, name: 'answers 429 and 503, sent again', value: load.busy(), unit: 'events' },
    ...used,
  ]
}

function variantOf({ snapshot, hotStore }: BenchOptions): string {
  const variants = [snapshot ? 'a snapshot open' : '', hotStore ? '90% in one store' : ''].filter(Boolean)
  return variants.length > 0 ? ` (${variants.join(', ')})` : ''
}

function targetOf({ snapshot, hotStore }: BenchOptions): number {
  return TARGET.http * (hotStore ? TARGET.withHotStore : snapshot ? TARGET.withSnapshot : 1)
}

function lagFigures({ milliseconds, orders }: { milliseconds: number[]; orders: number[] }): Figure[] {
  const times = milliseconds.toSorted((left, right) => left - right)
  const counts = orders.toSorted((left, right) => left - right)
  return [
    { benchmark, name: 'stream lag, p50', value: percentile(times, 0.5), unit: 'ms' },
    {
      benchmark,
      name: 'stream lag, longest',
      value: times.at(-1) ?? Number.NaN,
      unit: 'ms',
      target: { atMost: SECOND_MS },
    },
    { benchmark, name: 'stream lag, p50', value: percentile(counts, 0.5), unit: 'events' },
    { benchmark, name: 'stream lag, most', value: counts.at(-1) ?? Number.NaN, unit: 'events' },
  ]
}

/** Who used the processor: the profile that says where the time goes. */
function watchCores({ processes, serverPid }: BenchSystem): { stop(): Figure[] } {
  const parts = [
    { name: 'intake', pid: processes.intake.pid, withChildren: false },
    { name: 'stream', pid: processes.stream.pid, withChildren: false },
    { name: 'Postgres', pid: serverPid ?? 0, withChildren: true },
    { name: 'load generator', pid: process.pid, withChildren: false },
  ]
  const began = performance.now()
  const before = parts.map(processorSeconds)
  return {
    stop() {
      const seconds = (performance.now() - began) / SECOND_MS
      return parts.flatMap((part, index): Figure[] => {
        const [start, end] = [before[index], processorSeconds(part)]
        if (typeof start !== 'number' || end === null) return []
        return [{ benchmark, name: `processor: ${part.name}`, value: (end - start) / seconds, unit: 'cores' }]
      })
    },
  }
}

/** A transaction that sees the database as it is now: until it is closed, no old row version can be removed. */
async function openSnapshot(url: string): Promise<{ close(): Promise<void> }> {
  const sql = connect(url, { max: 1, applicationName: 'bench snapshot' })
  const held = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  const transaction = sql.begin('isolation level repeatable read', async inside => {
    await inside`select count(*) from log.event_log`
    opened.resolve()
    await held.promise
  })
  transaction.catch(opened.reject)
  await opened.promise
  return {
    async close() {
      held.resolve()
      await transaction
      await sql.end({ timeout: 1 })
    },
  }
}
