import { connect } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { LOG_START } from '#domain/log-event.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import type { BenchOptions } from './bench-options.ts'
import type { Figure } from './figures.ts'
import { createBenchWorld, PARTITIONS } from './load/bench-world.ts'
import { loadOrders } from './load/load-orders.ts'
import { writeBenchStores } from './load/write-stores.ts'
import { watchProgress } from './stream-progress.ts'
import { startBenchPostgres } from './system/bench-postgres.ts'
import { startProcess } from './system/child-process.ts'

const benchmark = 'replay'
const DEFAULT_ORDERS = 500_000
/** What the stream path reads at once when it is behind. */
const PAGE = 2_000

/** The stream path over a full log, in its own process, beside a reader that only reads. */
export async function replay(options: BenchOptions): Promise<Figure[]> {
  const world = createBenchWorld()
  const postgres = await startBenchPostgres()
  const sql = connect(postgres.url, { max: PARTITIONS + 1, applicationName: 'bench' })
  try {
    await writeBenchStores(sql, world)
    const loaded = await loadOrders(sql, world, { orders: options.orders ?? DEFAULT_ORDERS, overDays: 1 })
    const read = await readAll(sql)
    const progress = watchProgress(sql)
    const stream = startProcess({
      entry: 'server/stream/main.ts',
      args: ['--until-caught-up'],
      environment: { DATABASE_URL: postgres.url, DATA_DIR: postgres.dataDir },
    })
    await stream.ended()
    const { events, milliseconds } = await progress.stop()
    return [
      { benchmark, name: 'history loaded by COPY', value: loaded.ordersPerSecond, unit: 'orders/s' },
      {
        benchmark,
        name: `stream path from offset 0, ${loaded.orders.toLocaleString('en')} orders`,
        value: events / (milliseconds / SECOND_MS),
        unit: 'orders/s',
        beside: { name: 'bare read of the log', value: read },
        target: { atLeast: 100_000 },
      },
    ]
  } finally {
    await sql.end({ timeout: 1 })
    await postgres.drop()
  }
}

/** @returns orders a second of a reader that reads all partitions at once and does nothing with them */
async function readAll(sql: Parameters<typeof createPostgresLog>[0]): Promise<number> {
  const log = createPostgresLog(sql)
  const began = performance.now()
  const counts = await Promise.all(
    Array.from({ length: PARTITIONS }, async (_, partition) => {
      let count = 0
      for (let after = LOG_START; ; ) {
        const records = await log.read({ partition, after, limit: PAGE })
        const last = records.at(-1)
        if (!last) return count
        count += records.length
        after = { offset: last.offset, appendedAt: last.appendedAt }
      }
    }),
  )
  const orders = counts.reduce((sum, count) => sum + count, 0)
  return orders / ((performance.now() - began) / SECOND_MS)
}
