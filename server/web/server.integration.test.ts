import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { Readable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import { io } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { ListenError } from '#platform/http/listen.ts'
import type { WebOptions, WebService } from '#server/web/server.ts'
import { startTestWeb } from './testing/web.ts'

const PASSWORD = 'open sesame'
const BASIC = `Basic ${Buffer.from(`anyone:${PASSWORD}`).toString('base64')}`

let database: TestDatabase
const opened: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

async function start(options: Partial<WebOptions> = {}): Promise<WebService> {
  const web = await startTestWeb(database.url, options)
  opened.push(() => web.stop())
  return web
}

/** Stands in for the intake: keeps what it was sent. */
async function intake(answer: (request: IncomingMessage, body: Buffer) => { status: number; body: string }) {
  const requests: { request: IncomingMessage; body: Buffer }[] = []
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      requests.push({ request, body })
      const { status, body: text } = answer(request, body)
      response.writeHead(status, {
        'Content-Type': 'application/json',
        ...(status === 429 && { 'Retry-After': '3' }),
      })
      response.end(text)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.push(async () => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, requests, server }
}

describe('the web server', () => {
  it('serves pages with headers that keep others out', async () => {
    const { url } = await start()
    const response = await fetch(url)
    expect(await response.text()).toBe('a page')
    const headers = Object.fromEntries(response.headers)
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()'),
    })
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(headers).not.toHaveProperty('x-powered-by')
  })

  it('lets no page from elsewhere change anything, whatever password its visitor has', async () => {
    const { url } = await start({ dashboardPassword: PASSWORD })
    const post = (origin: string | undefined) =>
      fetch(`${url}/api/trpc/restock.act`, {
        method: 'POST',
        headers: {
          Authorization: BASIC,
          'Content-Type': 'application/json',
          ...(origin && { Origin: origin }),
        },
        body: '{}',
      })
    for (const foreign of ['http://evil.example.com', 'null', url.replace('127.0.0.1', 'localhost')]) {
      const refused = await post(foreign)
      expect({ foreign, status: refused.status }).toEqual({ foreign, status: 403 })
      expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('another one') })
    }
    expect(await (await post(url)).text()).toBe('a page')
    // No browser sends none: a command line does.
    expect(await (await post(undefined)).text()).toBe('a page')
  })

  it('says which part is not ready, and that it is up all the same', async () => {
    const { url } = await start()
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    const response = await fetch(`${url}/readyz`)
    expect(response.status).toBe(503)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({
      status: 503,
      failing: ['stream', 'jobs'],
      parts: {
        database: 'ok',
        migrations: 'ok',
        stream: expect.stringContaining('nobody works on partition 0, 1, 2, 3'),
        jobs: expect.stringContaining('no schedule has run'),
      },
    })
    const { sql } = database
    await sql`insert into batch.heartbeat (beat_at, next_tick_at) values (now(), now())`
    await sql`select log.take_partition('stream/1', partition, 'stream box:7') from log.partitions`
    // A heartbeat is no progress.
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ failing: ['jobs'] })
    await sql`update batch.heartbeat set tick_succeeded_at = now(), tick_overdue_at = now() + interval '1 minute'`
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    await sql`update batch.heartbeat set beat_at = now() - interval '5 minutes'`
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ failing: ['jobs'] })
    await sql`delete from batch.heartbeat`
    await sql`delete from log.owners`
  })

  it('tells its metrics, per partition and of the live socket', async () => {
    const { url } = await start()
    const response = await fetch(`${url}/metrics`)
    expect(response.headers.get('content-type')).toContain('text/plain')
    const text = await response.text()
    expect(text).toContain('tillstream_stream_lag_events{partition="3"} 0')
    expect(text).toContain('tillstream_live_clients 0')
    expect(text).toContain('tillstream_dead_letters_open 0')
    expect(text).toContain('tillstream_database_up 1')
  })

  it('names the database when that is away, and leaves its figures out', async () => {
    const { url } = await start({ databaseUrl: 'postgres://nobody@127.0.0.1:1/nowhere' })
    const ready = await (await fetch(`${url}/readyz`)).json()
    expect(ready).toMatchObject({
      failing: ['database', 'migrations', 'stream', 'jobs', 'reports', 'archive', 'events'],
    })
    expect(ready).toMatchObject({ parts: { database: expect.stringContaining('ECONNREFUSED') } })
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toContain('tillstream_database_up 0')
    expect(metrics).not.toMatch(/^tillstream_(batch_age_seconds|dead_letters_open|stream_lag_events).* /m)
  })

  it('says what to do when its port is taken', async () => {
    const { url } = await start()
    const port = Number(new URL(url).port)
    const second = start({ port })
    await expect(second).rejects.toThrow(ListenError)
    await expect(second).rejects.toThrow(
      `Port ${port} at 127.0.0.1 is taken. Stop what listens there, or set PORT`,
    )
  })

  it('answers only under the names of this machine while it has no password', async () => {
    const { url } = await start()
    const socket = connectTcp(Number(new URL(url).port), '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n')
    let answer = ''
    socket.on('data', chunk => {
      answer += chunk
    })
    await once(socket, 'close')
    expect(answer).toContain('403 Forbidden')
    expect(answer).toContain('set DASHBOARD_PASSWORD and HOST')
  })

  it('is gone though a socket is open', async () => {
    const web = await start()
    const socket = io(`${web.url}/live`, { transports: ['websocket'], reconnection: false, forceNew: true })
    await once(socket as never, 'snapshot')
    await web.stop()
    await vi.waitUntil(() => !socket.connected, { timeout: 60_000 })
    opened.length = 0
  })
})

