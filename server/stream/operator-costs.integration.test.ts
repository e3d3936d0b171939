import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { writeMeter } from '#db/meter.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { STREAM_TABLES } from '#db/testing/stream-tables.ts'
import { DAY_MS } from '#domain/instant.ts'
import type { Operators } from '#domain/operators/fold.ts'
import { sale } from '#domain/testing/events.ts'
import { CostMeter } from '#platform/cost-meter.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import { appendAll } from '#server/log/testing/append.ts'
import { PartitionConsumer } from './consumer.ts'
import { OperatorCosts } from './operator-costs.ts'
import { OPERATORS } from './operators.ts'
import { runStream } from './run.ts'

const ORDERS = 60

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  await ensureLogDays(database.sql)
})
beforeEach(async () => {
  await database.sql`truncate meter.costs, meter.latencies`
  await forget()
})
afterAll(() => database.drop())

async function forget(): Promise<void> {
  await database.sql`truncate log.event_log, log.event_keys, log.owners, ${database.sql(STREAM_TABLES)}`
}

/** Sales of one store of this moment. @returns their partition */
async function sell(): Promise<number> {
  const now = Date.now()
  const sales = Array.from({ length: ORDERS }, (_, index) => sale(now - index, 1))
  const [first] = await appendAll(createPostgresLog(database.sql), sales)
  return first?.partition ?? 0
}

/** Consumes the sales, every batch timed, and writes down what that took. */
async function consume(partition: number, operators: Operators = OPERATORS): Promise<void> {
  const meter = new CostMeter()
  const consumer = new PartitionConsumer({
    url: database.url,
    generation: 1,
    partition,
    owner: 'test',
    isLive: true,
    costs: new OperatorCosts(meter, { eventsPerSecond: Number.POSITIVE_INFINITY }),
    operators,
  })
  while ((await consumer.processNext()).records > 0);
  await consumer.close()
  await writeMeter(meter, { sql: database.sql, path: 'stream', process: 'test' })
}

/** What each operator took, the dearest first. */
async function operatorsTold() {
  return database.sql<{ operator: string; orders: number; rows: number; cpu: number }[]>`
    select operator, orders, row_count as rows, cpu_micros as cpu from meter.costs
    where path = 'stream' and operator <> 'process' order by cpu_micros desc`
}

/** A rule of which every look takes a while of the processor. */
function burning(micros: number): Operators['rules'][number] {
  const [rule] = OPERATORS.rules
  if (!rule) throw new Error('the stream has no rule')
  return {
    ...rule,
    name: 'burns_time',
    input(...given) {
      const began = performance.now()
      while ((performance.now() - began) * 1_000 < micros);
      return rule.input(...given)
    },
  }
}

test('an operator that is made dear is named as the dearest, and what it takes is put down to no other', async () => {
  const { rules } = OPERATORS
  await consume(await sell(), {
    ...OPERATORS,
    rules: [...rules.slice(0, 3), burning(2_000), ...rules.slice(3)],
  })
  const [dearest, ...others] = await operatorsTold()
  expect(dearest?.operator).toBe('burns_time')
  expect(dearest?.cpu).toBeGreaterThan(others.reduce((sum, { cpu }) => sum + cpu, 0))
  const named = [
    'lateness',
    'windows',
    'stock',
    ...Object.values(OPERATORS)
      .flat()
      .map(({ name }) => name),
  ]
  expect(others.map(({ operator }) => operator)).toEqual(expect.arrayContaining(named))
})

test('the rows that are told are those that were written: not what has expired by the end of a batch', async () => {
  const log = createPostgresLog(database.sql)
  await appendAll(log, [{ ...sale(Date.now() - 3 * DAY_MS, 1), details: { cardToken: 'c-1' } }])
  await consume(await sell())
  const told = new Map((await operatorsTold()).map(row => [row.operator, row]))
  const [written] = await database.sql`
    select (select count(*) from stream.windows) as windows, (select count(*) from stream.stock) as stock,
      (select count(*) from stream.panes) as panes,
      (select count(*) from stream.operator_states where operator = 'store_pace') as stores,
      (select count(*) from stream.operator_states where operator = 'card_velocity') as cards`
  expect({
    windows: told.get('windows')?.rows,
    stock: told.get('stock')?.rows,
    panes: told.get('product_sales')?.rows,
    stores: told.get('store_pace')?.rows,
    cards: told.get('card_velocity')?.rows,
  }).toEqual(written)
  expect(told.get('windows')?.orders).toBe(ORDERS + 1)
})

test('after a large batch few are timed, so that timing never takes more than its share', () => {
  let now = 0
  const costs = new OperatorCosts(new CostMeter(), { eventsPerSecond: 500, clock: () => now })
  const timedAt = (instant: number, events: number) => {
    now = instant
    return costs.begin(events) !== null
  }
  expect(timedAt(0, 20_000)).toBe(true)
  expect(timedAt(39_999, 20)).toBe(false)
  expect(timedAt(40_000, 20)).toBe(true)
  expect(timedAt(40_039, 20)).toBe(false)
  expect(timedAt(40_040, 20)).toBe(true)
})

test('a stream process writes down what it took and how long orders waited, and adds to its own row', async () => {
  for (let round = 0; round < 2; round += 1) {
    await forget()
    const partition = await sell()
    const stop = new AbortController()
    const running = runStream({
      url: database.url,
      partitions: [partition],
      owner: 'stream here:1',
      logger: pino({ level: 'silent' }),
      signal: stop.signal,
    })
    await expect
      .poll(
        async () => (await database.sql`select from stream.checkpoints where events = ${ORDERS}`).length,
        { timeout: 60_000 },
      )
      .toBe(1)
    stop.abort()
    await running
  }
  const [whole] = await database.sql<{ orders: number; cpu: number }[]>`
    select sum(orders)::int as orders, sum(cpu_micros)::bigint as cpu from meter.costs
    where path = 'stream' and operator = 'process' and process = 'stream here:1'`
  expect(whole?.orders).toBe(2 * ORDERS)
  expect(whole?.cpu).toBeGreaterThan(0)
  const [counted] = await database.sql<{ count: number }[]>`
    select sum(count)::int as count from meter.latencies, unnest(counts) as count where measure = 'counted'`
  expect(counted?.count).toBe(2 * ORDERS)
})
