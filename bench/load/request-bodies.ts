import type { Store } from '#domain/enrich.ts'
import { formatInstant } from '#domain/instant.ts'
import { createRandom } from '#seed/world/random.ts'
import type { BenchWorld } from './bench-world.ts'
import { idOf, orderOf } from './orders.ts'

const ID = idOf(0)
const EVENT_TIME = formatInstant(0)

/** A request body made once: before each sending, ids and times are written over in place. */
export interface RequestBody {
  bytes: Buffer
  orders: number
  /** Gives every order an id not used before, and the time. @param firstNumber of the first order; the others follow */
  stamp(firstNumber: number, eventTime: string): void
}

/**
 * A JSON array of orders of one store. Encoding it anew for every request would cost the generator as much as
 * the intake spends on decoding it; so only the bytes that differ are written.
 */
export function createRequestBody(
  world: BenchWorld,
  { store, orders, seed }: { store: Store; orders: number; seed: number },
): RequestBody {
  const random = createRandom(seed, 'bench body', store.id)
  const events = Array.from({ length: orders }, (_, index) => ({
    ...orderOf(world, { random, store, number: index, at: 0 }),
    id: ID,
    orderId: `o-${ID}`,
  }))
  const bytes = Buffer.from(JSON.stringify(orders === 1 ? events[0] : events))
  const ids = placesOf(bytes, ID)
  const times = placesOf(bytes, EVENT_TIME)
  return {
    bytes,
    orders,
    stamp(firstNumber, eventTime) {
      // Each order carries its number twice: as event id and as order id.
      for (const [place, at] of ids.entries()) bytes.write(idOf(firstNumber + (place >> 1)), at, 'latin1')
      for (const at of times) bytes.write(eventTime, at, 'latin1')
    },
  }
}

function placesOf(bytes: Buffer, text: string): number[] {
  const places: number[] = []
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + text.length)) places.push(at)
  return places
}
