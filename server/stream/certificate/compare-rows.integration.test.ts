import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { MINUTE_MS } from '#domain/instant.ts'
import { sale } from '#domain/testing/events.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { advanceTo, catchUp } from '#server/stream/catch-up.ts'
import { PartitionConsumer } from '#server/stream/consumer.ts'
import { offsetsOf } from '#server/stream/state/checkpoint.ts'
import { createGeneration } from '#server/stream/state/generations.ts'
import { GenerationComparison } from './compare-rows.ts'
import { COMPARED_TABLES, NOT_COMPARED } from './compared-tables.ts'

const logger = pino({ level: 'silent' })
const PARTITIONS = [0, 1, 2, 3]
const START = Date.UTC(2026, 9, 25, 0, 30)

let database: TestDatabase

/** Both generations of the same log, built apart; every compared table has rows. */
beforeAll(async () => {
  database = await createTestDatabase()
  const { sql, url } = database
  await sql`insert into ref.stock_policies (store, sku, valid_from, reorder_point)
    select 'berlin', 'sku-' || sku, 'epoch', 6 from generate_series(0, 7) as sku`
  const burst = [0, 1, 2, 3, 4].map(minutes => ({
    ...sale(START + minutes * MINUTE_MS, 1),
    details: { cardToken: 'card-0', customer: 'c-1' },
  }))
  await appendTestEvents(sql, [
    ...randomEvents({ random: seededRandom(inject('randomSeed')), count: 600, start: START }),
    ...burst,
  ])
  await catchUp({ url, partitions: PARTITIONS, owner: 'test', logger })
  await createGeneration(sql, 'flink')
  const offsets = await offsetsOf(sql, 1, PARTITIONS)
  for (const partition of PARTITIONS) {
    const consumer = new PartitionConsumer({ url, generation: 2, partition, owner: 'flink', isLive: false })
    await advanceTo(consumer, offsets[partition] ?? 0, logger)
    await consumer.close()
  }
  await sql`
    insert into stream.set_aside (generation, partition, "offset", appended_at, store, type, source, id, reason)
    select generation, 0, 1, now(), 'berlin', 'order.placed', 'pos', 'x', 'in the words of ' || generation
    from generate_series(1, 2) as generation`
})
afterAll(() => database.drop())

let comparison: GenerationComparison
beforeEach(() => {
  comparison = new GenerationComparison(database.sql, { active: 1, candidate: 2 })
})

/** A fault as small as can be in one row of each table; with what puts it right. */
const FAULTS: readonly { table: string; column: string; plant: string; undo: string }[] = [
  fault('checkpoints', 'events', 'events + 1', 'events - 1'),
  fault('sources', 'max_event_time', "max_event_time + interval '1 ms'", "max_event_time - interval '1 ms'"),
  fault('windows', 'gross', 'gross + 1', 'gross - 1'),
  fault('windows', 'late_net', 'late_net + 1', 'late_net - 1'),
  fault('stock', 'on_order', 'on_order + 1', 'on_order - 1'),
  fault('stock', 'pace_units', 'pace_units + 0.0001', 'pace_units - 0.0001'),
  fault('purchases', 'ordered', 'ordered + 1', 'ordered - 1'),
  fault('episodes', 'on_hand', 'on_hand + 1', 'on_hand - 1'),
  fault('panes', 'net', 'net + 1', 'net - 1'),
  fault('sessions', 'net', 'net + 1', 'net - 1'),
  fault('alerts', 'score', 'score - 0.0001', 'score + 0.0001'),
  fault(
    'operator_states',
    'since_offset',
    'since_offset + 1',
    'since_offset - 1',
    `and (is_held or expires_at > (
      select watermark from stream.checkpoints c where c.generation = 1 and c.partition = operator_states.partition))`,
  ),
  fault('late_events', 'watermark', "watermark + interval '1 ms'", "watermark - interval '1 ms'"),
  fault('set_aside', 'business_day', "'2026-01-01'", 'null'),
]

