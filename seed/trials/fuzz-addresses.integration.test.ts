import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import { io } from 'socket.io-client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { besideSchema, fromSchema, hostileValue } from '#domain/testing/from-schema.ts'
import type { IntakeService } from '#server/intake/service.ts'
import { startTestIntake } from '#server/intake/testing/intake.ts'
import { createTestPaths } from '#server/serving/testing/paths.ts'
import { authSchema } from '#server/web/live/socket.ts'
import { OWN_PATHS } from '#server/web/server.ts'
import { startTestWeb } from '#server/web/testing/web.ts'
import { type FuzzTarget, fuzz } from './testing/fuzz.ts'
import { openRoutes, readAddresses, readAddressParameters } from './testing/routes.ts'

vi.setConfig({ testTimeout: 900_000 })

const { pages, routes } = await readAddresses()
const parameters = [...(await readAddressParameters()), 'view', 'sort', 'search', 'stores', 'stockout']
/** Also of what no folder names: the live socket. */
const PATHS = [...OWN_PATHS, ...pages, ...routes, '/socket.io/', '/nowhere']

let database: TestDatabase
let intake: IntakeService
let web: Awaited<ReturnType<typeof startTestWeb>>

beforeAll(async () => {
  database = await createTestDatabase()
  await createTestPaths(database.sql)
  await database.sql`insert into batch.heartbeat (beat_at, next_tick_at) values (now(), now())`
  intake = await startTestIntake(database.url)
  web = await startTestWeb(database.url, {
    intakePort: Number(new URL(intake.url).port),
    openPages: openRoutes,
  })
})
afterAll(async () => {
  await web.stop()
  await intake.stop()
  await database.drop()
})

/** What the server has logged as an error since it was asked last. */
function loggedError(): string | null {
  return web.errors.length > 0 ? `the log holds an error: ${JSON.stringify(web.errors.splice(0))}` : null
}

const TEXTS = [
  ...[
    '',
    '0',
    '-1',
    '1',
    '1e99',
    '99999999999999999999',
    'NaN',
    'EUR',
    'all',
    'sales',
    'day',
    '-net',
    'only',
    'before',
  ],
  ...[
    '0000-01-01',
    '0001-01-01',
    '1900-01-01',
    '2026-03-02',
    '2199-12-31',
    '9999-12-31',
    '2026-02-30',
    ',,,',
    'berlin',
  ],
  ...[
    '%00',
    '%ED%A0%80',
    '%FF',
    '%',
    '%zz',
    '__proto__',
    "';--",
    'x'.repeat(3_000),
    '%F0%9F%9B%92',
    '{}',
    '[object%20Object]',
  ],
  ...['EIO=4', 'websocket', 'polling', '%7B%22since%22%3A%22%5Cu0000%22%7D'],
]
const said = fc.tuple(
  fc.constantFrom(...parameters, 'input', 'batch', 'EIO', 'transport', 'sid', '__proto__'),
  fc.constantFrom(...TEXTS),
)

interface Sent {
  method: string
  path: string
  said: [string, string][]
  head: string
  body: unknown
}

const HEADS = [
  '',
  'Content-Type: application/json\r\n',
  'Content-Type: multipart/form-data; boundary=x\r\n',
  'Origin: null\r\n',
  'Cookie: tillstream_session=%00; a=\ud800; =;;=\r\n',
  'Authorization: Basic AAAA\r\n',
  'Authorization: Bearer x\r\n',
  'Content-Encoding: gzip\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 99999999999999999999\r\n',
  'Content-Length: -1\r\n',
  'Expect: 100-continue\r\n',
  'Expect: 200-ok\r\n',
  'Upgrade: websocket\r\nConnection: Upgrade\r\n',
  'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n',
  'X-Forwarded-For: x, y\r\nX-Forwarded-Proto: https\r\nForwarded: for=x\r\n',
  'Range: bytes=0-1e9\r\n',
  'Trpc-Accept: application/jsonl\r\n',
  `X-Long: ${'x'.repeat(20_000)}\r\n`,
  'No colon\r\n',
  'X: a\0b\r\n',
]

