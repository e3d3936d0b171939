import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { connect } from '#db/client.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { partId } from '#domain/derived-id.ts'
import { RULES_VERSION } from '#domain/log-event.ts'
import { partitionOf } from '#domain/partition.ts'
import type { IntakeService } from '#server/intake/service.ts'
import { addTestStores, order, post, postHead, startTestIntake } from '#server/intake/testing/intake.ts'

let database: TestDatabase
let intake: IntakeService

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.url)
  intake = await startTestIntake(database.url)
})

afterAll(async () => {
  await intake?.stop()
  await database?.drop()
})

async function storedIds(source: string): Promise<string[]> {
  const rows = await database.sql<{ id: string }[]>`
    select id from log.event_log where source = ${source} order by partition, "offset"`
  return rows.map(row => row.id)
}

async function deadLettersOf(
  source: string | null,
): Promise<{ reason: string; payload: string; met_in: unknown }[]> {
  const rows = await database.sql<{ reason: string; payload: Buffer; met_in: unknown }[]>`
    select reason, payload, met_in from intake.dead_letters
    where source is not distinct from ${source} order by dead_letter`
  return rows.map(row => ({ ...row, payload: row.payload.toString() }))
}

test('one event, an array and ndjson are stored, in the order they were sent', async () => {
  const of = (id: string) => order(id, { source: 'forms' })
  expect(await post(intake, of('1'))).toMatchObject({
    status: 200,
    body: { accepted: 1, duplicates: 0, rejected: [] },
  })
  expect((await post(intake, [of('2'), of('3')])).body).toMatchObject({ accepted: 2 })
  const lines = `${JSON.stringify(of('4'))}\r\n\n${JSON.stringify(of('5'))}`
  const answer = await post(intake, lines, { 'Content-Type': 'application/x-ndjson; charset=utf-8' })
  expect(answer.body).toMatchObject({ accepted: 2 })
  expect(await storedIds('forms')).toEqual(['1', '2', '3', '4', '5'])
})

test('what is stored is what enrichment decided', async () => {
  await post(intake, order('enriched', { source: 'enriched', eventTime: '2026-03-02T03:30:00+01:00' }))
  const [row] = await database.sql`
    select business_day, total_units, total_gross, total_discounts, class, skus, rules_version
    from log.event_log where source = 'enriched'`
  expect(row).toMatchObject({
    business_day: '2026-03-01',
    total_units: 2,
    total_gross: 51_100,
    total_discounts: 1_000,
    class: 'live',
    skus: ['tea'],
    rules_version: RULES_VERSION,
  })
})

test('a gzip body is inflated', async () => {
  const body = gzipSync(JSON.stringify([order('1', { source: 'gzip' })]))
  expect((await post(intake, body, { 'Content-Encoding': 'gzip' })).body).toMatchObject({ accepted: 1 })
})

test('the same event counts once: within a request, in the next one and respelled', async () => {
  const event = order('1', { source: 'dup', eventTime: '2026-11-20T10:15:30.000+01:00' })
  const respelled = {
    ...event,
    eventTime: '2026-11-20T09:15:30Z',
    lines: [{ unitPrice: '2.5550', sku: 'tea', units: 2, discount: '0.1' }],
  }
  expect((await post(intake, [event, event, respelled])).body).toMatchObject({ accepted: 1, duplicates: 2 })
  expect(await post(intake, event)).toMatchObject({ status: 200, body: { accepted: 0, duplicates: 1 } })
  expect(await storedIds('dup')).toEqual(['1'])
})

test('the same id with another body is a dead letter, and the first stands', async () => {
  const first = order('1', { source: 'conflict' })
  const other = { ...first, lines: [{ sku: 'tea', units: 2, unitPrice: '9.99' }] }
  const within = await post(intake, [first, other, first])
  expect(within.body).toMatchObject({
    accepted: 1,
    duplicates: 1,
    rejected: [{ index: 1, id: '1', reason: 'conflicting_duplicate' }],
  })
  const later = await post(intake, other)
  expect(later).toMatchObject({
    status: 422,
    body: { rejected: [{ index: 0, reason: 'conflicting_duplicate' }] },
  })
  const [row] = await database.sql`select total_gross from log.event_log where source = 'conflict'`
  expect(row).toEqual({ total_gross: 51_100 })
  const letters = await deadLettersOf('conflict')
  expect(letters.map(letter => [letter.reason, JSON.parse(letter.payload)])).toEqual([
    ['conflicting_duplicate', other],
    ['conflicting_duplicate', other],
  ])
})

