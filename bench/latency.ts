import { setTimeout as sleep } from 'node:timers/promises'
import { io } from 'socket.io-client'
import { connect } from '#db/client.ts'
import type { SentEvent } from '#domain/event.ts'
import { formatInstant } from '#domain/instant.ts'
import type { UnchangingStore } from '#domain/store.ts'
import { createRandom } from '#seed/world/random.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import type { LiveUpdate } from '#server/web/live/messages.ts'
import { type Figure, percentile } from './figures.ts'
import { type HttpConnection, openHttpConnection } from './load/http-connection.ts'
import { createRequestBody, sendSteadily } from './load/send-orders.ts'
import { type BenchWorld, createBenchWorld, idOf, loggedOrder } from './load/world.ts'
import type { BenchOptions } from './options.ts'
import { type BenchSystem, startSystem } from './system/system.ts'

const benchmark = 'latency'
const ORDERS_PER_SECOND = 500
const LANES = 24
const WARM_UP_SECONDS = 3
const PEER_SECONDS = 5
const LAST_FRAMES_WITHIN_MS = 5_000
/** Sales that bring a shelf below its reorder point, beside the others. */
const ALERTS_PER_SECOND = 10

/** At 500 orders a second, one a request: how long an answer takes, and how long until a live client sees the sale. */
export async function latency(options: BenchOptions): Promise<Figure[]> {
  const world = createBenchWorld()
  const system = await startSystem(world, { withWeb: true })
  try {
    const roundTrip = await measureRoundTrips(system.intakeUrl)
    const commit = await measureCommits(system.postgres.url, world)
    const shelves = await countShelves(system, world, options.seconds * ALERTS_PER_SECOND)
    const { answers, frames, alerts, omitted, sent } = await measureOrders({
      ...system,
      world,
      shelves,
      seconds: options.seconds,
    })
    return [
      ...figuresOf('answer to a POST', answers, { p50: 5, p99: 25 }, roundTrip, 'empty round trip'),
      ...figuresOf(
        'POST to frame at a live client',
        frames,
        { p50: 50, p99: 150 },
        commit,
        'bare commit of one order',
      ),
      ...figuresOf(
        'sale that crosses to its alert at a live client',
        alerts,
        { p99: 300 },
        commit,
        'bare commit of one order',
      ),
      {
        benchmark,
        name: 'alerts told to the live client',
        value: alerts.length,
        unit: 'alerts',
        beside: { name: 'shelves that crossed', value: shelves.length },
      },
      {
        benchmark,
        name: 'sales told to the live client, one by one or counted',
        value: frames.length + omitted,
        unit: 'events',
        beside: { name: 'sent', value: sent },
      },
    ]
  } finally {
    await system.stop()
  }
}

function figuresOf(
  name: string,
  times: readonly number[],
  target: { p50?: number; p99: number },
  peer: readonly number[],
  peerName: string,
): Figure[] {
  const sorted = times.toSorted((left, right) => left - right)
  const beside = peer.toSorted((left, right) => left - right)
  const of = (share: number) => ({
    value: percentile(sorted, share),
    unit: 'ms' as const,
    beside: { name: peerName, value: percentile(beside, share) },
  })
  return [
    {
      benchmark,
      name: `${name}, p50`,
      ...of(0.5),
      ...(target.p50 === undefined ? {} : { target: { atMost: target.p50 } }),
    },
    { benchmark, name: `${name}, p99`, ...of(0.99), target: { atMost: target.p99 } },
    { benchmark, name: `${name}, longest`, value: sorted.at(-1) ?? Number.NaN, unit: 'ms' },
  ]
}

/** The same rate and connections with a request that does nothing. */
async function measureRoundTrips(url: string): Promise<number[]> {
  const connections = await Promise.all(Array.from({ length: LANES }, () => openHttpConnection(url, '/')))
  const times = await sendSteadily({
    perSecond: ORDERS_PER_SECOND,
    seconds: PEER_SECONDS,
    lanes: connections.map(connection => async () => {
      await connection.get('/healthz')
    }),
  })
  for (const connection of connections) connection.close()
  return times
}

/** One order after the other, straight into the log: the durable commit that every answer waits for. */
async function measureCommits(url: string, world: BenchWorld): Promise<number[]> {
  const sql = connect(url, { max: 1, applicationName: 'bench' })
  const log = createPostgresLog(sql)
  const random = createRandom(1, 'bench commits')
  const times: number[] = []
  let number = 900_000_000_000
  for (const end = performance.now() + PEER_SECONDS * 1_000; performance.now() < end; ) {
    const store = random.pick(world.stores)
    const event = loggedOrder(world, { random, store, number, at: Date.now() })
    number += 1
    const began = performance.now()
    await log.append(store.partition, [event])
    times.push(performance.now() - began)
  }
  await sql.end({ timeout: 1 })
  return times
}

interface Shelf {
  store: UnchangingStore
  sku: string
}

