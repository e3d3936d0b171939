import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { whyIndigestible } from '#domain/digestible.ts'
import { EVENT_TYPES } from '#domain/event.ts'
import { placed, toLogEvents } from '#domain/testing/events.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import { createPostgresLog } from './postgres-log.ts'
import { appendTestEvents } from './testing/append.ts'
import { POISONED_DETAILS, POISONED_ORDERS, type RowChanges, writeRow } from './testing/poison.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
beforeEach(() => database.sql`truncate log.event_log, log.event_keys`)
afterAll(() => database.drop())

/** What the batch path's question answers, by offset; of those that it has something against. */
async function refused(): Promise<Map<number, string>> {
  const rows = await database.sql<{ offset: number; why: string }[]>`
    select e."offset", log.why_indigestible(e) as why from log.event_log e where log.why_indigestible(e) is not null`
  return new Map(rows.map(({ offset, why }) => [offset, why]))
}

async function writePoison(changes: RowChanges): Promise<number> {
  const [order] = await appendTestEvents(
    database.sql,
    toLogEvents(
      placed({ id: 'o', at: '2026-03-02T10:00:00+01:00' }, [
        { sku: 'tea', units: 1, unitPrice: '2.50' },
        { sku: 'milk', units: 1, unitPrice: '1.00' },
      ]),
    ),
  )
  if (!order) throw new Error('nothing was appended')
  return writeRow(database.sql, order.partition, changes)
}

test('nothing stands against any event that the intake lets in, on either path', async () => {
  const random = seededRandom(inject('randomSeed'))
  const closing = toLogEvents({
    type: 'till.closed',
    source: 'till-berlin',
    id: 'z',
    store: 'berlin',
    eventTime: '2026-03-03T04:10:00+01:00',
    register: 'till-1',
    businessDay: '2026-03-02',
    currency: 'EUR',
    orders: 1,
    units: 2,
    net: '-5.00',
  })
  const others = randomEvents({ random, count: 2_000, start: Date.UTC(2026, 2, 2) })
  const stored = await appendTestEvents(database.sql, [...closing, ...others])
  expect(new Set(stored.map(({ type }) => type))).toEqual(new Set(EVENT_TYPES))
  expect(await refused()).toEqual(new Map())
  for (const event of stored) expect(whyIndigestible(event)).toBeNull()
})

describe('the batch path has something against', () => {
  test.each(Object.entries({ ...POISONED_ORDERS, ...POISONED_DETAILS }))('%s', async (_, changes) => {
    const offset = await writePoison(changes)
    expect([...(await refused()).keys()]).toEqual([offset])
  })
})

describe('the stream has something against', () => {
  test.each(Object.entries(POISONED_ORDERS))('%s, or cannot read it', async (_, changes) => {
    const offset = await writePoison(changes)
    const [partition] = await database.sql<{ partition: number; appendedAt: number }[]>`
      select partition, appended_at as "appendedAt" from log.event_log limit 1`
    if (!partition) throw new Error('the log is empty')
    const after = { offset: offset - 1, appendedAt: partition.appendedAt }
    const judged = await createPostgresLog(database.sql)
      .read({ partition: partition.partition, after, limit: 1 })
      .then(
        ([record]) => (record && record.type !== 'tick' ? whyIndigestible(record) : 'nothing was read'),
        () => 'it cannot be read',
      )
    expect(judged).toEqual(expect.any(String))
    expect(judged).not.toBe('nothing was read')
  })
})

test('a tick is no event', async () => {
  await database.sql`
    insert into log.event_log ("offset", appended_at, event_time, partition, rules_version, type, class)
    select 1, now(), now(), 0, 0, 'tick', 'tick' from log.ensure_days((now() at time zone 'UTC')::date, (now() at time zone 'UTC')::date)`
  expect(await refused()).toEqual(new Map())
})
