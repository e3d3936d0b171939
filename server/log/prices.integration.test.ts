import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import type { SentEvent } from '#domain/event.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import { toLogEvents } from '#domain/testing/events.ts'
import { seededRandom } from '#domain/testing/random-events.ts'
import { historyChunks, loadHistory } from './history.ts'
import { createPostgresLog } from './postgres-log.ts'
import { appendAll, appendTestEvents } from './testing/append.ts'
import { writeRow } from './testing/poison.ts'

const AT = Date.parse('2026-11-20T10:00:00Z')
const HOUR = 3_600_000

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
beforeEach(() => database.sql`truncate log.event_log, log.event_keys, ref.prices`)
afterAll(() => database.drop())

function changed(
  id: string,
  { said = 0, ...line }: { said?: number; price: string; from: number; to?: number },
) {
  const at = (hour: number) => formatInstant(AT + hour * HOUR)
  const event: SentEvent = {
    type: 'price.changed',
    source: 'office',
    id,
    store: 'berlin',
    eventTime: at(said),
    lines: [
      {
        ...{ sku: 'tea', price: line.price, from: at(line.from) },
        ...(line.to === undefined ? {} : { to: at(line.to) }),
      },
    ],
  }
  return toLogEvents(event)
}

/** From, until, price in hours after `AT`. */
async function prices(): Promise<[number, number | null, number][]> {
  const rows = await database.sql<{ from: Instant; to: Instant | null; price: number }[]>`
    select valid_from as "from", valid_to as "to", price from ref.prices order by valid_from`
  return rows.map(({ from, to, price }) => [(from - AT) / HOUR, to === null ? null : (to - AT) / HOUR, price])
}

async function priceAt(hour: number): Promise<number | null> {
  const [row] = await database.sql<{ price: number }[]>`
    select price from ref.price_at('berlin', 'tea', ${AT + hour * HOUR})`
  return row?.price ?? null
}

const USUAL = changed('usual', { price: '5', from: 0 })
const OFFER = changed('offer', { said: 1, price: '4', from: 10, to: 20 })
const SHORTER = changed('shorter', { said: 2, price: '4', from: 10, to: 15 })
const DEARER = changed('dearer', { said: 3, price: '6', from: 30 })
const ALL = [USUAL, OFFER, SHORTER, DEARER].flat()

describe('prices that events say', () => {
  test('stand there with the event: the newest word of each beginning, and the latest that holds is asked', async () => {
    await appendTestEvents(database.sql, ALL)
    expect(await prices()).toEqual([
      [0, null, 50_000],
      [10, 15, 40_000],
      [30, null, 60_000],
    ])
    expect(await Promise.all([-1, 0, 10, 14, 15, 29, 30].map(priceAt))).toEqual([
      null,
      50_000,
      40_000,
      40_000,
      50_000,
      50_000,
      60_000,
    ])
  })

  test('are the same whatever order they arrive in, and once more', async () => {
    const random = seededRandom(inject('randomSeed'))
    await appendTestEvents(database.sql, ALL)
    const expected = await prices()
    for (let round = 0; round < 6; round += 1) {
      await database.sql`truncate log.event_log, log.event_keys, ref.prices`
      const shuffled = ALL.map(event => ({ event, key: random() })).toSorted((a, b) => a.key - b.key)
      await appendAll(
        createPostgresLog(database.sql),
        shuffled.map(({ event }) => event),
        1,
      )
      await appendAll(createPostgresLog(database.sql), ALL)
      expect(await prices(), JSON.stringify(shuffled.map(({ event }) => event.id))).toEqual(expected)
    }
  })

  test('are withdrawn by an end at their beginning', async () => {
    await appendTestEvents(database.sql, [
      ...OFFER,
      ...changed('no', { said: 5, price: '4', from: 10, to: 10 }),
    ])
    expect(await priceAt(12)).toBeNull()
  })

  test('of a history are there as if each had been appended', async () => {
    await database.drop()
    database = await createTestDatabase()
    const history = ALL.map(event => ({ event, appendedAt: event.eventTime + 200 }))
    const day = Date.parse('2026-11-20T00:00:00Z')
    await loadHistory(database.sql, { chunks: historyChunks(history), from: day, to: day + 24 * HOUR })
    expect(await prices()).toEqual([
      [0, null, 50_000],
      [10, 15, 40_000],
      [30, null, 60_000],
    ])
  })

  test('are not taken from a row that no intake would have let in', async () => {
    const [event] = await appendTestEvents(database.sql, USUAL)
    await writeRow(database.sql, event?.partition ?? 0, {
      details: { prices: [{ sku: 'tea', price: -1, from: '2026-11-20T12:00:00.000Z' }] },
    })
    await writeRow(database.sql, event?.partition ?? 0, {
      details: { prices: [{ sku: 'tea', from: 'soon' }] },
    })
    expect(await prices()).toEqual([[0, null, 50_000]])
  })
})
