import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { loadOperatorReference } from '#db/operator-reference.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { STREAM_TABLES } from '#db/testing/stream-tables.ts'
import { DAY_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { movement, sale } from '#domain/testing/events.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import { appendAll } from '#server/log/testing/append.ts'
import { catchUp } from './catch-up.ts'
import { type Gathering, PartitionConsumer } from './consumer.ts'
import { OPERATORS } from './operators.ts'
import { replay } from './replay/replay.ts'
import { OperatorStates } from './state/operator-states.ts'
import { resultsOf } from './testing/tables.ts'
import { trimOperators } from './write/operators.ts'

const logger = pino({ level: 'silent' })
const PARTITIONS = [0, 1, 2, 3]
const START = Date.UTC(2026, 9, 25, 0, 30)

let database: TestDatabase
let log: OrderLog
beforeAll(async () => {
  database = await createTestDatabase()
  await ensureLogDays(database.sql)
  log = createPostgresLog(database.sql)
})
beforeEach(async () => {
  await forget()
  await database.sql`truncate log.event_log, log.event_keys, ref.rule_versions, ref.expected_orders`
})
afterAll(() => database.drop())

/** As if nothing had been read. */
async function forget(): Promise<void> {
  await database.sql`truncate log.owners, ${database.sql(STREAM_TABLES)}`
}

/** Random hours of four stores, in which few cards pay many orders. */
function anHour(count: number): LogEvent[] {
  const random = seededRandom(inject('randomSeed'))
  return randomEvents({ random, count, start: START }).map(event =>
    event.type === 'order.placed' && random() < 0.9
      ? { ...event, details: { ...event.details, cardToken: `card-${Math.floor(random() * 2)}` } }
      : event,
  )
}

async function consumeAll({
  batchSize,
  restarts,
  gathering,
}: {
  batchSize: number
  restarts: boolean
  gathering?: Gathering
}): Promise<void> {
  for (const partition of PARTITIONS) {
    const consumer = new PartitionConsumer({
      url: database.url,
      generation: 1,
      partition,
      owner: 'test',
      isLive: true,
      ...(gathering && { gathering }),
    })
    for (let offset = (await consumer.open()).offset; ; ) {
      if ((await consumer.processNext(offset + batchSize)).records === 0) break
      offset = consumer.position?.offset ?? 0
      if (restarts) await consumer.close()
    }
    await consumer.close()
  }
}

const told = async () => {
  const { alerts, states, sessions, panes } = await resultsOf(database.sql)
  return { alerts, states, sessions, panes }
}

test('whatever the size of batches, restarted after each or gathered of many reads, rules find the same and operators keep the same', async () => {
  await appendAll(log, anHour(600), 13)
  await consumeAll({ batchSize: 2_000, restarts: false })
  const whole = await told()
  // How many is chance; none at all would show nothing.
  expect(whole.alerts).not.toEqual([])
  expect(whole.panes).not.toEqual([])
  expect(whole.sessions).not.toEqual([])
  for (const way of [
    { batchSize: 1, restarts: false },
    { batchSize: 7, restarts: true },
    { batchSize: 2_000, restarts: false, gathering: { smallestRead: 1, forMs: Number.POSITIVE_INFINITY } },
  ]) {
    await forget()
    await consumeAll(way)
    expect(await told(), JSON.stringify(way)).toEqual(whole)
  }
})

test('a replay finds the same alerts under the same names', async () => {
  await appendAll(log, anHour(600))
  await catchUp({ url: database.url, partitions: PARTITIONS, owner: 'test', logger })
  const before = await told()
  expect(before.alerts).not.toEqual([])
  expect(before.panes).not.toEqual([])
  expect(before.sessions).not.toEqual([])
  const { to } = await replay({ url: database.url, name: 'test:1', acceptsDifferences: false, logger })
  const { alerts, states, sessions, panes } = await resultsOf(database.sql, to)
  expect({ alerts, states, sessions, panes }).toEqual(before)
  await database.sql`update stream.active_generation set generation = 1`
  await database.sql`update stream.generations set state = case generation when 1 then 'active' else 'retired' end`
})

/** An order of the web shop. */
const webOrder = (at: Instant, units: number): LogEvent => ({
  ...sale(at, units),
  channel: 'online',
  details: { session: 's-1' },
})

const panesOf = async (sku: string) =>
  (await told()).panes
    .filter(({ key }) => key === sku)
    .map(({ pane_start, documents, units }) => [pane_start, documents, units])

test('an event that comes late revises the pane it belongs to, and its session', async () => {
  await appendAll(log, [webOrder(START, 1), webOrder(START + 20 * MINUTE_MS, 1)])
  await consumeAll({ batchSize: 2_000, restarts: false })
  const later = [START + 20 * MINUTE_MS, 1, 1]
  expect(await panesOf('tea')).toEqual([[START, 1, 1], later])
  await appendAll(log, [webOrder(START + 2 * MINUTE_MS, 3)])
  await consumeAll({ batchSize: 2_000, restarts: false })
  expect(await panesOf('tea')).toEqual([[START, 2, 4], later])
  const { sessions, windows } = await resultsOf(database.sql)
  expect(windows.map(({ revision }) => revision)).toContain(1)
  expect(sessions).toMatchObject([
    { key: 's-1 EUR', orders: 3, units: 5, started_at: START, ended_at: START + 20 * MINUTE_MS },
  ])
})

test('a batch that fails with its checkpoint has added nothing to panes and sessions', async () => {
  await appendAll(log, [webOrder(START, 2)])
  await database.sql.unsafe(`
    create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'no room for it' using errcode = 'disk_full'; end $$;
    create trigger refuse before insert or update on stream.checkpoints execute function refuse()`)
  await expect(consumeAll({ batchSize: 2_000, restarts: false })).rejects.toThrow('no room for it')
  await database.sql.unsafe('drop trigger refuse on stream.checkpoints; drop function refuse()')
  await consumeAll({ batchSize: 2_000, restarts: false })
  expect(await panesOf('tea')).toEqual([[START, 1, 2]])
  expect((await told()).sessions).toMatchObject([{ orders: 1, units: 2 }])
})

test('of a backlog of days only the last hours are written', async () => {
  const days = [3, 2, 1, 0].map(days => START - days * DAY_MS)
  await appendAll(
    log,
    days.map((at, day) => ({ ...webOrder(at, 1), details: { session: `s-${day}` } })),
  )
  await consumeAll({ batchSize: 2_000, restarts: false })
  const written = await database.sql`select pane_start as start from stream.panes`
  expect(written).toEqual([{ start: START }])
  // A session is kept for a day behind the watermark, which is half a minute behind the last order.
  const kept = await database.sql`select started_at as start from stream.sessions order by 1`
  expect(kept).toEqual([{ start: START - DAY_MS }, { start: START }])
  // What the rules kept of a key whose windows have long passed would be written only to be deleted.
  const expired = await database.sql`
    select s.operator, s.key from stream.operator_states s join stream.checkpoints c using (generation, partition)
    where s.expires_at <= c.watermark and not s.is_held`
  expect(expired).toEqual([])
})

test('a version of a rule holds from its instant on', async () => {
  const middle = START + 30 * MINUTE_MS
  const burst = (from: Instant) =>
    [0, 1, 2, 3].map(minutes => ({
      ...sale(from + minutes * MINUTE_MS, 1),
      details: { cardToken: 'card-0' },
    }))
  await database.sql`insert into ref.rule_versions (rule, version, valid_from, is_on, parameters)
    values ('card_velocity', 2, ${new Date(middle)}, false, '{}')`
  await appendAll(log, [...burst(START), ...burst(START + 60 * MINUTE_MS)])
  await consumeAll({ batchSize: 2_000, restarts: false })
  const { alerts } = await told()
  expect(alerts).toMatchObject([{ rule: 'card_velocity', opened_at: START + 3 * MINUTE_MS }])
})

test('what was held is not any more when its alert has ended, though it has expired with the same batch', async () => {
  const { sql } = database
  await addTestStores(sql, EXAMPLE_STORES)
  await sql`insert into ref.expected_orders (store, valid_from, orders) values ('berlin', 'epoch', array_fill(60::float8, array[168]))`
  const order = sale(START, 1)
  const countAt = (at: Instant) => ({ ...movement('stock.counted', at, 5), source: order.source })
  const held = () => sql`select operator from stream.operator_states where is_held order by 1`
  await appendAll(log, [order, countAt(START + 120 * MINUTE_MS)])
  await consumeAll({ batchSize: 2_000, restarts: true })
  expect(await held()).toContainEqual({ operator: 'store_silent' })
  await sql`insert into ref.rule_versions (rule, version, valid_from, is_on, parameters)
    values ('store_silent', 2, ${new Date(START + 3 * DAY_MS)}, false, '{}')`
  await appendAll(log, [countAt(START + 9 * DAY_MS)])
  await consumeAll({ batchSize: 2_000, restarts: true })
  expect(await held()).not.toContainEqual({ operator: 'store_silent' })
  const open = await sql`select rule from stream.alerts where rule = 'store_silent' and state = 'open'`
  expect(open).toEqual([])
})

test('what has expired is deleted, and what is held is not', async () => {
  await appendAll(log, anHour(400))
  await consumeAll({ batchSize: 2_000, restarts: false })
  const before = await told()
  const [reached] = await database.sql<
    { partition: number }[]
  >`select partition from stream.checkpoints limit 1`
  await database.sql`insert into stream.operator_states (generation, partition, operator, store, key, state, expires_at,
      since_offset, is_held)
    select 1, ${reached?.partition ?? -1}, 'old', 'berlin', held::text, '{}', 'epoch', 1, held from unnest(array[true, false]) as held`
  await database.sql`insert into stream.panes (generation, partition, metric, store, pane_start, key, documents, units,
      net, processed_at)
    select 1, partition, 'old', 'berlin', watermark - age, age::text, 1, 1, 1, now()
    from stream.checkpoints, unnest(array[interval '24 hours', interval '26 hours']) as age
    where partition = ${reached?.partition ?? -1}`
  await database.sql`insert into stream.sessions (generation, partition, session_id, metric, store, key, started_at,
      ended_at, orders, units, net, views, processed_at)
    select 1, partition, age::text, 'old', 'berlin', age::text, watermark - age, watermark - age, 1, 1, 1, 0, now()
    from stream.checkpoints, unnest(array[interval '23 hours', interval '25 hours']) as age
    where partition = ${reached?.partition ?? -1}`
  await trimOperators(database.sql, PARTITIONS)
  const rows = await database.sql`select key from stream.operator_states where operator = 'old'`
  expect(rows).toEqual([{ key: 'true' }])
  // A window of any metric is shorter than a day, and panes are kept for an hour behind it; sessions for a day.
  expect(await database.sql`select key from stream.panes where metric = 'old'`).toEqual([{ key: '24:00:00' }])
  expect(await database.sql`select key from stream.sessions where metric = 'old'`).toEqual([
    { key: '23:00:00' },
  ])
  await database.sql`delete from stream.panes where metric = 'old'`
  await database.sql`delete from stream.sessions where metric = 'old'`
  await database.sql`delete from stream.operator_states where operator = 'old'`
  expect(await told()).toEqual(before)
})

test('more states than memory holds are asked for when they are needed', async () => {
  await appendAll(log, anHour(400))
  await consumeAll({ batchSize: 2_000, restarts: false })
  const all = await database.sql<{ partition: number; operator: string; store: string; key: string }[]>`
    select s.partition, s.operator, s.store, s.key from stream.operator_states s
    join stream.checkpoints c using (generation, partition) where s.expires_at > c.watermark
    order by s.partition, s.operator, s.key`
  const [partition = -1, rows = []] =
    [...Map.groupBy(all, row => row.partition)].find(([, own]) => own.length > 2) ?? []
  expect(rows.length).toBeGreaterThan(2)
  const states = new OperatorStates(OPERATORS, 2)
  const at = { generation: 1, partition }
  await states.load(database.sql, at)
  const held = () => rows.filter(({ operator, store, key }) => states.get(operator, `${store}\u001f${key}`))
  expect(held().length).toBeLessThanOrEqual(2)
  const records = await log.read({ partition, after: { offset: 0, appendedAt: 0 }, limit: 1_000 })
  const reference = await loadOperatorReference(database.sql)
  await states.require(database.sql, at, { operators: OPERATORS, records, reference })
  expect(held()).toEqual(rows)
})
