import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { io } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { connect } from '#db/client.ts'
import { type PrivatePostgres, startPrivatePostgres } from '#db/testing/database.ts'
import { Gateway } from './gateway.ts'
import type { LiveUpdate } from './messages.ts'
import { attachLiveSocket } from './socket.ts'
import { createTestLane } from './testing/lane.ts'

let postgres: PrivatePostgres

beforeAll(async () => {
  postgres = await startPrivatePostgres()
})
afterAll(() => postgres.drop())

describe('the live socket, when the database goes and comes back', () => {
  it('keeps its clients and goes on where it was, hints included', async () => {
    const sql = connect(postgres.url, { max: 4 })
    const errors: unknown[] = []
    const onError = (error: unknown) => errors.push(error)
    const gateway = new Gateway({ sql, clock: Date.now, onError })
    const hints = vi.spyOn(gateway, 'hint')
    gateway.listenForHints()
    const server = createServer()
    const sockets = attachLiveSocket({ server, gateway, admits: async () => true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const lane = await createTestLane(sql)
    const socket = io(`http://127.0.0.1:${(server.address() as AddressInfo).port}/live`, {
      transports: ['websocket'],
      reconnection: false,
    })
    const updates: LiveUpdate[] = []
    socket.on('update', update => updates.push(update))
    const sold = () => updates.flatMap(update => update.sales.map(sale => sale.id))
    const [snapshot] = (await once(socket as never, 'snapshot')) as [{ cursor: string }]
    await lane.sell('berlin', ['before'])
    await vi.waitUntil(() => sold().includes('before'), { timeout: 60_000 })

    await postgres.stopImmediately()
    await vi.waitUntil(() => errors.length > 1, { timeout: 60_000 })
    await postgres.start()
    await vi.waitUntil(
      () =>
        lane.sell('berlin', ['after']).then(
          () => true,
          () => false,
        ),
      { timeout: 60_000, interval: 200 },
    )
    await vi.waitUntil(() => sold().includes('after'), { timeout: 60_000 })

    expect(socket.connected).toBe(true)
    expect(sold()).toEqual(['before', 'after'])
    let cursor = snapshot.cursor
    for (const update of updates) {
      expect(update.previous).toBe(cursor)
      cursor = update.cursor
    }
    hints.mockClear()
    await vi.waitUntil(
      async () => {
        await sql`select pg_notify('stream_advanced', '0')`
        return hints.mock.calls.length > 0
      },
      { timeout: 60_000, interval: 500 },
    )
    socket.disconnect()
    await sockets.close()
    await gateway.stop()
    await sql.end({ timeout: 1 })
  })
})
