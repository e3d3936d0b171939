import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { businessDaySpan } from '#domain/business-day.ts'
import { addDays } from '#domain/calendar.ts'
import type { SentEvent } from '#domain/event.ts'
import { DAY_MS, MINUTE_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { type UnchangingStore, unchangingStore } from '#domain/store.ts'
import { toLogEvents } from '#domain/testing/events.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { auditReDerived, countNotRebuildable } from './re-derive.ts'

const SCOPE = { from: '2026-03-27', to: '2026-04-01', stores: [] }

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.sql, EXAMPLE_STORES)
})
afterAll(() => database.drop())
beforeEach(async () => {
  await database.sql`truncate log.event_log, log.event_keys`
})

describe('the row of an event', () => {
  it('says all that was sent, of every type and with every field there or not', async () => {
    const { sql } = database
    const seed = 8
    const events = randomEvents({
      random: seededRandom(seed),
      count: 1_500,
      start: Date.parse('2026-03-28T00:00:00Z'),
      spanMs: 3 * 24 * 3_600_000,
    })
    await appendTestEvents(sql, events)
    expect(await auditReDerived(sql, SCOPE), `seed ${seed}`).toEqual([])
    expect(await countNotRebuildable(sql, SCOPE)).toBe(0)
    const types = await sql`select distinct type from log.event_log`
    expect(types).toHaveLength(13)
  })
})

describe('the business day of an event', () => {
  it('is what the clocks of its store say, at every cut-over and through every change of clocks', async () => {
    const { sql } = database
    const stores = ODD_CLOCKS.map(([zone, cutOverHour], index) =>
      unchangingStore({
        id: `odd-${index}`,
        name: zone,
        partition: index % 4,
        currency: 'EUR',
        taxInclusive: true,
        channel: 'pos',
        input: 'live',
        zone,
        cutOverHour,
      }),
    )
    await addTestStores(sql, stores)
    await appendTestEvents(sql, stores.flatMap(aroundClockChanges))
    expect(await auditReDerived(sql, { from: '2026-01-01', to: '2026-12-31', stores: [] })).toEqual([])
    await sql`update log.event_log set business_day = business_day + 1 where id like 'odd-1 %'`
    const found = await auditReDerived(sql, { from: '2026-01-01', to: '2026-12-31', stores: [] })
    expect(new Set(found.map(({ metric, rowKey }) => `${metric} ${rowKey.store}`))).toEqual(
      new Set(['business_day odd-1']),
    )
  })
})

/** Cut-overs where clocks stand twice and where they are skipped, of an hour and of half an hour. */
const ODD_CLOCKS: readonly [zone: string, cutOverHour: number][] = [
  ['Europe/Berlin', 2],
  ['Europe/Berlin', 3],
  ['America/New_York', 1],
  ['America/New_York', 2],
  ['Australia/Lord_Howe', 2],
  ['America/Santiago', 0],
  ['America/Santiago', 23],
  ['Africa/Cairo', 0],
  ['Pacific/Chatham', 3],
  ['Pacific/Kiritimati', 23],
  ['Etc/GMT+12', 23],
]

/** Reviews from a day before to a day after each change of clocks of 2026 in the store's zone. */
function aroundClockChanges(store: UnchangingStore): LogEvent[] {
  const events: LogEvent[] = []
  for (let day = '2026-01-02'; day < '2026-12-30'; day = addDays(day, 1)) {
    const { start, end } = businessDaySpan(day, store)
    if (end - start === DAY_MS) continue
    for (let at = start - 90 * MINUTE_MS; at < end + 90 * MINUTE_MS; at += 30 * MINUTE_MS) {
      for (const eventTime of [at - 1, at]) {
        const review: SentEvent = {
          type: 'review.posted',
          source: 'reviews',
          id: `${store.id} ${day} ${eventTime}`,
          store: store.id,
          eventTime: new Date(eventTime).toISOString(),
          sku: 'tea',
          rating: 5,
        }
        events.push(...toLogEvents(review, { stores: new Map([[store.id, store]]) }))
      }
    }
  }
  return events
}
