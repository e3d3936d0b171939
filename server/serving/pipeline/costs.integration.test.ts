import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { writeMeter } from '#db/meter.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { CostMeter } from '#platform/cost-meter.ts'
import { readCosts } from './costs.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
beforeEach(() => database.sql`truncate meter.costs, meter.latencies, meter.stages`)
afterAll(() => database.drop())

function target(path: 'stream' | 'batch', process = 'test') {
  return { sql: database.sql, path, process }
}

test('operators are ordered by what an order costs, however many of their batches were timed', async () => {
  const meter = new CostMeter()
  meter.add('process', { orders: 1_000 })
  meter.add('windows', { orders: 100, rows: 40, cpuMicros: 600 })
  meter.add('card_velocity', { orders: 10, rows: 5, cpuMicros: 180 })
  await writeMeter(meter, target('stream'))
  const [stream] = (await readCosts(database)).paths
  expect(stream?.operators).toEqual([
    {
      operator: 'card_velocity',
      title: expect.stringMatching(/card/i),
      orders: 10,
      cpuMicrosPerOrder: 18,
      databaseMicrosPerOrder: null,
      rowsPerThousandOrders: 500,
      share: 0.75,
    },
    expect.objectContaining({
      operator: 'windows',
      cpuMicrosPerOrder: 6,
      rowsPerThousandOrders: 400,
      share: 0.25,
    }),
  ])
  // What the operators of the timed batches wrote holds for all orders.
  expect(stream?.whole).toMatchObject({ orders: 1_000, rowsPerThousandOrders: 900 })
})

test('a job counts no orders: what it takes is held against those that the planner has met', async () => {
  const meter = new CostMeter()
  meter.add('process', { orders: 200 })
  meter.add('daily_sales', { rows: 8, databaseMicros: 60_000 })
  meter.add('hourly_sales', { rows: 50, databaseMicros: 20_000 })
  await writeMeter(meter, target('batch'))
  const [batch] = (await readCosts(database)).paths
  expect(batch?.operators).toMatchObject([
    { operator: 'daily_sales', databaseMicrosPerOrder: 300, rowsPerThousandOrders: 40, share: 0.75 },
    { operator: 'hourly_sales', databaseMicrosPerOrder: 100, rowsPerThousandOrders: 250, share: 0.25 },
  ])
})

test('where nothing was counted nothing is told per order, and what is older than a day is not told', async () => {
  const meter = new CostMeter()
  meter.add('windows', { rows: 3, cpuMicros: 5 })
  await writeMeter(meter, target('stream'))
  await database.sql`
    insert into meter.costs values (now() - interval '25 hours', 'batch', 'daily_sales', 'test', 1, 1, 1, 1)`
  const { paths } = await readCosts(database)
  expect(paths.map(({ path }) => path)).toEqual(['stream'])
  expect(paths[0]?.operators).toMatchObject([{ cpuMicrosPerOrder: null, rowsPerThousandOrders: null }])
})

test('what several processes have counted is one distribution, with its buckets', async () => {
  for (const [process, ms] of [
    ['one', 4],
    ['other', 400],
  ] as const) {
    const meter = new CostMeter()
    meter.observe('counted', ms, 50)
    await writeMeter(meter, target('stream', process))
  }
  const { latencies } = await readCosts(database)
  expect(latencies).toMatchObject([{ path: 'stream', measure: 'counted', count: 100, p50: 5, p95: 480 }])
  expect(latencies[0]?.buckets.filter(({ count }) => count > 0)).toEqual([
    { upToMs: 5, count: 50 },
    { upToMs: 500, count: 50 },
  ])
})

test('what cannot be written down stays for the next time', async () => {
  const meter = new CostMeter()
  meter.add('windows', { orders: 3, rows: 2 })
  meter.observe('counted', 7, 5)
  await database.sql`alter table meter.costs rename to hidden`
  await expect(writeMeter(meter, target('stream'))).rejects.toThrow(/meter.costs/)
  await database.sql`alter table meter.hidden rename to costs`
  await writeMeter(meter, target('stream'))
  await writeMeter(meter, target('stream'))
  const rows = await database.sql`select orders, row_count from meter.costs where operator = 'windows'`
  expect([...rows]).toEqual([{ orders: 3, row_count: 2 }])
  expect((await readCosts(database)).latencies.map(({ count }) => count)).toEqual([5])
})

test('what is older than a week is deleted', async () => {
  await database.sql`
    insert into meter.costs values (now() - interval '8 days', 'stream', 'windows', 'gone', 1, 1, 1, 1)`
  await writeMeter(new CostMeter(), target('stream'))
  const rows = await database.sql`select process from meter.costs`
  expect(rows.map(({ process }) => process)).toEqual(['test'])
})
