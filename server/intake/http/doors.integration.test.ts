import { once } from 'node:events'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { distantSockets } from '#platform/http/testing/distant-sockets.ts'
import { silentLogger } from '#platform/logger.ts'
import type { IntakeOptions, IntakeService } from '#server/intake/service.ts'
import { addTestStores, order, post, startTestIntake } from '#server/intake/testing/intake.ts'

/** A busy machine takes its time. */
const PATIENT = { timeout: 60_000 }

let database: TestDatabase
const opened: IntakeService[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.url)
})
afterAll(() => database.drop())
afterEach(async () => {
  for (const intake of opened.splice(0)) await intake.stop()
  await database.sql`delete from live.guesses`
})

async function start(options: Partial<IntakeOptions> = {}): Promise<IntakeService> {
  const intake = await startTestIntake(database.url, options)
  opened.push(intake)
  return intake
}

const withKey = (key: string) => ({ authorization: `Bearer ${key}` })

test('who guesses the key waits, longer over a restart too; a till that had it before sends on', async () => {
  // Time stands still: a slow machine must not sit the waits out.
  const now = Date.now()
  const proxied = { intakeKey: 'the-key', trustedProxies: ['127.0.0.1'], clock: () => now }
  const first = await start(proxied)
  const from = (address: string, key: string) => ({ ...withKey(key), 'x-forwarded-for': address })
  expect((await post(first, order('till-1'), from('192.0.2.1', 'the-key'))).status).toBe(200)
  for (let n = 0; n < 6; n += 1)
    expect((await post(first, order('x'), from('192.0.2.9', `guess-${n}`))).status).toBe(403)
  const refused = await post(first, order('x'), from('192.0.2.9', 'the-key'))
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
  // As many strangers as it takes to make all strangers wait.
  for (let n = 0; n < 95; n += 1) await post(first, order('x'), from(`198.51.100.${n}`, `guess-${n}`))
  await vi.waitUntil(
    async () =>
      (await database.sql`select from live.guesses where sender = '*' and failures > 100`).length === 1,
    PATIENT,
  )
  const second = await start(proxied)
  expect((await post(second, order('x'), from('203.0.113.5', 'the-key'))).status).toBe(429)
  expect((await post(second, order('till-2'), from('192.0.2.1', 'the-key'))).status).toBe(200)
})

test('an address that is no text is refused, whatever lies there', async () => {
  const { url } = await start()
  for (const path of ['/%00', '/healthz?x=%00', '/api/v1/events?store=%ED%A0%80', '/%zz']) {
    const answer = await fetch(`${url}${path}`)
    expect({ path, status: answer.status }).toEqual({ path, status: 400 })
  }
})

test('one address holds 500 connections and no more, and takes none from another', async () => {
  const elsewhere = distantSockets()
  await start()
  const held = Array.from({ length: 501 }, () => elsewhere.connect('203.0.113.7'))
  expect(held.map(({ destroyed }) => destroyed).indexOf(true)).toBe(500)
  expect(elsewhere.connect('203.0.113.8').destroyed).toBe(false)
})

test('a body that inflates without end is refused, and its room is given back', async () => {
  const intake = await start()
  const bomb = gzipSync(Buffer.alloc(32 * 1_048_576, ' '))
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => post(intake, bomb, { 'content-encoding': 'gzip' })),
  )
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([413]))
  expect((await post(intake, order('after the bomb'))).status).toBe(200)
})

test('a sender that hangs up, sending or waiting, is no error and no failed request', async () => {
  const logger = silentLogger()
  const errors: unknown[] = []
  logger.error = (...args: unknown[]) => void errors.push(args)
  const intake = await start({ logger })
  const { port } = new URL(intake.url)
  for (let time = 0; time < 5; time += 1) {
    const socket = connect(Number(port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write(
      'POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
    )
    // Half of them once the intake reads, half at once.
    if (time % 2 === 0) await vi.waitUntil(() => pendingBytes(intake), PATIENT)
    socket.resetAndDestroy()
  }
  await vi.waitUntil(
    async () => /request_seconds_count\{status="499"\} [3-5]/.test(await metricsOf(intake)),
    PATIENT,
  )
  expect(await metricsOf(intake)).not.toMatch(/request_seconds_count\{status="5/)
  expect(errors).toEqual([])
})

async function metricsOf(intake: IntakeService): Promise<string> {
  return (await fetch(`${intake.url}/metrics`)).text()
}

async function pendingBytes(intake: IntakeService): Promise<boolean> {
  return /pending_bytes [1-9]/.test(await metricsOf(intake))
}