test('a transfer is one event in the answer and two legs in the log', async () => {
  const transfer = {
    source: 'transfer',
    id: 't-1',
    type: 'stock.transferred',
    store: 'berlin',
    toStore: 'hamburg',
    eventTime: new Date().toISOString(),
    lines: [{ sku: 'tea', units: 5 }],
  }
  expect((await post(intake, transfer)).body).toEqual({ accepted: 1, duplicates: 0, rejected: [] })
  expect((await post(intake, transfer)).body).toEqual({ accepted: 0, duplicates: 1, rejected: [] })
  expect((await storedIds('transfer')).sort()).toEqual([partId('t-1', 'in'), partId('t-1', 'out')])
})

test('a sender cannot take the id of a leg, nor keep half a transfer out of the log', async () => {
  const [sale, transfer] = [
    order('X#in', { source: 'half', store: 'hamburg' }),
    {
      source: 'half',
      id: 'X',
      type: 'stock.transferred',
      store: 'berlin',
      toStore: 'hamburg',
      eventTime: new Date().toISOString(),
      lines: [{ sku: 'OVER', units: 1 }],
    },
  ]
  expect((await post(intake, [sale, transfer])).body).toEqual({ accepted: 2, duplicates: 0, rejected: [] })
  expect((await storedIds('half')).sort()).toEqual(['X#in', partId('X', 'in'), partId('X', 'out')].sort())
  const legs = await database.sql`
    select store, partition from log.event_log where source = 'half' and type = 'stock.transferred' order by store`
  expect([...legs]).toEqual(['berlin', 'hamburg'].map(store => ({ store, partition: partitionOf(store, 4) })))
  const taken = await post(intake, order(partId('Y', 'in'), { source: 'half' }))
  expect(taken.body).toMatchObject({ rejected: [{ reason: 'invalid_field' }] })
})

test('a sender that hangs up in the middle of its body is no error of the intake', async () => {
  const lines: string[] = []
  const logger = pino({ level: 'warn' }, { write: line => lines.push(line) })
  const own = await startTestIntake(database.url, { logger })
  const { hostname, port } = new URL(own.url)
  const head = `POST /api/v1/events HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n`
  try {
    for (const hangUp of ['end', 'destroy', 'resetAndDestroy'] as const) {
      const socket = connectSocket(Number(port), hostname)
      socket.on('error', () => {})
      await new Promise<void>(resolve => socket.write(`${head}[{"source":`, () => resolve()))
      socket[hangUp]()
    }
    await vi.waitFor(
      async () => {
        const counted = await (await fetch(`${own.url}/metrics`)).text()
        const requests = [...counted.matchAll(/requests?_seconds_count\{status="(\d+)"\} (\d+)/g)]
        const hungUp = requests.filter(([, status]) => status === '400' || status === '499')
        expect(hungUp.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(3)
        expect(requests.filter(([, status]) => status === '500')).toEqual([])
      },
      { timeout: 60_000 },
    )
    expect(lines).toEqual([])
  } finally {
    await own.stop()
  }
})

test('rejects name their place and reason, are kept as they were sent, and leave their neighbours alone', async () => {
  const source = 'mixed'
  const bad = [
    order('unknown-field', { source, colour: 'red' }),
    order('unknown-type', { source, type: 'order.dreamt' }),
    order('unknown-store', { source, store: 'atlantis' }),
    order('clock', { source, eventTime: new Date(Date.now() + 24 * 3_600_000).toISOString() }),
    order('absurd', { source, lines: [{ sku: 'yacht', units: 1_000_000, unitPrice: '99999999999' }] }),
    order('float', { source, lines: [{ sku: 'tea', units: 1, unitPrice: '0.00001' }] }),
    order('nul', { source, customer: 'a\u0000b' }),
    order('half', { source, customer: 'a\ud800b' }),
    order('many-lines', {
      source,
      lines: Array.from({ length: 5_001 }, () => ({ sku: 'a', units: 1, unitPrice: '1' })),
    }),
    order('wide-discount', { source, lines: [{ sku: 'tea', units: 1, unitPrice: '1', discount: '1.01' }] }),
    order('tenders', { source, tenders: [{ type: 'card', amount: '1.00' }] }),
  ]
  const { status, body } = await post(intake, [
    order('good-1', { source }),
    ...bad,
    order('good-2', { source }),
  ])
  expect(status).toBe(200)
  expect(body).toMatchObject({ accepted: 2, duplicates: 0 })
  const rejected = body.rejected as { index: number; id: string; reason: string; detail: string }[]
  expect(rejected.map(({ index, id, reason }) => [index, id, reason])).toEqual([
    [1, 'unknown-field', 'unknown_field'],
    [2, 'unknown-type', 'unknown_type'],
    [3, 'unknown-store', 'unknown_store'],
    [4, 'clock', 'clock_skew'],
    [5, 'absurd', 'absurd_amount'],
    [6, 'float', 'invalid_field'],
    [7, 'nul', 'unstorable_text'],
    [8, 'half', 'unstorable_text'],
    [9, 'many-lines', 'invalid_field'],
    [10, 'wide-discount', 'invalid_field'],
    [11, 'tenders', 'tenders_differ'],
  ])
  expect(rejected[0]?.detail).toContain('colour')
  const letters = await deadLettersOf(source)
  expect(letters.map(letter => JSON.parse(letter.payload))).toEqual(bad)
  expect(letters[0]?.met_in).toMatchObject({ index: 1, request: expect.any(String), remote: '127.0.0.1' })
  expect(await storedIds(source)).toEqual(['good-1', 'good-2'])
})

test('a broken ndjson line is a dead letter with its bytes; the other lines are stored', async () => {
  const lines = Buffer.concat([
    Buffer.from(`${JSON.stringify(order('1', { source: 'lines' }))}\n{"source":"lines","id":\n`),
    Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a]),
    Buffer.from(JSON.stringify(order('2', { source: 'lines' }))),
  ])
  const { status, body } = await post(intake, lines, { 'Content-Type': 'application/x-ndjson' })
  expect(status).toBe(200)
  expect(body).toMatchObject({
    accepted: 2,
    rejected: [
      { index: 1, id: null, reason: 'invalid_json' },
      { index: 2, id: null, reason: 'invalid_json' },
    ],
  })
  const [row] = await database.sql`
    select count(*) as count from intake.dead_letters where reason = 'invalid_json' and payload = '\\x22fffe22'`
  expect(row).toEqual({ count: 1 })
})