/** @param kept SQL: which rows count */
function fault(table: string, column: string, value: string, back: string, kept = '') {
  const key = COMPARED_TABLES.find(compared => compared.table === table)
    ?.key.map(name => `"${name}"`)
    .join(', ')
  const first = `select ${key} from stream.${table} where generation = 1 ${kept} order by ${key} limit 1`
  const change = (to: string) =>
    `update stream.${table} set ${column} = ${to} where generation = 2 and (${key}) = (${first})`
  return { table, column, plant: change(value), undo: change(back) }
}

describe('two generations that say the same', () => {
  test('agree in every table, and every table has rows to agree in', async () => {
    const { tables, examples } = await comparison.settle()
    expect(examples).toEqual([])
    expect(tables.map(({ table }) => table)).toEqual(COMPARED_TABLES.map(({ table }) => table))
    for (const { rows, checksum, differences } of tables) {
      expect(rows.candidate).toBeGreaterThan(0)
      expect(rows.active).toBe(rows.candidate)
      expect(checksum.active).toBe(checksum.candidate)
      expect(differences).toBe(0)
    }
  })

  test('are compared in all columns but those that are named', async () => {
    const { tables } = await comparison.settle()
    for (const { table, columns, leftOut } of tables) {
      const all = await database.sql<{ name: string }[]>`
        select attname as name from pg_attribute
        where attrelid = ${`stream.${table}`}::text::regclass and attnum > 0 and not attisdropped`
      expect([...columns, ...leftOut.map(({ column }) => column)].sort()).toEqual(
        all.map(({ name }) => name).sort(),
      )
    }
  })

  test('no table of a generation is forgotten: it is compared, or named as not compared', async () => {
    const rows = await database.sql<{ table: string }[]>`
      select c.relname as "table" from pg_attribute a join pg_class c on c.oid = a.attrelid
      where c.relnamespace = 'stream'::regnamespace and a.attname = 'generation' and c.relkind in ('r', 'p')
        and not c.relispartition and c.relname not in ('generations', 'active_generation')`
    expect(rows.map(({ table }) => table).sort()).toEqual(
      [...COMPARED_TABLES, ...NOT_COMPARED].map(({ table }) => table).sort(),
    )
  })
})

