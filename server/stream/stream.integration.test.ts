import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { STREAM_TABLES } from '#db/testing/stream-tables.ts'
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import { RULES_VERSION } from '#domain/log-event.ts'
import { movement, sale } from '#domain/testing/events.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import { FencedError } from '#server/log/fence.ts'
import { LogOrderError, type OrderLog } from '#server/log/order-log.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import { appendAll, type StoredEvent } from '#server/log/testing/append.ts'
import { catchUp } from './catch-up.ts'
import { type Gathering, PartitionConsumer } from './consumer.ts'
import { runStream } from './run.ts'
import { CheckpointMovedError } from './state/checkpoint.ts'
import { modelOf, resultsOf, totalsOf } from './testing/tables.ts'
import { trimChanges } from './write/changes.ts'

const logger = pino({ level: 'silent' })
const PARTITIONS = [0, 1, 2, 3]
/** How far back events of these tests are appended, at most. */
const DAYS_BACK = 7
const START = Date.UTC(2026, 9, 25, 0, 30)

let database: TestDatabase
let log: OrderLog
beforeAll(async () => {
  database = await createTestDatabase()
  // What tests move into the past has a day to lie in, also where the day has begun a moment ago.
  await ensureLogDays(database.sql, Date.now() - DAYS_BACK * 24 * HOUR_MS)
  log = createPostgresLog(database.sql)
})
beforeEach(async () => {
  await database.sql`truncate log.event_log, log.event_keys, log.owners, ${database.sql(STREAM_TABLES)}, ref.stock_policies`
})
afterAll(() => database.drop())

function consume(partition: number, gathering?: Gathering): PartitionConsumer {
  const options = { url: database.url, generation: 1, partition, owner: 'test', isLive: true }
  return new PartitionConsumer({ ...options, ...(gathering && { gathering }) })
}

test('a new database begins under the rules that events are written by: else every remainder would be put down to them', async () => {
  const [row] = await database.sql`select rules_version from stream.generations where generation = 1`
  expect(row).toEqual({ rules_version: RULES_VERSION })
})

function anHour(count: number, seed = inject('randomSeed')) {
  return randomEvents({ random: seededRandom(seed), count, start: START })
}

/** Runs the service until `until` holds, then stops it. */
async function whileServed(until: () => Promise<void>, partitions = PARTITIONS): Promise<string> {
  const stop = new AbortController()
  const end = runStream({ url: database.url, partitions, owner: 'test', logger, signal: stop.signal })
  try {
    await until()
  } finally {
    stop.abort()
  }
  return end
}

async function isCaughtUp(): Promise<boolean> {
  const [row] = await database.sql<{ behind: number }[]>`
    select count(*) as behind from (select partition, max("offset") as last from log.event_log group by partition) l
    left join stream.checkpoints c on c.generation = 1 and c.partition = l.partition
    where c."offset" is distinct from l.last`
  return row?.behind === 0
}

const untilCaughtUp = () => vi.waitUntil(isCaughtUp, { timeout: 60_000, interval: 20 })

