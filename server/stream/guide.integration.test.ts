import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { MINUTE_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { movement, sale } from '#domain/testing/events.ts'
import { berlin } from '#domain/testing/stores.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { catchUp } from './catch-up.ts'

// What the guide tells its reader to ask the database is asked here, of a shop in which something has happened.

const guide = await readFile(
  path.join(import.meta.dirname, '..', '..', 'docs', 'time-state-and-recovery.md'),
  'utf8',
)
const questions = [...guide.matchAll(/^```sql\n([\s\S]*?)^```$/gm)].map(([, statement]) => statement ?? '')

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  const { sql, url } = database
  await addTestStores(sql, [berlin])
  const now = Date.now()
  const sold = (minutesAgo: number, fields: Partial<LogEvent> = {}): LogEvent => ({
    ...sale(now - minutesAgo * MINUTE_MS, 1),
    store: berlin.id,
    partition: berlin.partition,
    source: 'my-till',
    ...fields,
  })
  // A shelf of which demand is forecast is watched.
  await sql`insert into ref.suppliers values ('leaf', 'Leaf & Co')`
  await sql`
    insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, lead_time_days)
    values ('tea', 'epoch', 'leaf', 10000, 'EUR', 2)`
  await sql`
    insert into ref.demand_forecasts (store, sku, valid_from, method, units_by_weekday, spread, days)
    values (${berlin.id}, 'tea', 'epoch', 'average', array_fill(12::float8, array[7]), 3, 28)`
  const counted = movement('stock.counted', now - 5 * MINUTE_MS, 40)
  await appendTestEvents(sql, [
    { ...counted, store: berlin.id, partition: berlin.partition },
    ...[4, 3, 2, 1].map(minutes => sold(minutes, { details: { cardToken: 'card-1' } })),
    sold(1, { channel: 'online', details: { session: 's-1' } }),
    sold(30),
  ])
  await sql`select log.append_tick(${berlin.partition}, interval '0')`
  await sql`
    insert into live.lag_samples (minute, stream_events, stream_ms, batch_events, batch_ms)
    values (date_trunc('minute', now()), 0, 0, 6, 60000)`
  await catchUp({ url, partitions: [berlin.partition], owner: 'test', logger: pino({ level: 'silent' }) })
})
afterAll(() => database.drop())

test('the guide shows most of its ideas by a question to the database', () => {
  expect(questions.length).toBeGreaterThan(10)
})

test.each(questions)('%s', async question => {
  expect((await database.sql.unsafe(question)).length).toBeGreaterThan(0)
})