describe('a difference', () => {
  test.for([...FAULTS])(
    'of the least in one row of $table ($column) is found and shown',
    async ({ table, column, plant, undo }) => {
      expect((await database.sql.unsafe(plant)).count).toBe(1)
      const found = await comparison.settle()
      expect((await database.sql.unsafe(undo)).count).toBe(1)
      expect(found.tables.filter(({ differences }) => differences > 0)).toMatchObject([
        { table, differences: 1 },
      ])
      expect(found.examples).toMatchObject([{ table, columns: [{ column }] }])
    },
  )

  test.for([...FAULTS])(
    'that comes to $table ($column) after everything was read is found at the fence',
    async ({ table, plant, undo }) => {
      await comparison.survey()
      await database.sql.unsafe(plant)
      const found = await comparison.settle()
      await database.sql.unsafe(undo)
      expect(found.tables.filter(({ differences }) => differences > 0)).toMatchObject([
        { table, differences: 1 },
      ])
    },
  )

  test('that is a row less is found, though nothing was written since', async () => {
    await comparison.survey()
    await database.sql`create table taken as
      select * from stream.windows where generation = 2 order by store, window_start limit 1`
    await database.sql`delete from stream.windows w using taken t
      where w.generation = 2 and (w.store, w.window_start, w.channel, w.currency) =
        (t.store, t.window_start, t.channel, t.currency)`
    const found = await comparison.settle()
    await database.sql`insert into stream.windows select * from taken`
    expect(found.examples).toMatchObject([
      { table: 'windows', columns: [], why: expect.stringContaining('Only the active one has this row.') },
    ])
    expect(found.tables.find(({ table }) => table === 'windows')).toMatchObject({ differences: 1 })
  })

  test('of two rows that would make up for each other is found', async () => {
    await database.sql`create table swapped as
      select store, window_start, channel, currency, gross, row_number() over (order by gross) as n
      from stream.windows where generation = 2 order by gross limit 2`
    const swap = database.sql`update stream.windows w set gross = other.gross
      from swapped own join swapped other on other.n <> own.n
      where w.generation = 2 and (w.store, w.window_start, w.channel, w.currency) =
        (own.store, own.window_start, own.channel, own.currency) returning w.gross, own.gross as before`
    const rows = await swap
    const found = await comparison.settle()
    const isSame = rows.every(({ gross, before }) => gross === before)
    expect(found.tables.find(({ table }) => table === 'windows')?.differences).toBe(isSame ? 0 : 2)
    expect(isSame).toBe(false)
    await database.sql`update stream.windows w set gross = own.gross from swapped own
      where w.generation = 2 and (w.store, w.window_start, w.channel, w.currency) =
        (own.store, own.window_start, own.channel, own.currency)`
  })

  test('is counted though not every one is shown', async () => {
    await database.sql`update stream.windows set units = units + 1 where generation = 2`
    const found = await comparison.settle()
    await database.sql`update stream.windows set units = units - 1 where generation = 2`
    const windows = found.tables.find(({ table }) => table === 'windows')
    expect(windows?.differences).toBe(windows?.rows.candidate)
    expect(found.examples).toHaveLength(20)
  })

  test('less than half of the last 1/10,000 of a floating figure is none', async () => {
    await database.sql`update stream.stock set pace_units = pace_units + 1e-12 where generation = 2`
    const found = await comparison.settle()
    await database.sql`update stream.stock s set pace_units = a.pace_units from stream.stock a
      where s.generation = 2 and a.generation = 1 and (a.store, a.sku) = (s.store, s.sku)`
    expect(found.tables.every(({ differences }) => differences === 0)).toBe(true)
  })

  test('that is only when a forecast of later was heard of is none', async () => {
    const low = `from stream.stock where generation = 1 and on_hand <= greatest(0, reorder_point)`
    await database.sql.unsafe(`insert into ref.demand_forecasts (store, sku, valid_from, method, units_by_weekday, spread, days)
      select store, sku, judged_at + interval '5 minutes', 'mean', array_fill(1::float8, array[7]), 1, 7 ${low}`)
    // One was judged by what knew of it, the other read it since.
    const heard = await database.sql`
      update stream.stock s set look_at = least(s.look_at, f.valid_from) from ref.demand_forecasts f
      where s.generation = 2 and f.store = s.store and f.sku = s.sku`
    expect(heard.count).toBeGreaterThan(0)
    const found = await comparison.settle()
    await database.sql`update stream.stock s set look_at = null
      from stream.stock a where a.generation = 1 and s.generation = 2 and (a.store, a.sku) = (s.store, s.sku) and a.look_at is null`
    await database.sql`delete from ref.demand_forecasts`
    expect(found.examples).toEqual([])
  })

  test('only what was written since the first look is read again', async () => {
    // What a transaction that is open somewhere on the server might have written counts as touched.
    await vi.waitFor(
      async () => {
        comparison = new GenerationComparison(database.sql, { active: 1, candidate: 2 })
        await comparison.survey()
        const { tables } = await comparison.settle()
        expect(tables.filter(({ rechecked }) => rechecked > 0)).toEqual([])
      },
      { timeout: 60_000, interval: 50 },
    )
    await database.sql.unsafe(FAULTS[2]?.plant ?? '')
    const { tables } = await comparison.settle()
    await database.sql.unsafe(FAULTS[2]?.undo ?? '')
    const windows = tables.find(({ table }) => table === 'windows')
    expect(windows?.rechecked).toBeGreaterThan(0)
    expect(windows?.rechecked).toBeLessThan(windows?.rows.candidate ?? 0)
    expect(tables.filter(({ rechecked }) => rechecked > 0)).toHaveLength(1)
  })
})