test('a request of nothing but rejects is a 422 problem that lists them', async () => {
  const { status, headers, body } = await post(intake, [order('1', { store: 'nowhere' }), 42, null, [[]]])
  expect(status).toBe(422)
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(body).toMatchObject({ status: 422, title: 'Unprocessable Content', accepted: 0, duplicates: 0 })
  expect(body.rejected).toHaveLength(4)
})

test('a store that was added a moment ago is found', async () => {
  await database.sql`
    with added as (insert into ref.stores (store, name, partition) values ('kiel', 'Kiel', 0) returning store)
    insert into ref.store_versions (store, zone, cut_over_hour, currency, tax_inclusive, channel, input)
    select store, 'Europe/Berlin', 4, 'EUR', true, 'pos', 'live' from added`
  await expect
    .poll(async () => (await post(intake, order('1', { source: 'kiel', store: 'kiel' }))).status, {
      timeout: 60_000,
    })
    .toBe(200)
})

test('what is no request for events is refused, stores nothing and says why', async () => {
  const event = order('1', { source: 'refused' })
  const deep = '['.repeat(200_000) + ']'.repeat(200_000)
  const cases: [status: number, body: unknown, headers?: Record<string, string>][] = [
    [400, '{"source":'],
    [400, ''],
    [400, Buffer.from([0x7b, 0xff, 0x7d])],
    [400, 'not gzip', { 'Content-Encoding': 'gzip' }],
    [415, event, { 'Content-Type': 'text/plain' }],
    [415, event, { 'Content-Type': 'application/json; charset=latin1' }],
    [415, event, { 'Content-Encoding': 'br' }],
    [413, Array.from({ length: 1_001 }, (_, index) => order(`${index}`, { source: 'refused' }))],
    [413, 'x'.repeat(10 * 1_048_576)],
    [413, gzipSync('x'.repeat(10 * 1_048_576)), { 'Content-Encoding': 'gzip' }],
    [413, `${'x'.repeat(10)}\n`.repeat(1_001), { 'Content-Type': 'application/x-ndjson' }],
    [422, deep],
    [422, `{"type":${deep}}`],
    [422, '[[[{"type": "order.placed"}]]]'],
  ]
  for (const [status, body, headers] of cases) {
    const answer = await post(intake, body, headers)
    expect([status, answer.headers.get('content-type')]).toEqual([answer.status, 'application/problem+json'])
    expect(answer.body).toMatchObject({ status, detail: expect.any(String) })
  }
  expect(await storedIds('refused')).toEqual([])
})

test('an event of 10,000 lines in a body of less than 1 MiB is rejected by its number of lines', async () => {
  const lines = Array.from({ length: 10_000 }, () => ({ sku: 'a', units: 1, unitPrice: '1' }))
  const { status, body } = await post(intake, order('1', { source: 'long', lines }))
  expect(status).toBe(422)
  expect(JSON.stringify(body.rejected)).toContain('5000 lines at most')
})

