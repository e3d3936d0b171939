import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { io, type Socket } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Sql } from '#db/client.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { STREAM_TABLES } from '#db/testing/stream-tables.ts'
import { NO_SALES } from '#domain/testing/figures.ts'
import { subscriptionOf } from './cursor.ts'
import { Gateway } from './gateway.ts'
import {
  DASHBOARD_TOPICS,
  type LiveAlert,
  type LiveDetection,
  type LiveSnapshot,
  type LiveStand,
  type LiveUpdate,
  type LiveWindow,
} from './messages.ts'
import { SLOW_LIMIT_MS } from './session.ts'
import { readLiveBeginning } from './snapshot.ts'
import { attachLiveSocket } from './socket.ts'
import { createTestLane, type TestLane } from './testing/lane.ts'

let database: TestDatabase
let lane: TestLane
/** What each test opened, closed in reverse. */
const opened: (() => Promise<void> | void)[] = []

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  await database.sql`
    truncate log.event_log, log.event_keys, live.ops_lane, live.alert_actions, batch.alerts,
      ${database.sql(STREAM_TABLES)}`
  lane = await createTestLane(database.sql)
})
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

interface TestServer {
  url: string
  gateway: Gateway
  errors: unknown[]
  close(): Promise<void>
}

async function serve(
  options: { sql?: Sql; hints?: boolean; clock?: () => number } = {},
): Promise<TestServer> {
  const { sql = database.sql } = options
  const errors: unknown[] = []
  const onError = (error: unknown) => errors.push(error)
  const gateway = new Gateway({ sql, clock: options.clock ?? Date.now, onError })
  const server = createServer()
  const sockets = attachLiveSocket({
    server,
    gateway,
    admits: async request => request.headers.origin !== 'http://evil',
  })
  if (options.hints !== false) gateway.listenForHints()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    await sockets.close()
    await gateway.stop()
  }
  opened.push(close)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, gateway, errors, close }
}

interface Reader {
  socket: Socket
  snapshots: LiveSnapshot[]
  stands: LiveStand[]
  updates: LiveUpdate[]
  /** When each update came. */
  times: number[]
}

function read(
  url: string,
  auth: Record<string, unknown> = {},
  extraHeaders: Record<string, string> = {},
): Reader {
  const socket = io(`${url}/live`, {
    auth,
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    extraHeaders,
  })
  const reader: Reader = { socket, snapshots: [], stands: [], updates: [], times: [] }
  socket.on('stand', stand => reader.stands.push(stand))
  socket.on('snapshot', snapshot => reader.snapshots.push(snapshot))
  socket.on('update', update => {
    reader.updates.push(update)
    reader.times.push(performance.now())
  })
  opened.push(() => {
    socket.disconnect()
  })
  return reader
}

async function untilSnapshot(reader: Reader, count = 1): Promise<LiveSnapshot> {
  await vi.waitUntil(() => reader.snapshots.length >= count, { timeout: 60_000, interval: 5 })
  return reader.snapshots[count - 1] as LiveSnapshot
}

async function untilStand(reader: Reader, is: (stand: LiveStand) => boolean): Promise<LiveStand> {
  await vi.waitUntil(() => reader.stands.some(is), { timeout: 60_000, interval: 20 })
  return reader.stands.find(is) as LiveStand
}

async function untilSold(reader: Reader, id: string): Promise<void> {
  await vi.waitUntil(() => soldIds(reader).includes(id), { timeout: 60_000, interval: 5 })
}

function soldIds({ updates }: Reader): string[] {
  return updates.flatMap(update => update.sales.map(sale => sale.id))
}

function expectUnbroken(reader: Reader, start: string): string {
  let cursor = start
  for (const update of reader.updates) {
    expect(update.previous).toBe(cursor)
    cursor = update.cursor
  }
  return cursor
}

