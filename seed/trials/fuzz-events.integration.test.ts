import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { eventSchema } from '#domain/event.ts'
import { besideSchema, fromSchema, hostileValue } from '#domain/testing/from-schema.ts'
import { silentLogger } from '#platform/logger.ts'
import type { IntakeService } from '#server/intake/service.ts'
import { addTestStores, startTestIntake } from '#server/intake/testing/intake.ts'
import { runCommand } from '#server/serving/testing/command.ts'
import { type FuzzTarget, fuzz } from './testing/fuzz.ts'

vi.setConfig({ testTimeout: 900_000 })

const REPEAT = '--only integration seed/trials/fuzz-events'

let database: TestDatabase
let intake: IntakeService
const failures: string[] = []
let accepted = 0

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.url)
  const logger = silentLogger()
  logger.error = (...args: unknown[]) => void failures.push(JSON.stringify(args))
  intake = await startTestIntake(database.url, { logger })
})
afterAll(async () => {
  await intake.stop()
  await database.drop()
})

const CURRENCIES = { berlin: 'EUR', hamburg: 'EUR', 'new-york': 'USD' } as const
type StoreId = keyof typeof CURRENCIES

/** Of a store that there is, with an id that is mostly new, and without what only an exact sum makes right. */
function likely(sent: Record<string, unknown>, { store, number }: { store: StoreId; number: number }) {
  const { tenders: _, ...rest } = sent
  return {
    ...rest,
    store,
    source: `till ${number % 5}`,
    id: `fuzz ${number}`,
    ...('currency' in sent && { currency: CURRENCIES[store] }),
    ...('businessDay' in sent && { businessDay: '2026-03-02', eventTime: '2026-03-02T21:15:30Z' }),
  }
}

/** As the schema says; mostly one that the intake takes. */
const event = fc
  .record({
    sent: fromSchema(eventSchema),
    store: fc.constantFrom<StoreId[]>('berlin', 'hamburg', 'new-york'),
    number: fc.nat(1_000_000),
    isLikely: fc.constantFrom(true, true, true, false),
  })
  .map(({ sent, isLikely, ...of }) => (isLikely ? likely(sent as Record<string, unknown>, of) : sent))
const entry = fc.oneof({ weight: 5, arbitrary: event }, besideSchema(eventSchema), hostileValue())

interface Posted {
  entries: unknown[]
  form: 'one' | 'array' | 'lines'
  isZipped: boolean
  headers: Record<string, string>
  cut: number
}

const requests: FuzzTarget<Posted> = {
  name: 'POST /api/v1/events',
  inputs: fc.record({
    entries: fc.array(entry, { minLength: 1, maxLength: 12 }),
    form: fc.constantFrom('one', 'array', 'lines'),
    isZipped: fc.boolean(),
    headers: fc.oneof(
      { weight: 6, arbitrary: fc.constant({}) },
      fc.constantFrom<Record<string, string>[]>(
        { 'content-type': 'text/plain' },
        { 'content-type': 'application/json; charset=utf-16' },
        { 'content-encoding': 'br' },
        { 'content-encoding': 'gzip, gzip' },
        { authorization: 'Bearer \u00ff' },
        { authorization: `Bearer ${'x'.repeat(4_000)}` },
      ),
    ),
    // How much of the body is sent: mostly all.
    cut: fc.constantFrom(1, 1, 1, 1, 1, 1, 0.5, 0.99, 0),
  }),
  async attempt({ entries, form, isZipped, headers, cut }, signal) {
    const texts = entries.map(one => JSON.stringify(one) ?? 'null')
    const [first = ''] = texts
    const text = { one: first, array: `[${texts.join(',')}]`, lines: texts.join('\n') }[form]
    const whole = isZipped ? gzipSync(text) : Buffer.from(text)
    const response = await fetch(`${intake.url}/api/v1/events`, {
      method: 'POST',
      signal,
      headers: {
        'content-type': form === 'lines' ? 'application/x-ndjson' : 'application/json',
        ...(isZipped && { 'content-encoding': 'gzip' }),
        ...headers,
      },
      body: whole.subarray(0, Math.ceil(whole.length * cut)),
    })
    const answer: unknown = await response.json()
    if (typeof answer === 'object' && answer !== null && 'accepted' in answer)
      accepted += Number(answer.accepted)
    if (response.status >= 500) return `status ${response.status}: ${JSON.stringify(answer).slice(0, 500)}`
    return failures.length > 0 ? `the log holds an error: ${failures.splice(0).join()}` : null
  },
}

/** Paths and methods beside those it has. */
const elsewhere: FuzzTarget<{ path: string; method: string; body: unknown }> = {
  name: 'any other address of the intake',
  inputs: fc.record({
    path: fc.constantFrom(
      ...[
        '/',
        '/healthz',
        '/readyz',
        '/metrics',
        '/api/v1/events/',
        '/api/v1/events?x=%00',
        '/%00',
        '/%ED%A0%80',
        '/%',
      ],
      ...[
        '/api/v1/dead-letters/1/requeue',
        '/api/v1/dead-letters/1/discard',
        '/api/v1/dead-letters/0/discard',
      ],
      ...[
        '/api/v1/dead-letters/999999999999999/requeue',
        '/api/v1/dead-letters/9e9/requeue',
        `/${'x'.repeat(9_000)}`,
      ],
    ),
    method: fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH'),
    body: fc.oneof(hostileValue(), fc.record({ reason: hostileValue() }), event),
  }),
  async attempt({ path, method, body }, signal) {
    const hasBody = method !== 'GET' && method !== 'HEAD'
    const response = await fetch(`${intake.url}${path}`, {
      method,
      signal,
      headers: { 'content-type': 'application/json' },
      ...(hasBody && { body: JSON.stringify(body) ?? '' }),
    })
    const text = await response.text()
    if (response.status >= 500) return `status ${response.status}: ${text.slice(0, 500)}`
    return failures.length > 0 ? `the log holds an error: ${failures.splice(0).join()}` : null
  },
}

test('whatever is sent to the intake, it answers, and nothing grows', async () => {
  await fuzz<never>([requests, requests, elsewhere] as FuzzTarget<never>[], REPEAT)
  expect(accepted).toBeGreaterThan(10)
})

test('what it took is stored, once, and is of a store and a day that there are', async () => {
  const { sql } = database
  const [stored] = await sql<{ events: number }[]>`
    select count(*) filter (where type <> 'stock.transferred')
      + count(*) filter (where type = 'stock.transferred') / 2 as events
    from log.event_log where type <> 'tick'`
  // A dead letter that was requeued is stored beside what was posted.
  expect(stored?.events).toBeGreaterThanOrEqual(accepted)
  const odd = await sql`
    select source, id, store, business_day from log.event_log
    where type <> 'tick' and (business_day not between '1900-01-01' and '2199-12-31'
      or store not in (select store from ref.stores) or event_time > now() + interval '1 hour')`
  expect(odd).toEqual([])
})

test('and both paths digest it', async () => {
  const streamed = await runCommand(database.url, 'server/stream/main.ts', ['--until-caught-up'])
  expect(streamed).toMatchObject({ code: 0 })
  const batch = await runCommand(database.url, 'jobs/main.ts', [
    ...['run', 'all', '--from', '1900-01-01', '--to', '2199-12-31'],
  ])
  expect(batch).toMatchObject({ code: 0 })
})