describe('the stream path', () => {
  test('gives exactly the totals and stock of an independent model', async () => {
    const events = await appendAll(log, anHour(3_000))
    const done = await catchUp({ url: database.url, partitions: PARTITIONS, owner: 'test', logger })
    expect(done.reduce((sum, { events: count }) => sum + count, 0)).toBe(events.length)
    expect(await totalsOf(database.sql)).toEqual(modelOf(events))
    expect(await isCaughtUp()).toBe(true)
  })

  test('gives the same in every detail at batch sizes 1, 7 and 2,000, restarted after every batch, and gathered of many reads', async () => {
    await database.sql`insert into ref.stock_policies (store, sku, valid_from, reorder_point, order_up_to)
      select store, 'sku-' || sku, 'epoch', 6, 15 from unnest(array['berlin', 'kolkata']) as store,
      generate_series(0, 7) as sku`
    await appendAll(log, anHour(400), 13)
    const results = []
    for (const [batchSize, restarts, gathering] of [
      [1, false],
      [7, false],
      [2_000, false],
      [7, true],
      [2_000, false, { smallestRead: 1, forMs: Number.POSITIVE_INFINITY }],
    ] as const) {
      await database.sql`truncate ${database.sql(STREAM_TABLES)}`
      for (const partition of PARTITIONS) {
        const consumer = consume(partition, gathering)
        for (let offset = (await consumer.open()).offset; ; ) {
          if ((await consumer.processNext(offset + batchSize)).records === 0) break
          offset = consumer.position?.offset ?? 0
          // What it held in memory is gone; the tables must tell it all.
          if (restarts) await consumer.close()
        }
        await consumer.close()
      }
      results.push(await resultsOf(database.sql))
    }
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
    expect(results[3]).toEqual(results[0])
    expect(results[4]).toEqual(results[0])
    expect(results[0]?.episodes.length).toBeGreaterThan(5)
  })

  test('keeps the sources of a day, in the table as in memory, wherever batches are cut', async () => {
    const days = DAYS_BACK - 1
    const events = Array.from({ length: days * 4 }, (_, index) =>
      sale(START + index * MINUTE_MS, 1, { source: index % 4 === 0 ? 'till' : `receipt-${index}` }),
    )
    const partition = events[0]?.partition ?? 0
    await appendAll(log, events)
    // As if a quarter of a day lay between any two.
    await database.sql`
      update log.event_log set appended_at = now() - (${events.length} - "offset") * interval '6 hours'`
    const results = []
    for (const batchSize of [1, 5, 1_000]) {
      await database.sql`truncate ${database.sql(STREAM_TABLES)}`
      const consumer = consume(partition)
      for (let offset = (await consumer.open()).offset; ; offset += batchSize) {
        if ((await consumer.processNext(offset + batchSize)).records === 0) break
        await consumer.close()
      }
      await consumer.close()
      results.push(await resultsOf(database.sql))
    }
    const [one] = results
    // The last four appends are within a day of the newest; the till spoke among them.
    expect(one?.sources.map(({ source }) => source).sort()).toEqual([
      'receipt-21',
      'receipt-22',
      'receipt-23',
      'till',
    ])
    expect(results).toEqual([one, one, one])
  })

  test('takes up events as they are appended, with hints and without', async () => {
    const events: StoredEvent[] = []
    const end = await whileServed(async () => {
      for (const batch of [0, 1, 2]) {
        events.push(...(await appendAll(log, [sale(START + batch, 2), sale(START + batch, 1)])))
        if (batch === 1) await database.sql`select pg_notify('log_appended', '0')`
        await untilCaughtUp()
      }
    })
    expect(end).toBe('stopped')
    expect(await totalsOf(database.sql)).toEqual(modelOf(events))
  })

  test('hints to those who show live figures after each commit', async () => {
    const hinted: string[] = []
    const { unlisten } = await database.sql.listen('stream_advanced', partition => hinted.push(partition))
    await whileServed(async () => {
      const [event] = await appendAll(log, [sale(START, 2)])
      await vi.waitUntil(() => hinted.includes(String(event?.partition)), { timeout: 60_000, interval: 10 })
    })
    await unlisten()
  })

  test('a window shows how late events revised it, and a silent store’s backlog does not count twice', async () => {
    const old = Date.now() - 30 * MINUTE_MS
    await appendAll(log, [sale(old, 1, { source: 'till-silent' })])
    await appendAll(log, [sale(Date.now(), 1, { source: 'till-busy' })])
    // Sources fall idle by append time: as if the silent one had last been heard of half an hour ago.
    await database.sql`update log.event_log set appended_at = appended_at - interval '30 minutes' where "offset" = 1`
    const backlog = await appendAll(log, [
      sale(old, 2, { source: 'till-silent' }),
      sale(old, 1, { source: 'till-silent' }),
    ])
    const [partition = 0] = backlog.map(event => event.partition)
    // What tables that were emptied by hand have left: it must not cost a sale.
    await database.sql`
      insert into stream.late_events
      select 1, ${partition}, ${backlog[0]?.offset ?? 0}, now(), 'a', 'b', 'c', now(), now(), now()`
    await catchUp({ url: database.url, partitions: PARTITIONS, owner: 'test', logger })
    const late = await database.sql`
      select "offset", store, window_start = date_trunc('minute', ${old}::timestamptz) as "isItsMinute"
      from stream.late_events order by "offset"`
    expect(late).toEqual(
      backlog.map(({ offset }) => ({ offset, store: backlog[0]?.store, isItsMinute: true })),
    )
    const [window] = await database.sql`
      select orders, revision, late_net, gross from stream.windows order by window_start limit 1`
    expect(window).toEqual({ orders: 3, revision: 2, late_net: 300_000, gross: 400_000 })
    const [checkpoint] = await database.sql`
      select events, late_events from stream.checkpoints where partition = ${partition}`
    expect(checkpoint).toEqual({ events: 4, late_events: 2 })
  })

  test('a count that arrives after later sales takes them along from the log', async () => {
    const now = Date.now()
    const steps = [
      [movement('stock.counted', now - 60_000, 50)],
      [sale(now - 30_000, 3), sale(now - 20_000, 4)],
      [movement('stock.counted', now - 25_000, 20)],
      [sale(now - 50_000, 5), sale(now - 10_000, 1)],
    ]
    for (const step of steps) {
      await appendAll(log, step)
      await catchUp({ url: database.url, partitions: PARTITIONS, owner: 'test', logger })
    }
    const [row] = await database.sql`select on_hand, anchor_kind, max_delta_time from stream.stock`
    expect(row).toEqual({ on_hand: 15, anchor_kind: 'count', max_delta_time: now - 10_000 })
  })

  test('judges by a policy from the first event after it was added', async () => {
    const consumer = consume(
      (await appendAll(log, [movement('stock.counted', START, 10)]))[0]?.partition ?? 0,
    )
    await consumer.processNext()
    await appendAll(log, [sale(START + 1, 1)])
    await consumer.processNext()
    await database.sql`insert into ref.stock_policies values ('berlin', 'tea', 'epoch', 9, 40, null)`
    expect(await database.sql`select alert_id from stream.episodes`).toEqual([])
    await appendAll(log, [sale(START + 2, 1)])
    await consumer.processNext()
    expect(
      await database.sql`select alert_id, rule, on_hand, suggested_units, opened_offset from stream.episodes`,
    ).toEqual([
      { alert_id: 'berlin/tea@1-3', rule: 'low_stock', on_hand: 8, suggested_units: 32, opened_offset: 3 },
    ])
    await consumer.close()
  })

  test('writes nothing under an epoch that is over, also with its connection alive', async () => {
    const consumer = consume((await appendAll(log, [sale(START, 1)]))[0]?.partition ?? 0)
    await consumer.open()
    await database.sql`update log.owners set epoch = epoch + 1`
    await expect(consumer.processNext()).rejects.toThrow(FencedError)
    await expect(consumer.processNext()).rejects.toThrow(FencedError)
    expect(await totalsOf(database.sql)).toEqual({ windows: {}, stock: {} })
    await consumer.close()
  })

  test('writes nothing where the checkpoint is not where the batch began', async () => {
    const partition = (await appendAll(log, [sale(START, 1)]))[0]?.partition ?? 0
    const consumer = consume(partition)
    await consumer.processNext()
    await appendAll(log, [sale(START, 2)])
    await database.sql`update stream.checkpoints set "offset" = 2`
    await expect(consumer.processNext()).rejects.toThrow(CheckpointMovedError)
    expect(await database.sql`select units from stream.windows`).toEqual([{ units: 1 }])
    await consumer.close()
  })

  test('stops before a hole in the log, and the other partitions go on', async () => {
    const events = await appendAll(log, anHour(300))
    await database.sql`delete from log.event_log where partition = 1 and "offset" = 5`
    await expect(catchUp({ url: database.url, partitions: [1], owner: 'test', logger })).rejects.toThrow(
      LogOrderError,
    )
    const others = PARTITIONS.filter(partition => partition !== 1)
    await whileServed(async () => {
      await vi.waitUntil(
        async () => {
          const rows = await database.sql<{ partition: number; offset: number }[]>`
            select partition, "offset" from stream.checkpoints`
          return others.every(partition => {
            const last = events.findLast(event => event.partition === partition)?.offset
            return last === undefined || rows.some(row => row.partition === partition && row.offset === last)
          })
        },
        { timeout: 60_000, interval: 20 },
      )
    })
    const stuck = await database.sql`select "offset" from stream.checkpoints where partition = 1`
    expect(stuck).toEqual([])
  })
})

