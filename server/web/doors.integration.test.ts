import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { request as httpRequest } from 'node:http'
import { connect as connectTcp, type Socket } from 'node:net'
import { io } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { distantSockets } from '#platform/http/testing/distant-sockets.ts'
import type { WebOptions, WebService } from '#server/web/server.ts'
import { startTestWeb } from './testing/web.ts'

const PASSWORD = 'open sesame'
/** A busy machine takes its time. */
const PATIENT = { timeout: 60_000 }
const basic = (password: string) => `Basic ${Buffer.from(`anyone:${password}`).toString('base64')}`

let database: TestDatabase
const opened: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  await database.sql`delete from live.guesses`
})
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

/** Time stands still where waits are told: a slow machine must not sit them out. */
const frozen = () => {
  const now = Date.now()
  return () => now
}

/** @param handle answers as a page or the API would */
async function start(
  options: Partial<WebOptions> = {},
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void> = echo,
): Promise<WebService & { errors: unknown[] }> {
  const web = await startTestWeb(database.url, { handle, ...options })
  opened.push(() => web.stop())
  return web
}

/** Reads its body to the end, as what lies behind does. */
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let bytes = 0
  for await (const chunk of request) bytes += (chunk as Buffer).length
  response.end(`${bytes} bytes`)
}

async function raw({ url }: WebService, text: string): Promise<{ socket: Socket; answer: () => string }> {
  const socket = connectTcp(Number(new URL(url).port), '127.0.0.1')
  let answer = ''
  socket.on('data', chunk => {
    answer += chunk
  })
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(text)
  return { socket, answer: () => answer }
}

