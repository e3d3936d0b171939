import { setTimeout as sleep } from 'node:timers/promises'
import { SECOND_MS } from '#domain/instant.ts'
import { startProgram } from '#platform/process.ts'
import type { Figure } from './figures.ts'
import { createBenchWorld, loadOrders, writeBenchForecasts, writeBenchStores } from './load/world.ts'
import type { BenchOptions } from './options.ts'
import { parentOf } from './system/process-table.ts'
import { watchResources } from './system/resources.ts'
import { onBenchPostgres, untilDrained } from './system/system.ts'

const benchmark = 'state'
const STORES_PER_PARTITION = 13
const PRODUCTS = 5_000
const DEFAULT_ORDERS = 200_000
const MOST_MB = 300
/** After which a heap that held a backlog has given back what it does not need. */
const SETTLES_MS = 30 * SECOND_MS

/**
 * What one stream process that works on every partition takes, with every shelf of a large chain in its state and a day
 * of orders folded over it.
 */
export async function state(options: BenchOptions): Promise<Figure[]> {
  const world = createBenchWorld({ storesPerPartition: STORES_PER_PARTITION, products: PRODUCTS })
  return onBenchPostgres(async ({ sql, settings }) => {
    await writeBenchStores(sql, world)
    await writeBenchForecasts(sql)
    const orders = options.orders ?? DEFAULT_ORDERS
    await loadOrders(sql, world, orders, { countsFirst: true })
    const [backend] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`
    const stream = startProgram({ entry: 'server/stream/main.ts', settings })
    const watch = watchResources({ pid: stream.pid, serverPid: parentOf(backend?.pid ?? 0) ?? 0 })
    const startedAt = performance.now()
    await untilDrained(sql)
    const drainedAt = performance.now()
    await sleep(SETTLES_MS)
    const [kept] = await sql<{ shelves: number }[]>`select count(*)::integer as shelves from stream.stock`
    watch.stop()
    await stream.stop()
    const size = `${(kept?.shelves ?? 0).toLocaleString('en')} shelves`
    const memoryOf = (from: number, to: number) => watch.between(from, to).program.memoryMb
    return [
      {
        benchmark,
        name: `stream process, ${size}, while it folds ${orders.toLocaleString('en')} orders, at its peak`,
        value: memoryOf(startedAt, drainedAt),
        unit: 'MB',
      },
      {
        benchmark,
        name: `stream process, ${size}, ${SETTLES_MS / SECOND_MS} s later`,
        value: memoryOf(drainedAt + SETTLES_MS - SECOND_MS, performance.now()),
        unit: 'MB',
        target: { atMost: MOST_MB },
      },
    ]
  })
}
