import { setTimeout as sleep } from 'node:timers/promises'
import { lookEvery } from '#bench/system/system.ts'
import type { Sql } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { createRandom } from '#seed/world/random.ts'
import { openOrderLog } from '#server/log/open-log.ts'
import { offsetsOf } from '#server/stream/state/checkpoint.ts'
import { type BenchWorld, loggedOrder, PARTITIONS } from './world.ts'

export const ORDERS_PER_SECOND = 500
const APPENDS_PER_SECOND = 50
const LOOK_EVERY_MS = 5
const ALL_PARTITIONS = Array.from({ length: PARTITIONS }, (_, partition) => partition)
const DONE_WITHIN_MS = 60 * SECOND_MS

interface Waiting {
  offset: number
  since: number
}

/**
 * Orders at a steady rate into the topic, and until when the checkpoint of a generation is past each. It begins with a run
 * that does not count, and waits until that is done: whatever has only started is warm and up with the log by then.
 * @returns milliseconds from the answer to the append, ascending
 */
export async function rowLatencies(
  sql: Sql,
  request: { world: BenchWorld; seconds: number; brokers: string[]; generation: number; from: number },
): Promise<number[]> {
  const { world, seconds, brokers, generation, from } = request
  const log = await openOrderLog(sql, brokers)
  const random = createRandom(7)
  const waiting = ALL_PARTITIONS.map((): Waiting[] => [])
  let times: number[] = []
  const looking = lookEvery(LOOK_EVERY_MS, async () => {
    const at = await offsetsOf(sql, generation, ALL_PARTITIONS)
    const now = performance.now()
    waiting.forEach((orders, partition) => {
      while (orders[0] && orders[0].offset <= (at[partition] ?? 0)) {
        times.push(now - orders[0].since)
        orders.shift()
      }
    })
  })
  let number = from
  function ordersOf(partition: number): LogEvent[] {
    const stores = world.stores.filter(store => store.partition === partition)
    return Array.from({ length: ORDERS_PER_SECOND / APPENDS_PER_SECOND }, (_, index) => {
      const store = stores[index % stores.length]
      if (!store) throw new Error(`no store in partition ${partition}`)
      number += 1
      return loggedOrder(world, { random, store, number, at: Date.now() })
    })
  }
  async function append(partition: number): Promise<void> {
    const { outcomes } = await log.append(partition, ordersOf(partition))
    const since = performance.now()
    for (const outcome of outcomes)
      if (outcome.kind === 'appended') waiting[partition]?.push({ offset: outcome.offset, since })
  }
  async function run(forSeconds: number): Promise<void> {
    const began = performance.now()
    const pending: Promise<void>[] = []
    for (let appends = 0; appends < forSeconds * APPENDS_PER_SECOND; appends += 1) {
      await sleep(Math.max(0, began + (appends * SECOND_MS) / APPENDS_PER_SECOND - performance.now()))
      pending.push(append(appends % PARTITIONS))
    }
    await Promise.all(pending)
    const isDone = () => waiting.every(orders => orders.length === 0)
    for (const until = performance.now() + DONE_WITHIN_MS; !isDone() && performance.now() < until; )
      await sleep(50)
    if (!isDone()) throw new Error(`generation ${generation} does not follow`)
  }
  try {
    await run(Math.max(5, seconds / 2))
    times = []
    await run(seconds)
  } finally {
    await looking.stop()
    await log.close()
  }
  return times.sort((one, other) => one - other)
}