describe('guessing at the dashboard', () => {
  it('is answered 429 with how long to wait, for pages, the API and the socket, and not for who is in', async () => {
    const web = await start({ dashboardPassword: PASSWORD })
    const login = await fetch(web.url, { headers: { authorization: basic(PASSWORD) } })
    const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    await web.stop()
    // Once it has written what it knows of us: that we were let in.
    await database.sql`delete from live.guesses`
    const again = await start({ dashboardPassword: PASSWORD, clock: frozen() })
    const guess = (text: string, path = '/') =>
      fetch(`${again.url}${path}`, { headers: { authorization: basic(text) } })
    for (let n = 0; n < 6; n += 1) expect((await guess(`guess ${n}`)).status).toBe(401)
    for (const path of ['/', '/api/trpc/overview.get']) {
      const refused = await guess(PASSWORD, path)
      expect(refused.status).toBe(429)
      expect(Number(refused.headers.get('retry-after'))).toBe(1)
      expect(await refused.json()).toMatchObject({
        detail: expect.stringContaining('Too many wrong passwords'),
      })
    }
    const connect = (extraHeaders: Record<string, string>) =>
      io(`${again.url}/live`, {
        transports: ['websocket'],
        reconnection: false,
        forceNew: true,
        extraHeaders,
      })
    const refused = connect({ authorization: basic(PASSWORD) })
    await once(refused as never, 'connect_error')
    const admitted = connect({ cookie })
    await once(admitted as never, 'snapshot')
    admitted.disconnect()
    expect((await fetch(again.url, { headers: { cookie } })).status).toBe(200)
  })

  it('goes by the address that a trusted proxy names, and by no other', async () => {
    const guess = (web: WebService, sender: string, text: string) =>
      fetch(web.url, { headers: { authorization: basic(text), 'x-forwarded-for': sender } })
    const behind = await start({
      dashboardPassword: PASSWORD,
      trustedProxies: ['127.0.0.1'],
      clock: frozen(),
    })
    for (let n = 0; n < 6; n += 1) await guess(behind, '192.0.2.1', `guess ${n}`)
    expect((await guess(behind, '192.0.2.1', PASSWORD)).status).toBe(429)
    expect((await guess(behind, '192.0.2.2', PASSWORD)).status).toBe(200)
    const open = await start({ dashboardPassword: PASSWORD, clock: frozen() })
    for (let n = 0; n < 6; n += 1) await guess(open, `192.0.2.${n}`, `guess ${n}`)
    expect((await guess(open, '192.0.2.99', PASSWORD)).status).toBe(429)
  })

  it('of the key of the tills is stopped here, where events are passed on and metrics are read', async () => {
    const web = await start({
      host: '0.0.0.0',
      dashboardPassword: PASSWORD,
      intakeKey: 'the-key',
      clock: frozen(),
    })
    const url = web.url.replace('0.0.0.0', '127.0.0.1')
    const status = async (path: string, key: string, method = 'POST') =>
      (await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${key}` } })).status
    expect(await status('/api/v1/events', 'the-key')).toBe(503)
    await database.sql`delete from live.guesses`
    for (let n = 0; n < 101; n += 1) expect(await status('/api/v1/events', `guess-${n}`)).toBe(403)
    expect(await status('/api/v1/events', 'the-key')).toBe(429)
    expect(await status('/metrics', 'the-key', 'GET')).toBe(429)
  })
})

describe('a login', () => {
  it('ends everywhere when somebody says so', async () => {
    const { url } = await start({ dashboardPassword: PASSWORD })
    const logIn = async () => {
      const answer = await fetch(url, { headers: { authorization: basic(PASSWORD) } })
      return answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    }
    const [here, elsewhere] = [await logIn(), await logIn()]
    const socket = io(`${url}/live`, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      extraHeaders: { cookie: elsewhere },
    })
    await once(socket as never, 'snapshot')
    const out = await fetch(`${url}/logout?everywhere`, { method: 'POST', headers: { cookie: here } })
    expect(out.status).toBe(401)
    await vi.waitUntil(() => !socket.connected, PATIENT)
    expect((await fetch(url, { headers: { cookie: elsewhere } })).status).toBe(401)
  })

  it('is for encrypted connections alone where it began on one, and the browser keeps to them', async () => {
    const behind = await start({ dashboardPassword: PASSWORD, trustedProxies: ['127.0.0.1'] })
    const headers = { authorization: basic(PASSWORD), 'x-forwarded-proto': 'https' }
    const secure = await fetch(behind.url, { headers })
    expect(secure.headers.getSetCookie()[0]).toContain('; Secure')
    expect(secure.headers.get('strict-transport-security')).toBe('max-age=31536000')
    const open = await start({ dashboardPassword: PASSWORD })
    const plain = await fetch(open.url, { headers })
    expect(plain.headers.getSetCookie()[0]).not.toContain('Secure')
    expect(plain.headers.get('strict-transport-security')).toBeNull()
  })
})

it('scripts run by a number that is new with every answer, which no request can choose', async () => {
  const { url } = await start({}, async (request, response) => {
    response.end(String(request.headers['content-security-policy']))
  })
  const policies = new Set<string>()
  for (let n = 0; n < 3; n += 1) {
    const answer = await fetch(url, { headers: { 'content-security-policy': "script-src 'nonce-mine'" } })
    const policy = answer.headers.get('content-security-policy') ?? ''
    // What the page is told is what the browser is told.
    expect(await answer.text()).toBe(policy)
    expect(policy).toMatch(/script-src 'self' 'nonce-[A-Za-z0-9+/=]{24}';/)
    policies.add(policy)
  }
  expect(policies.size).toBe(3)
})

describe('what a request brings', () => {
  const CALL = '/api/trpc/pipeline.letters.requeue'

  it('is read within bounds where a call may bring something, and refused elsewhere', async () => {
    const { url } = await start()
    const post = (path: string, body: BodyInit | null, headers: Record<string, string> = {}) =>
      fetch(`${url}${path}`, { method: 'POST', body, headers, duplex: 'half' } as RequestInit)
    const call = await post(CALL, 'x'.repeat(3_000_000))
    expect([call.status, await call.text()]).toEqual([200, '3000000 bytes'])
    expect((await post(CALL, 'x'.repeat(3_200_000))).status).toBe(413)
    expect((await post('/', 'x')).status).toBe(405)
    expect((await post('/logout', 'x'.repeat(20_000))).status).toBe(413)
    expect((await post(CALL, 'x', { 'content-encoding': 'gzip' })).status).toBe(415)
    for (const path of ['/%00', '/?q=%ED%A0%80', '/%zz', '/?q=%FF']) {
      expect({ path, status: (await fetch(`${url}${path}`)).status }).toEqual({ path, status: 400 })
    }
    expect((await fetch(`${url}/?q=${'x'.repeat(9_000)}`)).status).toBe(414)
    // More than the server reads of a head at all.
    expect((await fetch(url, { headers: { 'x-long': 'x'.repeat(20_000) } })).status).toBe(431)
  })

  it('is refused for now when many bring much at once', async () => {
    let answerAll = () => {}
    const held = new Promise<void>(resolve => {
      answerAll = resolve
    })
    let waiting = 0
    const { url } = await start({}, async (request, response) => {
      request.resume()
      waiting += 1
      await held
      response.end()
    })
    const post = () => fetch(`${url}${CALL}`, { method: 'POST', body: 'x'.repeat(3_000_000) })
    const admitted = Array.from({ length: 8 }, post)
    await vi.waitUntil(() => waiting === 8, PATIENT)
    const refused = await post()
    expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true])
    answerAll()
    for (const answer of await Promise.all(admitted)) expect(answer.status).toBe(200)
    expect((await post()).status).toBe(200)
  })

  it.each([
    ['a head', 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow'],
    ['a body', `POST ${CALL} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{`],
  ])('is cut when %s does not come', async (_what, text) => {
    const web = await start({ headWithinMs: 100 })
    const { socket, answer } = await raw(web, text)
    if (!socket.closed) await once(socket, 'close')
    expect(answer()).toMatch(/^HTTP\/1\.1 408 /)
    expect(web.errors).toEqual([])
  })
})

describe('one address', () => {
  it('holds 500 connections and no more, and takes none from another', async () => {
    const elsewhere = distantSockets()
    await start()
    const held = Array.from({ length: 501 }, () => elsewhere.connect('203.0.113.7'))
    expect(held.map(({ destroyed }) => destroyed).indexOf(true)).toBe(500)
    expect(elsewhere.connect('203.0.113.8').destroyed).toBe(false)
  })
})

describe('a sender that hangs up', () => {
  it.each([
    [
      'while it sends',
      'POST /api/trpc/pipeline.letters.requeue HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{',
    ],
    ['while it waits', 'GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ])('%s is no error and no failed request', async (_when, text) => {
    let isAsked = false
    const web = await start({}, async (request, response) => {
      isAsked = true
      await once(response, 'close')
      throw new Error(`nobody reads the answer to ${request.url}`)
    })
    const { socket } = await raw(web, text)
    if (text.startsWith('GET')) await vi.waitUntil(() => isAsked, PATIENT)
    socket.resetAndDestroy()
    const counted = async () => (await fetch(`${web.url}/metrics`)).text()
    await vi.waitUntil(async () => /request_seconds_count\{.*status="499"/.test(await counted()), PATIENT)
    expect(await counted()).not.toMatch(/status="5/)
    expect(web.errors).toEqual([])
  })
})

it('clients of the live socket are bounded, those that only poll among them', async () => {
  const { url } = await start()
  const poll = () =>
    new Promise<number>((resolve, reject) => {
      httpRequest(`${url}/socket.io/?EIO=4&transport=polling`, answer => {
        answer.resume()
        resolve(answer.statusCode ?? 0)
      })
        .on('error', reject)
        .end()
    })
  const statuses = new Set<number>()
  for (let n = 0; n < 1_050; n += 50) {
    for (const status of await Promise.all(Array.from({ length: 50 }, poll))) statuses.add(status)
  }
  expect([...statuses].sort()).toEqual([200, 403])
})