test('with Expect: 100-continue a body too large is refused before it is sent, another is asked for', async () => {
  const head = { 'Content-Type': 'application/json', Expect: '100-continue' }
  expect(await postHead(intake, { ...head, 'Content-Length': 10 * 1_048_576 })).toEqual({
    status: 413,
    continued: false,
  })
  expect(await postHead(intake, { ...head, 'Content-Length': 2 })).toEqual({ status: 422, continued: true })
  expect((await postHead(intake, { ...head, 'Content-Length': 2, Expect: 'tea' })).status).toBe(417)
})

test('other methods and paths are refused, with what is allowed', async () => {
  const wrongMethod = await fetch(`${intake.url}/api/v1/events`)
  expect([wrongMethod.status, wrongMethod.headers.get('allow')]).toEqual([405, 'POST'])
  expect((await fetch(`${intake.url}/api/v2/events`)).status).toBe(404)
  expect((await fetch(`${intake.url}/healthz`, { method: 'DELETE' })).status).toBe(405)
})

test('answers carry security headers', async () => {
  const { headers } = await fetch(`${intake.url}/healthz`)
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
})

test('without a key it answers under names of this machine only, against DNS rebinding', async () => {
  const { port } = new URL(intake.url)
  const headers = { Host: `evil.example:${port}`, 'Content-Type': 'application/json' }
  const request = httpRequest({ host: '127.0.0.1', port, method: 'POST', path: '/api/v1/events', headers })
  request.end('{}')
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.resume()
  expect(response.statusCode).toBe(403)
})

test('with a key, a missing one is 401 and a wrong one 403', async () => {
  const guarded = await startTestIntake(database.url, { intakeKey: 'secret-1' })
  const event = order('1', { source: 'key' })
  const missing = await post(guarded, event)
  expect([missing.status, missing.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  expect((await post(guarded, event, { Authorization: 'Bearer secret-2' })).status).toBe(403)
  expect((await post(guarded, event, { Authorization: 'Basic secret-1' })).status).toBe(401)
  expect((await post(guarded, event, { Authorization: 'Bearer secret-1' })).status).toBe(200)
  await guarded.stop()
})

test('health, readiness and metrics are told', async () => {
  expect(await (await fetch(`${intake.url}/healthz`)).json()).toEqual({ status: 'ok' })
  expect(await (await fetch(`${intake.url}/readyz`)).json()).toEqual({
    status: 'ready',
    parts: { database: 'ok', migrations: 'ok', log: 'ok', stores: 'ok' },
  })
  const metrics = await (await fetch(`${intake.url}/metrics`)).text()
  expect(metrics).toMatch(/tillstream_intake_events_total\{outcome="accepted"\} \d+/)
  expect(metrics).toContain('tillstream_intake_rejections_total{reason="unknown_store"}')
  expect(metrics).toContain('process_cpu_seconds_total')
})

test('readiness and metrics ask for the key where other machines can reach them; health does not', async () => {
  const open = await startTestIntake(database.url, { host: '0.0.0.0', intakeKey: 'secret-1' })
  const here = open.url.replace('0.0.0.0', '127.0.0.1')
  const status = async (path: string, headers: Record<string, string> = {}) =>
    (await fetch(`${here}${path}`, { headers })).status
  expect(await status('/healthz')).toBe(200)
  for (const path of ['/readyz', '/metrics']) {
    expect(await status(path)).toBe(401)
    expect(await status(path, { Authorization: 'Bearer secret-2' })).toBe(403)
    expect(await status(path, { Authorization: 'Bearer secret-1' })).toBe(200)
  }
  await open.stop()
})

test('readiness proves that an event could be appended: a partition that lets nobody in is named', async () => {
  const holder = connect(database.url, { max: 1 })
  await holder.begin(async transaction => {
    await transaction`select pg_advisory_xact_lock(7411, 3)`
    // On a busy machine the time for the whole answer may be over first, which names no lock. Not asked at once again:
    // what was asked before holds its connection still, and questions would queue for ever.
    await vi.waitFor(
      async () => {
        const answer = await fetch(`${intake.url}/readyz`)
        expect(answer.status).toBe(503)
        expect(await answer.json()).toMatchObject({
          failing: ['log'],
          parts: { database: 'ok', log: expect.stringContaining('lock timeout') },
        })
      },
      { timeout: 60_000, interval: 3_000 },
    )
  })
  await holder.end()
  expect((await fetch(`${intake.url}/readyz`)).status).toBe(200)
})

test('readiness names the part that fails', async () => {
  const bare = await createTestDatabase()
  const other = await startTestIntake(bare.url)
  await bare.sql`delete from tillstream.migrations`
  const answer = await fetch(`${other.url}/readyz`)
  expect(answer.status).toBe(503)
  expect(await answer.json()).toMatchObject({ failing: ['migrations'], parts: { database: 'ok' } })
  await other.stop()
  await bare.drop()
})
