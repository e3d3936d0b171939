import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type Sql } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { createRandom } from '#seed/world/random.ts'
import { APPEND_STATEMENT, appendParameters } from '#server/log/event-rows.ts'
import { ensureLogDays } from '#server/log/postgres-log.ts'
import { type Figure, percentile } from './figures.ts'
import { createBulkLoad, ORDERS_PER_REQUEST } from './load/send-orders.ts'
import { type BenchWorld, createBenchWorld, loggedOrder, PARTITIONS } from './load/world.ts'
import type { BenchOptions } from './options.ts'
import { processorSeconds } from './system/process-table.ts'
import {
  type BenchSystem,
  countStored,
  lookEvery,
  onBenchPostgres,
  readLag,
  startSystem,
  untilDrained,
} from './system/system.ts'

const benchmark = 'ingest'
const WARM_UP_MS = 3 * SECOND_MS
const BARE_SECONDS = 4
const BATCH_SIZES = [100, 250, 500, 1_000] as const

/** Encoded batches are kept in memory: more of them would measure the garbage collector. */
const ORDERS_OF_ROUND = 40_000
const LOOK_EVERY_MS = 100
const TARGET = { bare: 50_000, http: 18_000, withSnapshot: 0.8, withHotStore: 0.6 }

/** Orders a second: bare appends of every batch size, then POSTs with the stream path working beside them. */
export async function ingest(options: BenchOptions): Promise<Figure[]> {
  const world = createBenchWorld()
  const bare = await bareFigures(world)
  const best = Math.max(...bare.map(({ value }) => value))
  const system = await startSystem(world, { withWeb: false })
  const snapshot = options.snapshot ? await openSnapshot(system.postgres.url) : null
  try {
    return [...bare, ...(await overHttp(options, { world, system, best }))]
  } finally {
    await snapshot?.close()
    await system.stop()
  }
}

async function bareFigures(world: BenchWorld): Promise<Figure[]> {
  return onBenchPostgres(async ({ url }) => {
    const figures: Figure[] = []
    for (const [index, batchSize] of BATCH_SIZES.entries()) {
      // No order of one size has the id of another's.
      const firstNumber = index * 1_000_000_000
      figures.push({
        benchmark,
        name: `bare append, batches of ${batchSize}`,
        value: await measureBareAppend(url, world, { batchSize, firstNumber }),
        unit: 'orders/s',
        target: { atLeast: TARGET.bare },
      })
    }
    return figures
  })
}

/**
 * How fast the log itself takes orders: batches of one partition over a connection each, keys included, made
 * and encoded beforehand, no HTTP. The limit of the intake.
 * @returns orders a second
 */
async function measureBareAppend(
  url: string,
  world: BenchWorld,
  { batchSize, firstNumber }: { batchSize: number; firstNumber: number },
): Promise<number> {
  const clients = Array.from({ length: PARTITIONS }, () => connect(url, { max: 1, applicationName: 'bench' }))
  const random = createRandom(firstNumber, 'bare append')
  let number = firstNumber
  let elapsedMs = 0
  try {
    const [first] = clients
    if (first) await ensureLogDays(first)
    while (elapsedMs < BARE_SECONDS * SECOND_MS) {
      const batches = clients.map((_, partition) => {
        const stores = world.stores.filter(store => store.partition === partition)
        const count = Math.ceil(ORDERS_OF_ROUND / PARTITIONS / batchSize)
        return Array.from({ length: count }, () => {
          const events = Array.from({ length: batchSize }, () => {
            number += 1
            return loggedOrder(world, { random, store: random.pick(stores), number, at: Date.now() })
          })
          return appendParameters(partition, events)
        })
      })
      const began = performance.now()
      await Promise.all(
        clients.map(async (client, partition) => {
          for (const parameters of batches[partition] ?? []) {
            await client.unsafe(APPEND_STATEMENT, parameters, { prepare: true })
          }
        }),
      )
      elapsedMs += performance.now() - began
    }
  } finally {
    await Promise.all(clients.map(client => client.end({ timeout: 1 })))
  }
  return (number - firstNumber) / (elapsedMs / SECOND_MS)
}

async function overHttp(
  options: BenchOptions,
  { world, system, best }: { world: BenchWorld; system: BenchSystem; best: number },
): Promise<Figure[]> {
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

/**
 * Watches how far the stream path is behind the log, ten times a second.
 * @returns when stopped, one value a look of each
 */
function watchLag(sql: Sql) {
  const milliseconds: number[] = []
  const orders: number[] = []
  const looking = lookEvery(LOOK_EVERY_MS, async () => {
    const { events, ms } = await readLag(sql)
    milliseconds.push(ms)
    orders.push(events)
  })
  return {
    async stop() {
      await looking.stop()
      return { milliseconds, orders }
    },
  }
}