describe('the dashboard password', () => {
  it('is asked for pages, not for health, metrics and events', async () => {
    const { port } = await intake(() => ({ status: 200, body: '{}' }))
    const { url } = await start({ dashboardPassword: PASSWORD, intakePort: port })
    const refused = await fetch(url)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toContain('Basic realm="Tillstream"')
    for (const path of ['healthz', 'metrics']) expect((await fetch(`${url}/${path}`)).status).toBe(200)
    expect((await fetch(`${url}/api/v1/events`, { method: 'POST', body: '{}' })).status).toBe(200)
    expect((await fetch(`${url}/api/trpc/overview.get`)).status).toBe(401)
  })

  it('lets a browser in with the password, and then its sockets with the cookie', async () => {
    const { url } = await start({ dashboardPassword: PASSWORD })
    const response = await fetch(url, { headers: { authorization: BASIC } })
    expect(response.status).toBe(200)
    const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const ways: Record<string, string>[] = [{ cookie }, { authorization: BASIC }]
    for (const extraHeaders of ways) {
      const socket = io(`${url}/live`, {
        transports: ['websocket'],
        reconnection: false,
        forceNew: true,
        extraHeaders,
      })
      const [snapshot] = await once(socket as never, 'snapshot')
      expect(snapshot).toHaveProperty('cursor')
      socket.disconnect()
    }
  })

  it('is a session that logging out ends, with the sockets it has open', async () => {
    const { url } = await start({ dashboardPassword: PASSWORD })
    const login = await fetch(url, { headers: { authorization: BASIC } })
    const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const again = await fetch(url, { headers: { authorization: BASIC } })
    expect(again.headers.getSetCookie()[0]?.split(';')[0]).not.toBe(cookie)
    expect((await fetch(url, { headers: { cookie } })).status).toBe(200)
    const socket = io(`${url}/live`, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      extraHeaders: { cookie },
    })
    await once(socket as never, 'snapshot')

    const logOut = (headers: Record<string, string>) =>
      fetch(`${url}/logout`, { method: 'POST', headers: { cookie, ...headers }, redirect: 'manual' })
    expect((await logOut({ origin: 'http://evil.example.com' })).status).toBe(403)
    const out = await logOut({ authorization: BASIC })
    // A browser forgets the password only when it is refused.
    expect(out.status).toBe(401)
    expect(out.headers.get('www-authenticate')).toContain('Basic')
    expect(out.headers.getSetCookie()[0]).toContain('Max-Age=0')
    await vi.waitUntil(() => !socket.connected, { timeout: 60_000 })
    expect((await fetch(url, { headers: { cookie } })).status).toBe(401)
    // Whoever gives it again, as asked, comes to the first page.
    const back = await logOut({ authorization: BASIC })
    expect([back.status, back.headers.get('location')]).toEqual([303, '/'])
  })

  it('begins no session for whoever asks the API with it', async () => {
    const { url } = await start({ dashboardPassword: PASSWORD })
    const answer = await fetch(`${url}/api/trpc/overview.get`, { headers: { authorization: BASIC } })
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([200, []])
  })

  it('or the key is asked for metrics and readiness too where other machines can reach them', async () => {
    const { url } = await start({ host: '0.0.0.0', dashboardPassword: PASSWORD, intakeKey: 'a-key' })
    const here = url.replace('0.0.0.0', '127.0.0.1')
    const status = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(`${here}${path}`, { headers })).status
    expect(await status('/healthz')).toBe(200)
    expect(await status('/metrics')).toBe(401)
    expect(await status('/readyz')).toBe(401)
    expect(await status('/metrics', { authorization: 'Bearer another' })).toBe(401)
    for (const authorization of ['Bearer a-key', BASIC]) {
      expect(await status('/metrics', { authorization })).toBe(200)
      expect(await status('/readyz', { authorization })).toBe(503)
    }
  })

  it.each([
    [{}],
    [{ cookie: 'tillstream_session=guess' }],
    [{ authorization: BASIC, origin: 'http://evil.example.com' }],
  ])('keeps a socket out that comes with %j', async extraHeaders => {
    const { url } = await start({ dashboardPassword: PASSWORD })
    const socket = io(`${url}/live`, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      extraHeaders,
    })
    const [error] = await once(socket as never, 'connect_error')
    expect(error).toBeInstanceOf(Error)
    socket.disconnect()
  })
})

