import { connect } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { createRandom } from '#seed/world/random.ts'
import { APPEND_STATEMENT, appendParameters } from '#server/log/append-statement.ts'
import { ensureLogDays } from '#server/log/postgres-log.ts'
import { type BenchWorld, PARTITIONS } from './load/bench-world.ts'
import { loggedOrder } from './load/orders.ts'

export const BATCH_SIZES = [100, 250, 500, 1_000] as const

/** Encoded batches are kept in memory: more of them would measure the garbage collector. */
const ORDERS_OF_ROUND = 40_000

/**
 * How fast the log itself takes orders: batches of one partition over a connection each, keys included, made
 * and encoded beforehand, no HTTP. The limit of the intake.
 * @returns orders a second
 */
export async function measureBareAppend(
  url: string,
  world: BenchWorld,
  { batchSize, seconds, firstNumber }: { batchSize: number; seconds: number; firstNumber: number },
): Promise<{ ordersPerSecond: number; orders: number }> {
  const clients = Array.from({ length: PARTITIONS }, () => connect(url, { max: 1, applicationName: 'bench' }))
  const random = createRandom(firstNumber, 'bare append')
  let number = firstNumber
  let orders = 0
  let elapsedMs = 0
  try {
    const [first] = clients
    if (first) await ensureLogDays(first)
    while (elapsedMs < seconds * SECOND_MS) {
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
      orders += batches.flat().length * batchSize
    }
  } finally {
    await Promise.all(clients.map(client => client.end({ timeout: 1 })))
  }
  return { ordersPerSecond: orders / (elapsedMs / SECOND_MS), orders: number - firstNumber }
}