describe('far behind', () => {
  test('after a first batch, which shows that something comes, what many reads give is written once', async () => {
    await appendAll(
      log,
      Array.from({ length: 100 }, (_, index) => sale(START + index, 1)),
    )
    const { partition } = sale(START, 1)
    const consumer = consume(partition, { smallestRead: 2, forMs: Number.POSITIVE_INFINITY })
    const batches = [await consumer.processNext(90), await consumer.processNext(90)]
    await consumer.close()
    expect(batches.map(({ records }) => records)).toEqual([2, 88])
  })

  test('where nobody says how far the log goes, each read is a batch', async () => {
    await appendAll(
      log,
      Array.from({ length: 10 }, (_, index) => sale(START + index, 1)),
    )
    const consumer = consume(sale(START, 1).partition, { smallestRead: 2, forMs: Number.POSITIVE_INFINITY })
    const batches = [await consumer.processNext(), await consumer.processNext()]
    await consumer.close()
    expect(batches.map(({ records }) => records)).toEqual([2, 4])
  })
})

describe('ticks', () => {
  test('close windows, and the change row says so', async () => {
    const long = Date.now() - 3 * HOUR_MS
    const [event] = await appendAll(log, [sale(long, 1)])
    const partition = event?.partition ?? 0
    await database.sql`update log.event_log set appended_at = ${new Date(long).toISOString()}`
    const consumer = consume(partition)
    await consumer.processNext()
    expect(await lastChange(partition)).toMatchObject({ sales: 1, windows: [{ state: 'open', orders: 1 }] })
    await log.appendTick(partition, 0)
    await consumer.processNext()
    expect(await lastChange(partition)).toMatchObject({
      sales: 0,
      previous_offset: 1,
      through_offset: 2,
      windows: [{ store: 'berlin', orders: 1, gross: '10.0000', state: 'final' }],
    })
    await consumer.close()
  })
})