describe('events posted to the web server', () => {
  it('reach the intake as they were sent, and its answer comes back', async () => {
    const { port, requests } = await intake(() => ({ status: 422, body: '{"accepted":0}' }))
    const { url } = await start({ intakePort: port })
    const body = gzipSync('{"id":"1"}')
    const response = await fetch(`${url}/api/v1/events?x=1`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'content-encoding': 'gzip',
        authorization: 'Bearer key',
      },
    })
    expect(response.status).toBe(422)
    expect(await response.json()).toEqual({ accepted: 0 })
    const [received] = requests
    expect(received?.request.headers).toMatchObject({
      'content-encoding': 'gzip',
      authorization: 'Bearer key',
    })
    expect(received?.request.headers.host).toBe(new URL(url).host)
    expect(gunzipSync(received?.body ?? Buffer.alloc(0)).toString()).toBe('{"id":"1"}')
  })

  it('are streamed when their length is not known', async () => {
    const { port, requests } = await intake(() => ({ status: 200, body: '{}' }))
    const { url } = await start({ intakePort: port })
    const lines = ['{"id":"1"}\n', '{"id":"2"}\n']
    const stream = Readable.toWeb(Readable.from(lines.map(line => Buffer.from(line))))
    const response = await fetch(`${url}/api/v1/events`, {
      method: 'POST',
      body: stream,
      duplex: 'half',
    } as RequestInit)
    expect(response.status).toBe(200)
    expect(requests[0]?.body.toString()).toBe(lines.join(''))
  })

  it('come back with its Retry-After when the intake is busy', async () => {
    const { port } = await intake(() => ({ status: 429, body: '{}' }))
    const { url } = await start({ intakePort: port })
    const response = await fetch(`${url}/api/v1/events`, { method: 'POST', body: '{}' })
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '3'])
  })

  it('are to be sent again while the intake is away', async () => {
    const { url } = await start({ intakePort: 1 })
    const response = await fetch(`${url}/api/v1/events`, { method: 'POST', body: 'x'.repeat(500_000) })
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('2')
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({
      status: 503,
      detail: expect.stringContaining('Send the whole request again'),
    })
  })

  it('are to be sent again when the intake dies in the middle', async () => {
    const { port, server } = await intake(() => ({ status: 200, body: '{}' }))
    server.removeAllListeners('request')
    server.on('request', request => request.socket.destroy())
    const { url } = await start({ intakePort: port })
    const response = await fetch(`${url}/api/v1/events`, { method: 'POST', body: '{}' })
    expect(response.status).toBe(503)
  })
})
