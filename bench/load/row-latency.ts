import { setTimeout as sleep } from 'node:timers/promises'
import { lookEvery } from '#bench/system/system.ts'
import type { Sql } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
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
  counts: boolean
}

/**
 * Orders at a steady rate into the topic, and until when the checkpoint of a generation is past each.
 * @returns milliseconds from the answer to the append, ascending; the first seconds do not count
 */
export async function rowLatencies(
  sql: Sql,
  request: { world: BenchWorld; seconds: number; brokers: string[]; generation: number; from: number },
): Promise<number[]> {
  const { world, seconds, brokers, generation, from } = request
  const log = await openOrderLog(sql, brokers)
  const random = createRandom(7)
  const waiting = ALL_PARTITIONS.map((): Waiting[] => [])
  const times: number[] = []
  const looking = lookEvery(LOOK_EVERY_MS, async () => {
    const at = await offsetsOf(sql, generation, ALL_PARTITIONS)
    const now = performance.now()
    waiting.forEach((orders, partition) => {
      while (orders[0] && orders[0].offset <= (at[partition] ?? 0)) {
        const { since, counts } = orders.shift() as Waiting
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
    await sleep(Math.max(0, due - performance.now()))
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
        const counts = append > warmUp * APPENDS_PER_SECOND
        for (const outcome of outcomes)
          if (outcome.kind === 'appended') waiting[partition]?.push({ offset: outcome.offset, since, counts })
      }),
    )
  }
  await Promise.all(pending)
  const isDone = () => waiting.every(orders => orders.length === 0)
  for (const until = performance.now() + DONE_WITHIN_MS; !isDone() && performance.now() < until; )
    await sleep(100)
  await looking.stop()
  await log.close()
  if (!isDone()) throw new Error(`generation ${generation} does not follow`)
  return times.sort((one, other) => one - other)
}