async function lastChange(partition: number) {
  const [row] = await database.sql`
    select * from stream.changes where partition = ${partition} order by through_offset desc limit 1`
  return row
}

describe('change rows', () => {
  test('chain without a gap and hold every window as it now stands', async () => {
    const consumer = consume(1)
    const shown = new Map<string, { orders: number }>()
    const events = anHour(200).filter(event => event.partition === 1)
    await appendAll(log, events)
    while ((await consumer.processNext((consumer.position?.offset ?? 0) + 9)).records > 0) {
      const row = await lastChange(1)
      for (const window of row?.windows ?? [])
        shown.set(`${window.store}/${window.channel}/${window.currency}/${window.windowStart}`, window)
    }
    await consumer.close()
    const rows = await database.sql<{ previous_offset: number; through_offset: number }[]>`
      select previous_offset, through_offset from stream.changes order by through_offset`
    rows.forEach((row, index) => {
      expect(row.previous_offset).toBe(index === 0 ? 0 : rows[index - 1]?.through_offset)
    })
    const [total] = await database.sql<
      { orders: number }[]
    >`select sum(orders)::int as orders from stream.windows`
    expect([...shown.values()].reduce((sum, { orders }) => sum + orders, 0)).toBe(total?.orders)
  })

  test('of a backlog are not listed: who stands before it meets a gap', async () => {
    const events = Array.from({ length: 1_500 }, (_, index) => sale(START + index * MINUTE_MS, 1))
    const [first] = await appendAll(log, events)
    const partition = first?.partition ?? 0
    const consumer = consume(partition)
    await consumer.processNext()
    expect(await lastChange(partition)).toMatchObject({
      previous_offset: 1_500,
      through_offset: 1_500,
      sales: 0,
      windows: [],
      stock: [],
      alerts: [],
    })
    await appendAll(log, [sale(START, 1)])
    await consumer.processNext()
    expect(await lastChange(partition)).toMatchObject({ previous_offset: 1_500, sales: 1 })
    await consumer.close()
  })

  test('show alerts when they begin, change and end, not at every sale', async () => {
    await database.sql`insert into ref.stock_policies values ('berlin', 'tea', 'epoch', 5, null, null)`
    const steps = [
      movement('stock.counted', START, 7),
      sale(START + 1, 2),
      sale(START + 2, 1),
      sale(START + 3, 4),
      movement('stock.received', START + 4, 9),
    ]
    const consumer = consume(steps[0]?.partition ?? 0)
    const alerts = []
    for (const step of steps) {
      await appendAll(log, [step])
      await consumer.processNext()
      const row = await lastChange(consumer.partition)
      alerts.push(row?.alerts.map(({ rule, state }: { rule: string; state: string }) => `${rule} ${state}`))
    }
    expect(alerts).toEqual([[], ['low_stock open'], [], ['out_of_stock open'], ['out_of_stock resolved']])
    await consumer.close()
  })

  test('are trimmed when they are older than an hour', async () => {
    const consumer = consume(1)
    await appendAll(
      log,
      anHour(500).filter(event => event.partition === 1),
    )
    while ((await consumer.processNext((consumer.position?.offset ?? 0) + 5)).records > 0);
    await consumer.close()
    await database.sql`update stream.changes set processed_at = processed_at - interval '61 minutes'
      where through_offset <= 10`
    expect(await trimChanges(database.sql, PARTITIONS)).toBe(2)
    const [oldest] = await database.sql`select min(through_offset) as oldest from stream.changes`
    expect(oldest).toEqual({ oldest: 15 })
  })
})
