import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores, order, post } from './testing/intake.ts'
import { type IntakeProcess, startIntakeProcess } from './testing/intake-process.ts'

let database: TestDatabase
let intake: IntakeProcess

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.url)
  intake = await startIntakeProcess(database.url)
})

afterAll(async () => {
  await intake?.end('SIGKILL')
  await database?.drop()
})

const SENDERS = 200
const EVENTS = 500
const FLOOD_MS = 6_000
const MAX_MEMORY_MB = 900

test('many times the load: memory bounded, 429 with Retry-After, then drains; acknowledged = stored', async () => {
  const template = JSON.stringify(
    Array.from({ length: EVENTS }, (_, index) =>
      order(`@-${index}`, { source: 'flood', store: index % 2 ? 'berlin' : 'hamburg' }),
    ),
  )
  const acknowledged: string[] = []
  const statuses = new Map<number, number>()
  let requests = 0
  let peak = 0
  const until = performance.now() + FLOOD_MS
  const weighing = setInterval(() => {
    peak = Math.max(peak, intake.memory())
  }, 50)
  const senders = Array.from({ length: SENDERS }, async () => {
    while (performance.now() < until) {
      requests += 1
      const request = `r${requests}`
      const { status, headers, body } = await post(intake, template.replaceAll('@', request))
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (status === 200) {
        expect(body).toEqual({ accepted: EVENTS, duplicates: 0, rejected: [] })
        acknowledged.push(request)
      } else {
        expect([429, 503]).toContain(status)
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
      }
    }
  })
  await Promise.all(senders)
  clearInterval(weighing)
  console.log(
    `${requests} requests of ${EVENTS} orders in ${FLOOD_MS / 1_000} s: ${JSON.stringify([...statuses])}, peak ${Math.round(peak)} MB`,
  )
  expect(statuses.get(429)).toBeGreaterThan(0)
  expect(acknowledged.length).toBeGreaterThan(0)
  expect(peak).toBeLessThan(MAX_MEMORY_MB)
  await vi.waitFor(
    async () => {
      const metrics = await (await fetch(`${intake.url}/metrics`)).text()
      expect(metrics).toContain('tillstream_intake_pending_events 0')
    },
    { timeout: 60_000 },
  )
  // The flood was seen where people look for it, and what waited stayed within its bound.
  await vi.waitFor(
    async () => {
      const [told] = await database.sql<{ met: number; waiting: number }[]>`
        select (select sum(met)::int from meter.stages where stage in ('intake_events', 'intake_requests')) as met,
          waiting from meter.stages where stage = 'intake_events'`
      expect(told?.met).toBeGreaterThan(0)
      expect(told?.waiting).toBe(0)
    },
    { timeout: 60_000, interval: 200 },
  )
  expect((await post(intake, order('after', { source: 'after' }))).status).toBe(200)
  const rows = await database.sql<{ request: string; count: number }[]>`
    select split_part(id, '-', 1) as request, count(*) as count from log.event_log where source = 'flood' group by 1`
  const stored = new Map(rows.map(row => [row.request, row.count]))
  expect(acknowledged.filter(request => stored.get(request) !== EVENTS)).toEqual([])
})
