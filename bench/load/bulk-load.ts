import { setTimeout as sleep } from 'node:timers/promises'
import { formatInstant } from '#domain/instant.ts'
import { createRandom } from '#seed/world/random.ts'
import type { BenchWorld } from './bench-world.ts'
import { openHttpConnection } from './http-connection.ts'
import { createRequestBody } from './request-bodies.ts'

export const ORDERS_PER_REQUEST = 100
/** Requests under way at any time. */
const CONNECTIONS = 12
const HOT_SHARE = 0.9
const BUSY_WAIT_MS = 100

export interface BulkLoad {
  /** Sends as fast as answers come, over all connections. @throws on an answer that is neither 200, 429 nor 503 */
  run(milliseconds: number): Promise<void>
  /** Orders that were acknowledged so far. */
  accepted(): number
  /** Requests that were answered 429 or 503 and sent again. */
  busy(): number
}

/**
 * Requests of one store's orders each.
 * @param hotStore sends 90% of them for one store
 */
export function createBulkLoad(options: { url: string; world: BenchWorld; hotStore: boolean }): BulkLoad {
  const { url, world, hotStore } = options
  let accepted = 0
  let busy = 0
  let number = 0

  async function sendUntil(end: number, connectionIndex: number): Promise<void> {
    const random = createRandom(connectionIndex, 'bench load')
    const bodies = world.stores.map((store, index) =>
      createRequestBody(world, { store, orders: ORDERS_PER_REQUEST, seed: 1_000 * connectionIndex + index }),
    )
    const connection = await openHttpConnection(url, '/api/v1/events')
    while (performance.now() < end) {
      const isHot = hotStore && random.chance(HOT_SHARE)
      const body = isHot ? bodies[0] : random.pick(bodies)
      if (!body) break
      body.stamp(number, formatInstant(Date.now()))
      number += body.orders
      for (let isTaken = false; !isTaken; ) {
        const { status, body: text } = await connection.post(body.bytes)
        isTaken = status === 200
        if (isTaken) accepted += Number(/"accepted":(\d+)/.exec(text)?.[1])
        else if (status !== 429 && status !== 503) {
          throw new Error(`the intake answered ${status}: ${text.slice(0, 300)}`)
        } else {
          busy += 1
          await sleep(BUSY_WAIT_MS)
        }
      }
    }
    connection.close()
  }

  return {
    async run(milliseconds) {
      const end = performance.now() + milliseconds
      await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => sendUntil(end, index)))
    },
    accepted: () => accepted,
    busy: () => busy,
  }
}