function window(store: string, part: Partial<LiveWindow> = {}): LiveWindow {
  return {
    store,
    channel: 'pos',
    currency: 'EUR',
    windowStart: Math.floor(Date.now() / 60_000) * 60_000,
    ...NO_SALES,
    orders: 1,
    units: 1,
    gross: '2.5000',
    net: '2.5000',
    lateNet: '0.0000',
    revision: 0,
    state: 'open',
    ...part,
  }
}

function alert(alertId: string): LiveAlert {
  return {
    alertId,
    store: 'berlin',
    sku: 'tea',
    rule: 'oversold',
    severity: 'critical',
    state: 'open',
    openedAt: 1,
    onHand: -1,
    onOrder: 0,
    reorderPoint: null,
    projectedStockoutAt: null,
    nextDeliveryAt: null,
  }
}

function detection(alertId: string): LiveDetection {
  return {
    alertId,
    kind: 'fraud',
    rule: 'card_velocity',
    store: 'berlin',
    subject: 'card-1',
    severity: 'warning',
    score: 60,
    state: 'open',
    openedAt: 1,
    summary: 'many orders',
  }
}

describe('the live socket', () => {
  it('begins with a snapshot of sales, windows, short stock and open alerts', async () => {
    const { sql } = database
    await lane.sell('berlin', ['o-1', 'o-2'])
    await sql`
      insert into stream.windows (generation, store, channel, currency, window_start, partition, business_day, orders,
        units, gross, discounts, returns, return_documents, units_returned, late_net, revision, bulk_events,
        last_offset, processed_at)
      select 1, 'berlin', 'pos', 'EUR', date_trunc('minute', now()) - age, partition, current_date, 2, 2, 50000,
        1000, 500, 1, 1, 0, 0, 0, 2, now()
      from ref.stores, unnest(array['0', '1 hour', '3 hours']::interval[]) as age where store = 'berlin'`
    await sql`
      insert into stream.stock (generation, store, sku, partition, on_hand, on_order, reorder_point, as_of,
        last_offset, processed_at)
      values (1, 'berlin', 'low', 0, 3, 0, 5, now(), 1, now()), (1, 'berlin', 'plenty', 0, 9, 0, 5, now(), 1, now()),
        (1, 'berlin', 'gone', 0, 0, 0, null, now(), 1, now()), (1, 'berlin', 'unknown', 0, null, 0, 5, now(), 1, now())`
    await sql`
      insert into stream.episodes (generation, alert_id, store, sku, partition, rule, rule_version, severity, state,
        opened_at, opened_offset, amended_at, amended_offset, on_hand, on_order, processed_at)
      values (1, 'a-open', 'berlin', 'gone', 0, 'out_of_stock', 1, 'critical', 'open', now(), 1, now(), 1, 0, 0, now()),
        (1, 'a-over', 'berlin', 'low', 0, 'low_stock', 1, 'warning', 'resolved', now(), 1, now(), 1, 9, 0, now())`
    const evidence = { summary: 'many orders', figures: [], receipts: [] }
    await sql`
      insert into stream.alerts (generation, alert_id, kind, rule, rule_version, store, subject, partition, severity,
        score, state, opened_at, opened_offset, amended_at, amended_offset, evidence, processed_at)
      select 1, id, 'fraud', 'card_velocity', 1, 'berlin', 'card', 0, 'warning', 60, state, now(), 1, now(), 1,
        ${sql.json(evidence)}, now()
      from (values ('f-waits', 'open'), ('f-judged', 'open'), ('f-again', 'open'), ('f-over', 'resolved')) as f(id, state)`
    await sql`
      insert into batch.alerts (alert_id, kind, rule, rule_version, store, subject, severity, score, state, opened_at,
        amended_at, evidence, found_by)
      values ('f-batch', 'fraud', 'far', 1, 'berlin', '', 'warning', 60, 'open', now() - interval '1 hour', now(),
        ${sql.json(evidence)}, 'far')`
    await sql`
      insert into live.alert_actions (alert_id, kind, verdict) values ('f-judged', 'verdict', 'false'),
        ('f-judged', 'assign', null), ('f-again', 'verdict', 'fraud'), ('f-again', 'reopen', null)`
    await lane.announce('run_finished', { job: 'daily_sales' })
    const { url } = await serve()
    const snapshot = await untilSnapshot(read(url))
    // Open, and nobody's verdict stands; the oldest first.
    expect(snapshot.detections.map(({ alertId }) => alertId)).toEqual(['f-batch', 'f-waits', 'f-again'])
    expect(snapshot.detections.at(0)).toMatchObject({ summary: 'many orders', score: 60, kind: 'fraud' })
    expect(snapshot.sales).toMatchObject([
      {
        id: 'o-1',
        type: 'order.placed',
        store: 'berlin',
        units: 1,
        net: '2.5000',
        currency: 'EUR',
        lines: 1,
      },
      { id: 'o-2', orderId: 'o-2', processedAt: expect.any(Number) },
    ])
    expect(Object.keys(snapshot.sales[0] ?? {}).sort()).toEqual([
      'channel',
      'currency',
      'eventTime',
      'id',
      'lines',
      'net',
      'orderId',
      'processedAt',
      'source',
      'store',
      'type',
      'units',
    ])
    expect(snapshot.windows).toHaveLength(2)
    expect(snapshot.windows.at(-1)).toMatchObject({
      orders: 2,
      net: '4.8500',
      lateNet: '0.0000',
      state: 'open',
    })
    expect(snapshot.windows.at(0)?.state).toBe('closed')
    expect(snapshot.stock.map(({ sku }) => sku)).toEqual(['gone', 'low'])
    expect(snapshot.alerts.map(({ alertId }) => alertId)).toEqual(['a-open'])
    expect(snapshot.pipeline).toMatchObject([{ kind: 'run_finished', payload: { job: 'daily_sales' } }])
    expect(snapshot.watermark).toEqual(expect.any(Number))
  })

  it('tells every change once, in updates that follow each other', async () => {
    const { url, errors } = await serve()
    const reader = read(url)
    const { cursor } = await untilSnapshot(reader)
    await lane.sell('berlin', ['o-1'], { windows: [window('berlin')] })
    await lane.sell('kolkata', ['k-1'], { alerts: [alert('a-1')] })
    await lane.sell('berlin', ['o-2'], {
      windows: [window('berlin', { orders: 2 })],
      detections: [detection('f-1')],
    })
    await lane.announce('detections', [detection('f-2')])
    await lane.announce('dead_letter')
    await untilSold(reader, 'o-2')
    await vi.waitUntil(() => reader.updates.some(update => update.pipeline), { timeout: 60_000 })
    expectUnbroken(reader, cursor)
    expect(soldIds(reader).sort()).toEqual(['k-1', 'o-1', 'o-2'])
    expect(reader.updates.flatMap(update => update.alerts)).toMatchObject([{ alertId: 'a-1' }])
    // Of two lanes: a read may meet the later one first.
    const found = reader.updates.flatMap(update => update.detections)
    expect(found.map(({ alertId }) => alertId).sort()).toEqual(['f-1', 'f-2'])
    expect(reader.updates.flatMap(update => update.windows).at(-1)).toMatchObject({
      store: 'berlin',
      orders: 2,
    })
    expect(reader.updates.flatMap(update => update.pipeline ?? [])).toMatchObject([{ kind: 'dead_letter' }])
    expect(errors).toEqual([])
  })

  it('tells of the stores and topics a client asked for, and nothing else', async () => {
    const { url } = await serve()
    const berlin = read(url, { stores: ['berlin'], topics: ['sales'] })
    const everything = read(url)
    const { cursor } = await untilSnapshot(berlin)
    await untilSnapshot(everything)
    await lane.sell('kolkata', ['k-1'], { windows: [window('kolkata')] })
    await lane.sell('berlin', ['o-1'], { windows: [window('berlin')] })
    await Promise.all([untilSold(berlin, 'o-1'), untilSold(everything, 'o-1')])
    expect(soldIds(berlin)).toEqual(['o-1'])
    expect(berlin.updates.flatMap(update => update.windows)).toEqual([])
    expectUnbroken(berlin, cursor)
    expect(soldIds(everything).sort()).toEqual(['k-1', 'o-1'])
  })

  it('tells the newest 50 sales of a burst and counts the others', async () => {
    const { url } = await serve()
    const reader = read(url)
    await untilSnapshot(reader)
    const ids = Array.from({ length: 120 }, (_, index) => `o-${index}`)
    await lane.sell('berlin', ids)
    await untilSold(reader, 'o-119')
    expect(soldIds(reader)).toEqual(ids.slice(-50))
    expect(reader.updates.reduce((sum, update) => sum + update.salesOmitted, 0)).toBe(70)
  })

  it('goes on from a cursor across a restart of the server: nothing missing, nothing twice', async () => {
    const before = await serve()
    const reader = read(before.url)
    const { cursor } = await untilSnapshot(reader)
    await lane.sell('berlin', ['o-1'])
    await untilSold(reader, 'o-1')
    const since = expectUnbroken(reader, cursor)
    await before.close()

    await lane.sell('kolkata', ['k-1', 'k-2'], { alerts: [alert('a-1')] })
    await lane.sell('berlin', ['o-2'])
    await lane.announce('run_finished')
    const after = await serve()
    const back = read(after.url, { since })
    await untilSold(back, 'o-2')
    await lane.sell('berlin', ['o-3'])
    await untilSold(back, 'o-3')
    expect(back.snapshots).toEqual([])
    expectUnbroken(back, since)
    expect(soldIds(back).sort()).toEqual(['k-1', 'k-2', 'o-2', 'o-3'])
    expect(back.updates.flatMap(update => update.alerts).map(({ alertId }) => alertId)).toEqual(['a-1'])
    expect(back.updates.flatMap(update => update.pipeline ?? [])).toHaveLength(1)
  })

  it('tells what was missed in updates of 50 sales, so that none is left out after a short absence', async () => {
    const first = await serve()
    const reader = read(first.url)
    const { cursor } = await untilSnapshot(reader)
    reader.socket.disconnect()
    for (let batch = 0; batch < 6; batch += 1) {
      await lane.sell(
        'berlin',
        Array.from({ length: 30 }, (_, index) => `o-${batch}-${index}`),
      )
    }
    const back = read(first.url, { since: cursor })
    await untilSold(back, 'o-5-29')
    expectUnbroken(back, cursor)
    expect(new Set(soldIds(back)).size).toBe(180)
    expect(back.updates.every(update => update.salesOmitted === 0)).toBe(true)
  })

  it('gives a fresh snapshot to a cursor whose changes are gone, is of another subscription, or is no cursor', async () => {
    const { url } = await serve()
    const reader = read(url)
    const { cursor } = await untilSnapshot(reader)
    reader.socket.disconnect()
    await lane.sell('berlin', ['o-1'])
    const other = await untilSnapshot(read(url, { since: cursor, stores: ['berlin'] }))
    expect(other.sales).toMatchObject([{ id: 'o-1' }])
    await lane.trim()
    const late = await untilSnapshot(read(url, { since: cursor }))
    expect(late.sales).toMatchObject([{ id: 'o-1' }])
    const odd = await untilSnapshot(read(url, { since: 'no cursor' }))
    expect(odd.cursor).toBe(late.cursor)
  })

  it('gives everybody a fresh snapshot when a batch changed more than it lists', async () => {
    const { url } = await serve()
    const reader = read(url)
    await untilSnapshot(reader)
    await lane.sell('berlin', ['o-1'], { unlisted: true })
    const second = await untilSnapshot(reader, 2)
    expect(second.sales).toMatchObject([{ id: 'o-1' }])
    await lane.sell('berlin', ['o-2'])
    await untilSold(reader, 'o-2')
    expectUnbroken(reader, second.cursor)
  })

  it('goes on from the snapshot that a page was rendered with', async () => {
    const { url } = await serve()
    await lane.sell('berlin', ['o-1'])
    const snapshot = await readLiveBeginning(database.sql)
    expect(snapshot.sales).toMatchObject([{ id: 'o-1' }])
    const { stand } = snapshot
    expect(stand).toMatchObject({ lagEvents: 0, knownUpTo: stand.now })
    const page = read(url, { since: snapshot.cursor, topics: [...DASHBOARD_TOPICS] })
    await lane.sell('berlin', ['o-2'])
    await untilSold(page, 'o-2')
    expect(page.snapshots).toEqual([])
    expectUnbroken(page, snapshot.cursor)
  })

  it('says with a snapshot how far it is known, which needs no other word', async () => {
    const { url } = await serve()
    await lane.sell('berlin', ['o-1'])
    const known = await untilSnapshot(read(url))
    expect(known.stand).toMatchObject({ lagEvents: 0, knownUpTo: known.stand.now })
    await database.sql`update stream.checkpoints set "offset" = "offset" - 1`
    const behind = await untilSnapshot(read(url))
    expect(behind.stand).toMatchObject({ lagEvents: 1 })
    expect(behind.stand.knownUpTo).toBeLessThan(behind.stand.now)
  })

  it('says every second how far the figures are known: up to the oldest event that the stream has not read', async () => {
    const { url } = await serve()
    await lane.sell('berlin', ['o-1'])
    const reader = read(url)
    await untilStand(reader, ({ lagEvents, now, knownUpTo }) => lagEvents === 0 && knownUpTo === now)
    // Events come, and no stream reads them.
    await database.sql`update stream.checkpoints set "offset" = "offset" - 1, processed_at = processed_at - interval '1 minute'`
    const [waiting] = await database.sql<{ since: number }[]>`
      select max(appended_at) as since from log.event_log`
    const standing = await untilStand(reader, ({ lagEvents }) => lagEvents > 0)
    expect(standing).toMatchObject({ lagEvents: 1, processedAt: expect.any(Number) })
    expect(Math.abs(standing.knownUpTo - (waiting?.since ?? 0))).toBeLessThan(100)
    const later = await untilStand(reader, ({ now }) => now > standing.now + 1_500)
    expect(later.now - later.knownUpTo).toBeGreaterThan(standing.now - standing.knownUpTo)
  })

  it('begins where things stand, although somebody came long before and left before that was known', async () => {
    const begun: Promise<unknown>[] = []
    const sql = new Proxy(database.sql, {
      get(target, name) {
        if (name !== 'begin') return Reflect.get(target, name)
        return (...args: Parameters<Sql['begin']>) => {
          begun.push(target.begin(...args))
          return begun.at(-1)
        }
      },
    })
    const { url, gateway } = await serve({ sql })
    const leave = gateway.join({
      subscription: subscriptionOf(['sales'], []),
      since: null,
      snapshot() {},
      update() {},
      stand() {},
      congested: () => false,
      disconnect() {},
    })
    leave()
    expect(begun).not.toEqual([])
    await Promise.all(begun)
    for (const id of ['o-1', 'o-2', 'o-3']) await lane.sell('berlin', [id])

    const reader = read(url)
    await untilSnapshot(reader)
    await lane.sell('berlin', ['o-4'])
    await untilSold(reader, 'o-4')
    expect(gateway.stats().changesHeld).toBe(1)
  })

  it('gives everybody a fresh snapshot when a replay has taken over', async () => {
    const { sql } = database
    const { url } = await serve()
    const reader = read(url)
    await untilSnapshot(reader)
    await sql`select stream.create_generation(2, 1)`
    await sql`update stream.active_generation set generation = 2`
    try {
      await untilSnapshot(reader, 2)
      await lane.sell('berlin', ['o-1'])
      await untilSold(reader, 'o-1')
    } finally {
      await sql`update stream.active_generation set generation = 1`
      await sql`delete from stream.checkpoints where generation = 2`
    }
  })

  it('coalesces for a client that does not read, disconnects it in the end, and slows nobody', async () => {
    let skewMs = 0
    const { url, gateway } = await serve({ clock: () => Date.now() + skewMs })
    const slow = read(url)
    const quick = read(url)
    const { cursor } = await untilSnapshot(slow)
    await untilSnapshot(quick)
    const wire = (
      slow.socket.io.engine.transport as unknown as { ws: { _socket: import('node:net').Socket } }
    ).ws._socket
    wire.pause()
    // Larger than what the kernel buffers on both sides, in pieces.
    const filler = 'x'.repeat(1_000_000)
    for (let piece = 0; piece < 16; piece += 1) {
      await lane.announce('filler', { piece, filler })
      await vi.waitUntil(() => quick.updates.flatMap(update => update.pipeline ?? []).length > piece, {
        timeout: 60_000,
        interval: 5,
      })
    }
    // The one that does not read is waited for by nobody: it is there still when the other has the next sale.
    await lane.sell('berlin', ['o-1'])
    await untilSold(quick, 'o-1')
    expect(gateway.stats()).toMatchObject({ slowDisconnects: 0, clients: 2 })
    skewMs = SLOW_LIMIT_MS + 1_000
    await vi.waitUntil(() => gateway.stats().slowDisconnects === 1, { timeout: 60_000, interval: 5 })
    await vi.waitUntil(() => gateway.stats().clients === 1, { timeout: 60_000, interval: 5 })
    wire.resume()
    await vi.waitUntil(() => !slow.socket.connected, { timeout: 60_000, interval: 5 })
    const since = expectUnbroken(slow, cursor)
    const back = read(url, { since })
    await untilSold(back, 'o-1')
    const pieces = [slow, back].flatMap(reader => reader.updates.flatMap(update => update.pipeline ?? []))
    expect(pieces.map(change => (change.payload as { piece: number }).piece)).toEqual(
      Array.from({ length: 16 }, (_, piece) => piece),
    )
  })

  it('needs no hints: it polls', async () => {
    const { url } = await serve({ hints: false })
    const reader = read(url)
    await untilSnapshot(reader)
    await lane.sell('berlin', ['o-1'])
    await untilSold(reader, 'o-1')
  })

  it('sends at most 20 updates a second, and the first at once when it was quiet', async () => {
    const { url } = await serve()
    const reader = read(url)
    await untilSnapshot(reader)
    const { sql } = database
    for (let index = 0; index < 60; index += 1) {
      await lane.sell('berlin', [`o-${index}`])
      await sql`select pg_notify('stream_advanced', '0')`
    }
    await untilSold(reader, 'o-59')
    const gaps = reader.times.slice(1).map((time, index) => time - (reader.times[index] ?? 0))
    const seconds = gaps.reduce((sum, gap) => sum + gap, 0) / 1_000
    // A reader on a busy machine may take the first of them late; without the bound there are sixty in no time.
    expect(reader.updates.length - 1).toBeLessThanOrEqual(seconds * 20 + 10)
    expect(soldIds(reader)).toHaveLength(60)
  })

  it('refuses a handshake that makes no sense or comes from a page elsewhere', async () => {
    const { url } = await serve()
    const refusal = async (reader: Reader) => {
      const [error] = (await once(reader.socket as never, 'connect_error')) as [Error]
      return error.message
    }
    await expect(refusal(read(url, { topics: ['gossip'] }))).resolves.toContain(
      'sales, windows, stock, alerts, pipeline',
    )
    await expect(refusal(read(url, {}, { origin: 'http://evil' }))).resolves.toContain('websocket error')
  })
})
