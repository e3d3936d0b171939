import { setTimeout as sleep } from 'node:timers/promises'
import { formatInstant, SECOND_MS } from '#domain/instant.ts'
import type { UnchangingStore } from '#domain/store.ts'
import { createRandom } from '#seed/world/random.ts'
import { openHttpConnection } from './http-connection.ts'
import { type BenchWorld, customerNumber, idOf, orderOf } from './world.ts'

const ID = idOf(0)
const EVENT_TIME = formatInstant(0)
const CUSTOMER = '"customer":"c-'

/**
 * A request body made once, of orders of one store: before each sending, ids, times and customers are written over in
 * place. Encoding it anew for every request would cost the generator as much as the intake spends on decoding it; so only
 * the bytes that differ are written. (Customers who stayed the same would order a dozen times in as many seconds, and
 * what was measured would be ten thousand cases of fraud.)
 */
export function createRequestBody(
  world: BenchWorld,
  { store, orders, seed }: { store: UnchangingStore; orders: number; seed: number },
) {
  const random = createRandom(seed, 'bench body', store.id)
  const events = Array.from({ length: orders }, (_, index) => ({
    ...orderOf(world, { random, store, number: index, at: 0 }),
    id: ID,
    orderId: `o-${ID}`,
  }))
  const bytes = Buffer.from(JSON.stringify(orders === 1 ? events[0] : events))
  const ids = placesOf(bytes, ID)
  const times = placesOf(bytes, EVENT_TIME)
  const customers = placesOf(bytes, CUSTOMER).map(at => at + CUSTOMER.length)
  return {
    bytes,
    orders,
    /** Gives every order an id not used before, the time, and some customer. @param firstNumber of the first order; the others follow */
    stamp(firstNumber: number, eventTime: string): void {
      // Each order carries its number twice: as event id and as order id.
      for (const [place, at] of ids.entries()) bytes.write(idOf(firstNumber + (place >> 1)), at, 'latin1')
      for (const at of times) bytes.write(eventTime, at, 'latin1')
      for (const at of customers) bytes.write(String(customerNumber(random)), at, 'latin1')
    },
  }
}

function placesOf(bytes: Buffer, text: string): number[] {
  const places: number[] = []
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + text.length)) places.push(at)
  return places
}

export const ORDERS_PER_REQUEST = 100
/** Requests under way at any time. */
const CONNECTIONS = 12
const HOT_SHARE = 0.9
const BUSY_WAIT_MS = 100

/**
 * Requests of one store's orders each.
 * @param hotStore sends 90% of them for one store
 * @param firstNumber of the first order; the others follow
 */
export function createBulkLoad(options: {
  url: string
  world: BenchWorld
  hotStore: boolean
  firstNumber?: number
}) {
  const { url, world, hotStore, firstNumber = 0 } = options
  const answersMs: number[] = []
  let accepted = 0
  let busy = 0
  let number = firstNumber

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
        const sentAt = performance.now()
        const { status, body: text } = await connection.post(body.bytes)
        isTaken = status === 200
        if (isTaken) answersMs.push(performance.now() - sentAt)
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
    /** Sends as fast as answers come, over all connections. @throws on an answer that is neither 200, 429 nor 503 */
    async run(milliseconds: number): Promise<void> {
      const end = performance.now() + milliseconds
      await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => sendUntil(end, index)))
    },
    /** Orders that were acknowledged so far. */
    accepted: () => accepted,
    /** How long each answer took, in the order they came. */
    answersMs: () => answersMs,
    /** Numbers used up. */
    numbers: () => number - firstNumber,
    /** Requests that were answered 429 or 503 and sent again. */
    busy: () => busy,
  }
}

/**
 * Sends at a fixed rate, whether answers come or not, and times every answer from the moment its request was
 * due: a stall is then felt by all that had to wait behind it, not by one.
 * @param lanes one request at a time each: send it, and resolve with its answer
 * @returns milliseconds, in the order the answers came
 */
export async function sendSteadily(options: {
  perSecond: number
  seconds: number
  lanes: readonly (() => Promise<void>)[]
}): Promise<number[]> {
  const { perSecond, seconds, lanes } = options
  const times: number[] = []
  const due: number[] = []
  const idle = [...lanes]
  let failure: unknown = null

  function startWhatIsDue(): void {
    while (due.length > 0 && idle.length > 0) {
      // In turn: a connection over which nothing comes for a minute is ended by the server (408).
      const send = idle.shift()
      const dueAt = due.shift()
      if (!send || dueAt === undefined) return
      send().then(
        () => {
          times.push(performance.now() - dueAt)
          idle.push(send)
          startWhatIsDue()
        },
        (error: unknown) => {
          failure ??= error
        },
      )
    }
  }

  const began = performance.now()
  const total = perSecond * seconds
  for (let planned = 0; times.length < total; await sleep(1)) {
    if (failure !== null) throw failure
    const now = performance.now()
    for (; planned < total && began + (planned * SECOND_MS) / perSecond <= now; planned += 1) {
      due.push(began + (planned * SECOND_MS) / perSecond)
    }
    startWhatIsDue()
  }
  return times
}
