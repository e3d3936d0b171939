import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { formatInstant, type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { placed, voided } from '#domain/testing/events.ts'
import { OUT_OF_ORDERNESS_MS } from '#domain/watermark.ts'
import { windowStartOf } from '#domain/window.ts'
import { openServing, type Serving } from '#server/serving/serving.ts'
import { runCommand } from '#server/serving/testing/command.ts'
import { createTestPaths, type TestPaths } from '#server/serving/testing/paths.ts'
import { readLagSamples, sampleLag } from './lag-samples.ts'
import { listLateSales, readLateWay } from './late-sales.ts'
import { LATENESS_BUCKETS_MS, readLateness } from './lateness.ts'

let database: TestDatabase
let serving: Serving
let paths: TestPaths
/** A minute that closed long ago and is not final. */
let minute: Instant
let now: Instant

beforeAll(async () => {
  database = await createTestDatabase()
  serving = openServing(database.url)
  paths = await createTestPaths(database.sql)
  now = Date.now()
  minute = windowStartOf(now - 10 * MINUTE_MS)
})
afterAll(async () => {
  await serving.close()
  await database.drop()
})

const tea = [{ sku: 'tea', units: 2, unitPrice: '2.50' }]
const at = (instant: Instant) => formatInstant(instant)

async function runStream(): Promise<void> {
  const { code, output } = await runCommand(database.url, 'server/stream/main.ts', ['--until-caught-up'])
  expect(output.length > 0 && code === 0, output).toBe(true)
}

async function windowNow() {
  const [row] = await database.sql<
    { orders: number; units: number; net: string; lateNet: string; revision: number }[]
  >`
    select orders, units, ((gross - discounts - returns) / 10000.0)::numeric(20, 4)::text as net,
      (late_net / 10000.0)::numeric(20, 4)::text as "lateNet", revision
    from stream.windows where window_start = ${minute}::timestamptz`
  return row
}

it("a late sale's way: its window before and after is what the table held then", async () => {
  await paths.send([
    placed({ id: 'first', at: at(minute + 5 * SECOND_MS) }, tea),
    placed({ id: 'newest', at: at(now) }, tea),
  ])
  await runStream()
  const before = await windowNow()
  const [sent] = await paths.send([placed({ id: 'late', at: at(minute + 10 * SECOND_MS) }, tea)])
  await runStream()
  const after = await windowNow()
  await paths.send([
    voided({ id: 'later', orderId: 'first', at: at(minute + 20 * SECOND_MS) }, tea),
    placed({ id: 'latest', at: at(minute + 50 * SECOND_MS) }, tea),
    placed({ id: 'elsewhere', at: at(minute + MINUTE_MS) }, tea),
  ])
  await runStream()

  const { sales } = await listLateSales(serving)
  expect(sales.map(({ id }) => id)).toEqual(['elsewhere', 'latest', 'later', 'late'])
  const way = await readLateWay(serving, { partition: sent?.partition ?? -1, offset: sent?.offset ?? -1 })
  expect(way).toMatchObject({
    id: 'late',
    eventTime: minute + 10 * SECOND_MS,
    windowStart: minute,
    windowEnd: minute + MINUTE_MS,
    watermark: now - OUT_OF_ORDERNESS_MS,
    stateThen: 'closed',
    stateNow: 'closed',
    effect: { orders: 1, units: 2, net: '5.0000' },
  })
  expect(way.before).toEqual({ orders: 1, units: 2, net: '5.0000', lateNet: '0.0000', revision: 0 })
  expect(way.after).toEqual({ orders: 2, units: 4, net: '10.0000', lateNet: '5.0000', revision: 1 })
  expect(way.before).toEqual(before)
  expect(way.after).toEqual(after)
  expect(way.current).toEqual(await windowNow())
  expect(way.current).toMatchObject({ orders: 2, revision: 3 })
  expect(way.processedAt).toBeGreaterThanOrEqual(way.appendedAt)
})

it('nothing is told of a sale that was not late', async () => {
  await expect(readLateWay(serving, { partition: 0, offset: 1 })).rejects.toThrow(
    'Nothing is known of this sale',
  )
})

it('events are counted by how long they were on their way, and files are left out', async () => {
  await paths.send([placed({ id: 'rome-1', at: at(Date.now() + 90 * SECOND_MS), store: 'berlin-west' }, tea)])
  await paths.send(
    [placed({ id: 'rome-2', at: at(now - 10 * MINUTE_MS), store: 'berlin-west' }, tea)],
    'bulk',
  )
  const { all, rows, bucketsMs, isSample, since } = await readLateness(serving, { by: 'store' })
  const counts = new Map(rows.map(({ name, events }) => [name, events]))
  expect(counts).toEqual(
    new Map([
      ['berlin', 6],
      ['berlin-west', 1],
    ]),
  )
  const bucketOf = (upToMs: number) => all?.counts[bucketsMs.indexOf(upToMs)] ?? 0
  // One came with its clock ahead, five after their minute of ten minutes ago.
  expect(bucketOf(0)).toBe(1)
  expect(bucketOf(LATENESS_BUCKETS_MS[5]) + bucketOf(LATENESS_BUCKETS_MS[6])).toBe(5)
  expect(all).toMatchObject({ name: null, events: 7 })
  expect(all?.counts.reduce((sum, count) => sum + count, 0)).toBe(7)
  expect(all?.mostMs).toBeGreaterThan(8 * MINUTE_MS)
  expect([isSample, since !== null]).toEqual([false, true])
  const bySource = await readLateness(serving, { by: 'source' })
  expect(bySource.rows.map(({ name }) => name).toSorted()).toEqual(['till-berlin', 'till-berlin-west'])
})

it('of each minute one sample of the lag is kept, whoever comes, and old ones go', async () => {
  await database.sql`
    insert into live.lag_samples (minute, stream_events, stream_ms, batch_events, batch_ms)
    values (now() - interval '49 hours', 1, 1, 1, 1)`
  // Several processes, and the end of a minute between them at most once.
  await Promise.all([1, 2, 3, 4].map(() => sampleLag(serving.sql)))
  const { samples: lag } = await readLagSamples(serving)
  expect([1, 2]).toContain(lag.length)
  // One event since the stream ran; the batch path never has.
  expect(lag[0]).toMatchObject({ streamEvents: 2, batchEvents: 8 })
  expect(lag[0]?.batchMs).toBeGreaterThan(0)
  const [old] = await database.sql`select from live.lag_samples where minute < now() - interval '48 hours'`
  expect(old).toBeUndefined()
})
