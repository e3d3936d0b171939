import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { STREAM_TABLES } from '#db/testing/stream-tables.ts'
import { HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { partitionOf } from '#domain/partition.ts'
import { movement, sale } from '#domain/testing/events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import { appendAll } from '#server/log/testing/append.ts'
import { type Gathering, PartitionConsumer } from './consumer.ts'
import { resultsOf } from './testing/tables.ts'

const PARTITION = partitionOf('berlin', 4)

let database: TestDatabase
let log: OrderLog
/** All happened within three hours of the log's clock, which says when events were appended. */
let began: Instant
const at = (minutes: number) => began + minutes * MINUTE_MS

beforeAll(async () => {
  database = await createTestDatabase()
  await ensureLogDays(database.sql)
  log = createPostgresLog(database.sql)
  began = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 3 * HOUR_MS
  const { sql } = database
  await addTestStores(sql, EXAMPLE_STORES)
  await sql`insert into ref.suppliers values ('leaf', 'Leaf & Co')`
  await sql`insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, lead_time_days)
    values ('tea', 'epoch', 'leaf', 10000, 'EUR', 2), ('milk', 'epoch', 'leaf', 10000, 'EUR', 2)`
  // Whatever hour it is, one unit a minute.
  await sql`insert into ref.expected_orders (store, valid_from, orders)
    select store, 'epoch', array_fill(1, array[168]) from unnest(array['berlin']) store`
})
beforeEach(async () => {
  await database.sql`truncate log.event_log, log.event_keys, log.owners, ${database.sql(STREAM_TABLES)},
    ref.stock_policies, ref.demand_forecasts`
})
afterAll(() => database.drop())

/** A unit a minute, give or take. */
async function forecast(validFrom: Instant, perMinute = 1): Promise<void> {
  await database.sql`insert into ref.demand_forecasts (store, sku, valid_from, method, units_by_weekday, spread, days)
    select 'berlin', sku, ${new Date(validFrom)}, 'average-28', array_fill(${perMinute * 1440}::double precision, array[7]), 40, 56
    from unnest(array['tea', 'milk']) sku`
}

function placed(minutes: number, expectedAt: Instant, sku = 'tea'): LogEvent {
  const event = movement('purchase.placed', at(minutes), 500, { purchase: `p-${sku}` })
  const lines = event.lines && { ...event.lines, skus: [sku] }
  return { ...event, lines, details: { ...event.details, expectedAt: new Date(expectedAt).toISOString() } }
}

async function consumeBy(batchSize: number, restarts = false, gathering?: Gathering) {
  const options = { url: database.url, generation: 1, partition: PARTITION, owner: 'test', isLive: true }
  const consumer = new PartitionConsumer({ ...options, ...(gathering && { gathering }) })
  for (let offset = (await consumer.open()).offset; ; ) {
    if ((await consumer.processNext(offset + batchSize)).records === 0) break
    offset = consumer.position?.offset ?? 0
    if (restarts) await consumer.close()
  }
  await consumer.close()
}

test('a shelf is judged, watched and looked at the same at any batch size, restarted after every batch, and gathered of many reads', async () => {
  await forecast(0)
  const events: LogEvent[] = [movement('stock.counted', at(0), 60)]
  for (let minute = 1; minute < 170; minute += 2) events.push(sale(at(minute), 1 + (minute % 3)))
  // Due long before the newest event, and never there: only time can tell.
  events.push(placed(2, at(40)), movement('stock.received', at(90), 200, { purchase: 'p-tea' }))
  events.push(
    { ...movement('stock.counted', at(1), 100), lines: linesOf('milk', 100) },
    placed(3, at(60), 'milk'),
  )
  await appendAll(
    log,
    events.toSorted((one, other) => one.eventTime - other.eventTime),
    1,
  )
  const results = []
  for (const [batchSize, restarts, gathering] of [
    [1, false],
    [7, false],
    [2_000, false],
    [7, true],
    [2_000, false, { smallestRead: 1, forMs: Number.POSITIVE_INFINITY }],
  ] as const) {
    await database.sql`truncate ${database.sql(STREAM_TABLES)}`
    await consumeBy(batchSize, restarts, gathering)
    results.push(await resultsOf(database.sql))
  }
  expect(results[1]).toEqual(results[0])
  expect(results[2]).toEqual(results[0])
  expect(results[3]).toEqual(results[0])
  expect(results[4]).toEqual(results[0])
  const episodes = results[0]?.episodes ?? []
  expect(episodes.map(({ sku, rule, state }) => [sku, rule, state]).sort()).toEqual([
    // Each was short before something was ordered.
    ['milk', 'stockout_before_delivery', 'open'],
    ['milk', 'stockout_before_delivery', 'resolved'],
    ['tea', 'stockout_before_delivery', 'open'],
    ['tea', 'stockout_before_delivery', 'resolved'],
  ])
  const milk = episodes.find(({ sku, state }) => sku === 'milk' && state === 'open')
  expect(milk).toMatchObject({ next_delivery_at: at(60), severity: 'critical' })
  // Nothing touched it since. The stock room, a source of its own, held the watermark back until the delivery of then.
  expect(milk?.opened_at).toBeGreaterThan(at(60))
  expect(milk?.opened_at).toBeLessThan(at(91))
})

function linesOf(sku: string, units: number): LogEvent['lines'] {
  const { lines } = movement('stock.counted', at(0), units)
  return lines && { ...lines, skus: [sku] }
}

test('what is written anew of demand, or of who delivers, is known to the next batch', async () => {
  const { sql } = database
  await appendAll(log, [movement('stock.counted', at(0), 60), sale(at(1), 1)], 1)
  const consumer = new PartitionConsumer({
    url: database.url,
    generation: 1,
    partition: PARTITION,
    owner: 'test',
    isLive: true,
  })
  const open = async () => sql`select rule, order_arrives_at from stream.episodes where state = 'open'`
  await consumer.processNext()
  expect(await open()).toEqual([])
  await forecast(at(2))
  await appendAll(log, [sale(at(3), 1)], 1)
  await consumer.processNext()
  expect(await open()).toEqual([{ rule: 'stockout_before_delivery', order_arrives_at: at(3) + 48 * HOUR_MS }])
  await sql`update ref.supply_terms set lead_time_days = 0.01 where sku = 'tea'`
  await appendAll(log, [sale(at(4), 1)], 1)
  await consumer.processNext()
  expect(await open()).toEqual([])
  await consumer.close()
})

test('a forecast made meanwhile judges what is low once it holds, and a replay finds the same', async () => {
  await database.sql`update ref.supply_terms set lead_time_days = 2`
  await database.sql`insert into ref.stock_policies (store, sku, valid_from, reorder_point, order_up_to)
    values ('berlin', 'tea', 'epoch', 80, 200)`
  const milk = (minute: number): LogEvent => ({
    ...movement('stock.counted', at(minute), 5_000),
    id: `milk-${minute}`,
    lines: linesOf('milk', 5_000),
  })
  const options = { url: database.url, generation: 1, partition: PARTITION, owner: 'test', isLive: true }
  const consumer = new PartitionConsumer(options)
  await appendAll(log, [movement('stock.counted', at(0), 60), milk(1)], 1)
  while ((await consumer.processNext()).records > 0);
  expect(await ruleOfTea()).toBe('low_stock')
  await forecast(at(50))
  await appendAll(log, [milk(40)], 1)
  while ((await consumer.processNext()).records > 0);
  expect(await ruleOfTea()).toBe('low_stock')
  await appendAll(log, [milk(60)], 1)
  while ((await consumer.processNext()).records > 0);
  await consumer.close()
  expect(await ruleOfTea()).toBe('stockout_before_delivery')
  const live = await resultsOf(database.sql, 1)
  await database.sql`truncate ${database.sql(STREAM_TABLES)}`
  await consumeBy(1, true)
  expect(await resultsOf(database.sql, 1)).toEqual(live)
})

async function ruleOfTea(): Promise<string | undefined> {
  const [episode] = await database.sql<{ rule: string }[]>`
    select rule from stream.episodes where generation = 1 and sku = 'tea' and state = 'open'`
  return episode?.rule
}