/** Shelves that nobody else sells from, counted a little above their reorder points: one sale makes each of them short. */
async function countShelves(
  { sql, intakeUrl }: Pick<BenchSystem, 'sql' | 'intakeUrl'>,
  world: BenchWorld,
  count: number,
): Promise<Shelf[]> {
  const shelves = Array.from({ length: count }, (_, index) => ({
    store: world.stores[index % world.stores.length] as UnchangingStore,
    sku: `SHELF${String(index).padStart(5, '0')}`,
  }))
  await sql`
    insert into ref.products (sku, name, category)
    select sku, sku, 'bench' from unnest(${shelves.map(({ sku }) => sku)}::text[]) as sku`
  await sql`
    insert into ref.stock_policies (store, sku, valid_from, reorder_point, order_up_to)
    select store, sku, 'epoch', 20, 200
    from unnest(${shelves.map(({ store }) => store.id)}::text[], ${shelves.map(({ sku }) => sku)}::text[]) as shelf(store, sku)`
  const connection = await openHttpConnection(intakeUrl, '/api/v1/events')
  for (const store of world.stores) {
    const lines = shelves.filter(shelf => shelf.store === store).map(({ sku }) => ({ sku, units: 21 }))
    if (lines.length > 0)
      await post(connection, {
        source: `stock-${store.id}`,
        id: `count-${store.id}`,
        type: 'stock.counted',
        store: store.id,
        eventTime: formatInstant(Date.now()),
        lines,
      })
  }
  connection.close()
  return shelves
}

async function post(connection: HttpConnection, event: SentEvent): Promise<void> {
  const { status, body } = await connection.post(Buffer.from(JSON.stringify(event)))
  if (status !== 200) throw new Error(`the intake answered ${status}: ${body.slice(0, 300)}`)
}

async function measureOrders(options: {
  intakeUrl: string
  webUrl: string
  world: BenchWorld
  shelves: readonly Shelf[]
  seconds: number
}): Promise<{ answers: number[]; frames: number[]; alerts: number[]; omitted: number; sent: number }> {
  const { intakeUrl, webUrl, world, shelves, seconds } = options
  const sentAt = new Map<string, number>()
  const frames: number[] = []
  const soldAt = new Map<string, number>()
  const alerts: number[] = []
  let omitted = 0
  const socket = io(`${webUrl}/live`, { transports: ['websocket'], auth: { topics: ['sales', 'alerts'] } })
  await new Promise((resolve, reject) => socket.once('snapshot', resolve).once('connect_error', reject))
  socket.on('update', (update: LiveUpdate) => {
    const now = performance.now()
    omitted += update.salesOmitted
    for (const { id } of update.sales) {
      const at = sentAt.get(id)
      if (at !== undefined) frames.push(now - at)
      sentAt.delete(id)
    }
    for (const { sku, state } of update.alerts) {
      const at = soldAt.get(sku)
      if (at === undefined || state !== 'open') continue
      alerts.push(now - at)
      soldAt.delete(sku)
    }
  })
  let number = 0
  const connections = await Promise.all(
    Array.from({ length: LANES }, () => openHttpConnection(intakeUrl, '/api/v1/events')),
  )
  const lanes = connections.map((connection, lane) => {
    const random = createRandom(lane, 'bench latency')
    const bodies = world.stores.map(store => createRequestBody(world, { store, orders: 1, seed: lane }))
    return async () => {
      const body = random.pick(bodies)
      number += 1
      const id = idOf(number)
      body.stamp(number, formatInstant(Date.now()))
      sentAt.set(id, performance.now())
      const { status, body: text } = await connection.post(body.bytes)
      if (status !== 200) throw new Error(`the intake answered ${status}: ${text.slice(0, 300)}`)
    }
  })
  await sendSteadily({ perSecond: ORDERS_PER_SECOND, seconds: WARM_UP_SECONDS, lanes })
  await untilSeen(sentAt, () => omitted)
  frames.length = 0
  sentAt.clear()
  omitted = 0
  const till = await openHttpConnection(intakeUrl, '/api/v1/events')
  const unsold = shelves.values()
  const sellShort = async () => {
    const { value: shelf } = unsold.next()
    if (!shelf) throw new Error('there are as many shelves as sales')
    const { store, sku } = shelf
    number += 1
    soldAt.set(sku, performance.now())
    await post(till, {
      ...{ source: `till-${store.id}-1`, id: idOf(number), type: 'order.placed', store: store.id },
      ...{ channel: 'pos', eventTime: formatInstant(Date.now()), orderId: `o-${idOf(number)}` },
      ...{ currency: store.currency, tender: 'card', lines: [{ sku, units: 2, unitPrice: '1.00' }] },
    })
  }
  const [answers] = await Promise.all([
    sendSteadily({ perSecond: ORDERS_PER_SECOND, seconds, lanes }),
    sendSteadily({ perSecond: ALERTS_PER_SECOND, seconds, lanes: [sellShort] }),
  ])
  await untilSeen(sentAt, () => omitted)
  await untilSeen(soldAt, () => 0)
  socket.disconnect()
  for (const connection of [...connections, till]) connection.close()
  return { answers, frames, alerts, omitted, sent: answers.length }
}

/** Frames follow the last answers. What a frame only counts (`salesOmitted`) is not waited for. */
async function untilSeen(sentAt: ReadonlyMap<string, number>, omitted: () => number): Promise<void> {
  for (const began = performance.now(); performance.now() - began < LAST_FRAMES_WITHIN_MS; await sleep(20)) {
    if (sentAt.size <= omitted()) return
  }
}
