import type { Sql } from '#db/client.ts'
import { HOUR_MS, SECOND_MS } from '#domain/instant.ts'
import { createRandom } from '#seed/world/random.ts'
import { type HistoricEvent, historyChunks } from '#server/log/history-chunks.ts'
import { loadHistory } from '#server/log/load-history.ts'
import type { BenchWorld } from './bench-world.ts'
import { loggedOrder } from './orders.ts'

// Ten in the morning in Berlin, far from any cut-over: a day of orders is one business day.
export const FIRST_ORDER_AT = Date.UTC(2026, 8, 1, 8)
export const BUSINESS_DAY = '2026-09-01'
const OPEN_HOURS = 12

/** Fills the log with orders, spread evenly over the open hours of so many days. */
export async function loadOrders(
  sql: Sql,
  world: BenchWorld,
  { orders, overDays }: { orders: number; overDays: number },
): Promise<{ orders: number; ordersPerSecond: number }> {
  const random = createRandom(1, 'bench history')
  const ordersPerDay = Math.ceil(orders / overDays)
  const between = (OPEN_HOURS * HOUR_MS) / ordersPerDay
  function* events(): Generator<HistoricEvent> {
    for (let number = 0; number < orders; number += 1) {
      const day = Math.floor(number / ordersPerDay)
      const at = Math.floor(FIRST_ORDER_AT + day * 24 * HOUR_MS + (number % ordersPerDay) * between)
      yield {
        event: loggedOrder(world, { random, store: random.pick(world.stores), number, at }),
        appendedAt: at + 200,
      }
    }
  }
  const began = performance.now()
  await loadHistory(sql, {
    chunks: historyChunks(events()),
    from: FIRST_ORDER_AT,
    to: FIRST_ORDER_AT + overDays * 24 * HOUR_MS,
  })
  return { orders, ordersPerSecond: orders / ((performance.now() - began) / SECOND_MS) }
}
