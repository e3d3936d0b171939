import { io, type Socket } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { STREAM_TABLES } from '#db/testing/stream-tables.ts'
import { raiseShortage } from '#server/notify/testing/alerts.ts'
import { readNotices } from '#server/serving/notifications/notices.ts'
import { DASHBOARD_TOPICS, type LiveAlert, type LiveSnapshot, type LiveUpdate } from './live/messages.ts'
import { SLOW_LIMIT_MS } from './live/session.ts'
import { createTestLane, type TestLane } from './live/testing/lane.ts'
import { startTestWeb } from './testing/web.ts'

// Faults 19 and 20 for alerts: whole web servers with their workers, each with sockets of its own.

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
    truncate log.event_log, log.event_keys, live.ops_lane, live.alert_actions, batch.alerts, notify.messages,
      notify.deliveries, notify.attempts, ${database.sql(STREAM_TABLES)} cascade`
  lane = await createTestLane(database.sql)
})
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

async function serve(options: { clock?: () => number } = {}) {
  const web = await startTestWeb(database.url, options)
  let isStopped = false
  const stop = async () => {
    if (isStopped) return
    isStopped = true
    await web.stop()
  }
  opened.push(stop)
  return { ...web, stop }
}

/** A shortage as the stream commits it: the row, and the change that gateways tell. */
async function raise(alertId: string): Promise<void> {
  await raiseShortage(database.sql, alertId, { rule: 'out_of_stock', onHand: 0 })
  const alert: LiveAlert = {
    alertId,
    store: 'berlin',
    sku: 'tea',
    rule: 'out_of_stock',
    severity: 'critical',
    state: 'open',
    openedAt: 1,
    onHand: 0,
    onOrder: 0,
    reorderPoint: 5,
    projectedStockoutAt: null,
    nextDeliveryAt: null,
  }
  await lane.sell('berlin', [`sale-${alertId}`], { alerts: [alert] })
}

/** What a page keeps, whatever gateway it is connected to: its cursor, and the place up to which it has read notices. */
function openPage() {
  const alerts: string[] = []
  const told: string[] = []
  let cursor: string | undefined
  let position: number | undefined
  let reading = Promise.resolve()
  let socket: Socket | undefined

  async function readOn(): Promise<void> {
    const { notices, through } = await readNotices(database.sql, { person: null, after: position ?? 0 })
    position = through
    told.push(...notices.map(({ alertId }) => alertId))
  }
  const hint = () => {
    reading = reading.then(readOn)
  }

  return {
    alerts,
    told,
    snapshots: 0,
    connect(url: string): void {
      socket?.disconnect()
      const connected = io(`${url}/live`, {
        auth: { topics: DASHBOARD_TOPICS, ...(cursor ? { since: cursor } : {}) },
        transports: ['websocket'],
        reconnection: false,
        forceNew: true,
      })
      socket = connected
      opened.push(() => void connected.disconnect())
      connected.on('snapshot', (snapshot: LiveSnapshot) => {
        this.snapshots += 1
        cursor = snapshot.cursor
        position ??= snapshot.told
        alerts.push(...snapshot.alerts.map(({ alertId }) => alertId))
        hint()
      })
      connected.on('update', (update: LiveUpdate) => {
        expect(update.previous).toBe(cursor)
        cursor = update.cursor
        alerts.push(...update.alerts.map(({ alertId }) => alertId))
        if (update.pipeline?.some(({ kind }) => kind === 'notice')) hint()
      })
    },
    /** The connection below, to be stopped from reading. */
    wire() {
      const transport = socket?.io.engine.transport as unknown as {
        ws: { _socket: import('node:net').Socket }
      }
      return transport.ws._socket
    },
    isConnected: () => socket?.connected ?? false,
  }
}

const WAIT = { timeout: 60_000, interval: 10 }

/** Until a page has heard of these, in any order: then once each, by the socket and by what is told. */
async function untilTold(page: ReturnType<typeof openPage>, alertIds: readonly string[]): Promise<void> {
  await vi.waitUntil(() => alertIds.every(id => page.told.includes(id) && page.alerts.includes(id)), WAIT)
}

async function metricsOf(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text()
}

describe('alerts that are missed', () => {
  it('while the server is away and another takes its place are told afterwards, none missing, none twice', async () => {
    const first = await serve()
    const page = openPage()
    page.connect(first.url)
    await vi.waitUntil(() => page.snapshots === 1, WAIT)
    await raise('a-1')
    await untilTold(page, ['a-1'])
    await first.stop()
    // Nobody decides, nobody tells.
    await raise('a-2')
    await raise('a-3')
    const second = await serve()
    page.connect(second.url)
    await untilTold(page, ['a-2', 'a-3'])
    await raise('a-4')
    await untilTold(page, ['a-4'])
    const all = ['a-1', 'a-2', 'a-3', 'a-4']
    expect({ told: page.told.toSorted(), alerts: page.alerts.toSorted() }).toEqual({ told: all, alerts: all })
    // From its cursor: no snapshot had to say it all again.
    expect(page.snapshots).toBe(1)
  })

  it('between two gateways, with a worker each, are told once, wherever a page is connected', async () => {
    const gateways = [await serve(), await serve()] as const
    const [still, moving] = [openPage(), openPage()]
    still.connect(gateways[0].url)
    moving.connect(gateways[1].url)
    await vi.waitUntil(() => still.snapshots + moving.snapshots === 2, WAIT)
    const all = Array.from({ length: 12 }, (_, index) => `b-${String(index).padStart(2, '0')}`)
    for (const [index, alertId] of all.entries()) {
      await raise(alertId)
      if (index % 3 === 2) moving.connect(gateways[index % 2 === 0 ? 0 : 1].url)
    }
    for (const page of [still, moving]) {
      await untilTold(page, all)
      expect({ told: page.told.toSorted(), alerts: page.alerts.toSorted() }).toEqual({
        told: all,
        alerts: all,
      })
    }
    const [counted] = await database.sql`
      select count(*) as messages, count(distinct alert_id) as alerts from notify.messages where state = 'told'`
    expect(counted).toEqual({ messages: 12, alerts: 12 })
  })

  it('by a page that reads too slowly are told once it comes back, and others hear of them meanwhile', async () => {
    let skewMs = 0
    const web = await serve({ clock: () => Date.now() + skewMs })
    const [slow, quick] = [openPage(), openPage()]
    slow.connect(web.url)
    quick.connect(web.url)
    await vi.waitUntil(() => slow.snapshots + quick.snapshots === 2, WAIT)
    const wire = slow.wire()
    wire.pause()
    // More than the kernel holds on both sides, so that the server sees that it reads nothing.
    for (let piece = 0; piece < 16; piece += 1)
      await lane.announce('filler', { filler: 'x'.repeat(1_000_000) })
    const all = ['c-1', 'c-2', 'c-3']
    for (const alertId of all) await raise(alertId)
    await untilTold(quick, all)
    expect(slow.told).toEqual([])
    skewMs = SLOW_LIMIT_MS + 1_000
    await vi.waitUntil(async () => /slow_disconnects\S* 1\b/.test(await metricsOf(web.url)), WAIT)
    wire.resume()
    await vi.waitUntil(() => !slow.isConnected(), WAIT)
    slow.connect(web.url)
    await untilTold(slow, all)
    for (const page of [slow, quick])
      expect({ told: page.told.toSorted(), alerts: page.alerts.toSorted() }).toEqual({
        told: all,
        alerts: all,
      })
  })
})