/** Bytes as they are, for what no client library would send. */
const anything: FuzzTarget<Sent> = {
  name: 'an address of the dashboard',
  inputs: fc.record({
    method: fc.constantFrom(
      'GET',
      'GET',
      'GET',
      'POST',
      'POST',
      'HEAD',
      'PUT',
      'DELETE',
      'OPTIONS',
      'TRACE',
      'get',
      '',
    ),
    path: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...PATHS) },
      fc.constantFrom(
        '/%00',
        '/%ED%A0%80',
        '/%',
        '/..%2f..%2fetc',
        '//evil.example.com',
        '*',
        'http://x/',
        '/_next/image',
        '/_next/',
      ),
    ),
    said: fc.array(said, { maxLength: 5 }),
    head: fc.constantFrom(...HEADS),
    body: fc.oneof(fc.constant(undefined), hostileValue()),
  }),
  async attempt(sent, signal) {
    const answer = await exchange(sent, signal)
    const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]
    if (status !== undefined && Number(status) >= 500) return answer.slice(0, 600)
    const broken = /%00|%ED%A0%80|%FF/.test(sent.path + sent.said.map(pair => pair.join('=')).join('&'))
    const isOurs = !sent.path.startsWith('/socket.io/') && /^(GET|HEAD|POST)$/.test(sent.method)
    if (broken && isOurs && status !== undefined && Number(status) < 400)
      return `${status} for what is no text: ${answer.slice(0, 300)}`
    return loggedError()
  },
}

/** @returns what came back until the connection was closed, or until nothing more is to come */
async function exchange({ method, path, said, head, body }: Sent, signal: AbortSignal): Promise<string> {
  const socket = connect(Number(new URL(web.url).port), '127.0.0.1')
  signal.addEventListener('abort', () => socket.destroy())
  const text = body === undefined ? '' : (JSON.stringify(body) ?? '')
  const query = said.length > 0 ? `?${said.map(pair => pair.join('=')).join('&')}` : ''
  const length = /content-length|transfer-encoding/i.test(head)
    ? ''
    : `Content-Length: ${Buffer.byteLength(text)}\r\n`
  const sent = /chunked/.test(head) ? `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n` : text
  // Half closed: a server that waits for more sees that none comes.
  socket.on('error', () => {})
  socket.end(
    `${method} ${path}${query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${head}${length}\r\n${sent}`,
  )
  let answer = ''
  socket.on('data', chunk => {
    answer += chunk
  })
  if (!socket.closed) await once(socket, 'close')
  return answer
}

/** What a client of the live socket says of itself when it comes. */
const handshakes: FuzzTarget<unknown> = {
  name: 'auth of the live socket',
  inputs: fc.oneof(fromSchema(authSchema), besideSchema(authSchema)),
  async attempt(auth, signal) {
    const { promise: heard, resolve } = Promise.withResolvers<string>()
    const socket = io(`${web.url}/live`, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      auth: typeof auth === 'object' && auth !== null ? auth : { since: auth },
    })
    socket.once('snapshot', () => resolve('snapshot'))
    socket.once('connect_error', error => resolve(error.message))
    socket.once('disconnect', reason => resolve(`disconnect: ${reason}`))
    signal.addEventListener('abort', () => socket.disconnect())
    const answer = await heard
    // Things that nobody expects from a client are not answered, and do not end the others.
    socket.emit('update', auth)
    socket.disconnect()
    const { since, stores } = (auth ?? {}) as { since?: unknown; stores?: unknown }
    const isBroken = /\\u0000|\\ud[89a-f]/i.test(JSON.stringify([since, stores]))
    if (isBroken && answer === 'snapshot') return 'a snapshot for what is no text'
    return loggedError()
  },
}

test('whatever comes to an address or to the live socket, it is answered or cut, and nothing grows', async () => {
  expect(PATHS.length).toBeGreaterThan(12)
  await fuzz<never>(
    [anything, anything, handshakes] as FuzzTarget<never>[],
    '--only integration seed/trials/fuzz-addresses',
  )
})
