import type { Sql } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { LOG_START } from '#domain/log-event.ts'
import { runProgram } from '#platform/process.ts'
import { countStreamed } from '#seed/seeder/both-paths.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import type { Figure } from './figures.ts'
import { createBenchWorld, loadOrders, PARTITIONS, writeBenchStores } from './load/world.ts'
import type { BenchOptions } from './options.ts'
import { lookEvery, onBenchPostgres } from './system/system.ts'

const benchmark = 'replay'
const DEFAULT_ORDERS = 500_000
const LOOK_EVERY_MS = 20
/** What the stream path reads at once when it is behind. */
const PAGE = 2_000

/** The stream path over a full log, in its own process, beside a reader that only reads. */
export async function replay(options: BenchOptions): Promise<Figure[]> {
  const world = createBenchWorld()
  return onBenchPostgres(async ({ sql, settings }) => {
    await writeBenchStores(sql, world)
    const orders = options.orders ?? DEFAULT_ORDERS
    const loaded = await loadOrders(sql, world, orders)
    const read = await readAll(sql)
    const progress = watchProgress(sql)
    await runProgram({
      entry: 'server/stream/main.ts',
      args: ['--until-caught-up'],
      settings,
    })
    const { events, milliseconds } = await progress.stop()
    return [
      { benchmark, name: 'history loaded by COPY', value: loaded, unit: 'orders/s' },
      {
        benchmark,
        name: `stream path from offset 0, ${orders.toLocaleString('en')} orders`,
        value: events / (milliseconds / SECOND_MS),
        unit: 'orders/s',
        beside: { name: 'bare read of the log', value: read },
        target: { atLeast: 100_000 },
      },
    ]
  })
}

/** @returns orders a second of a reader that reads all partitions at once and does nothing with them */
async function readAll(sql: Sql): Promise<number> {
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

/**
 * Times the stream path from its first checkpoint on, so that the start of its process does not count.
 * @returns when stopped, the events done between the first and the last look that saw progress, and the time between
 */
function watchProgress(sql: Sql) {
  const seen: { at: number; events: number }[] = []
  async function look(): Promise<void> {
    const events = await countStreamed(sql)
    if (events > (seen.at(-1)?.events ?? 0)) seen.push({ at: performance.now(), events })
  }
  const looking = lookEvery(LOOK_EVERY_MS, look)
  return {
    async stop() {
      await looking.stop()
      await look()
      const [first, last] = [seen[0], seen.at(-1)]
      if (!first || !last || last.at === first.at)
        throw new Error('too few orders: the stream path was done at once')
      return { events: last.events - first.events, milliseconds: last.at - first.at }
    },
  }
}
