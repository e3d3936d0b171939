import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Sql } from '#db/client.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { MINUTE_MS } from '#domain/instant.ts'
import { REPORTS } from '#domain/reports.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import type { ModelEvent } from '#domain/testing/reference-model.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { connectForRuns } from './ledger/claims.ts'
import { runWanted } from './run/run-wanted.ts'
import { addModelRates, MODELS, storedRows } from './testing/model.ts'

const seed = inject('randomSeed')

// Both clock changes of autumn lie within: Berlin's on 25 October, New York's on 1 November.
const FROM = Date.parse('2026-10-20T00:00:00Z')
const TO = Date.parse('2026-11-06T00:00:00Z')
const AFTERWARDS = Date.parse('2026-12-01T12:00:00Z')
const RANGE = { from: '2026-10-01', to: '2026-11-30' }

describe('the figures of random events', () => {
  let database: TestDatabase
  let runs: Sql
  const events: ModelEvent[] = []

  async function append(from: number, to: number): Promise<void> {
    const all = randomEvents({
      random: seededRandom(seed),
      count: 1_500,
      start: FROM,
      spanMs: TO - FROM,
      stepMs: MINUTE_MS,
      skus: 4,
      bulkShare: 0.5,
    })
    events.push(...(await appendTestEvents(database.sql, all.slice(from, to))))
  }

  async function runDue(now: number): Promise<void> {
    const { sets, blocked } = await runWanted(runs, {
      wanted: { kind: 'due' },
      trigger: 'schedule',
      now: () => now,
    })
    expect(sets.flatMap(set => set.failed)).toEqual([])
    expect(blocked).toEqual([])
  }

  beforeAll(async () => {
    database = await createTestDatabase()
    runs = connectForRuns(database.url)
    await addTestStores(database.sql, EXAMPLE_STORES)
    await addModelRates(database.sql)
    // Events come in no order of their times: every later part restates days of the parts before.
    await append(0, 600)
    await runDue(Date.parse('2026-10-28T12:00:00Z'))
    await append(600, 1_200)
    await runDue(Date.parse('2026-11-03T12:00:00Z'))
    await append(1_200, 2_000)
    await runDue(AFTERWARDS)
  })
  afterAll(async () => {
    await runs.end()
    await database.drop()
  })

  test.each(Object.keys(MODELS))('%s equals an independent model to the last unit', async name => {
    const rows = await storedRows(database.sql, name)
    expect(rows.length).toBeGreaterThan(5)
    expect(rows).toEqual((MODELS[name]?.(events) ?? []).sort())
  })

  test('monthly inventory adds up the days and takes the ratios', async () => {
    const rows = await database.sql`
      with days as (
        select date_trunc('month', business_day)::date as month, store, sku, count(*) as days,
          sum(received)::bigint as received, sum(sold)::bigint as sold, sum(stockout_minutes)::integer as stockout_minutes,
          round(avg(closing), 4) as average_on_hand, (array_agg(opening order by business_day))[1] as opening,
          (array_agg(closing order by business_day desc))[1] as closing
        from batch.daily_inventory group by 1, 2, 3
      )
      select count(*) as rows, count(m.sku) filter (where
        (m.opening, m.received, m.sold, m.closing, m.stockout_minutes, m.average_on_hand)
          = (d.opening, d.received, d.sold, d.closing, d.stockout_minutes, d.average_on_hand)
        and m.turnover is not distinct from case when d.average_on_hand > 0 then round(d.sold / d.average_on_hand, 4) end
        and m.days_of_cover is not distinct from case when d.sold > 0 then round(d.closing * d.days::numeric / d.sold, 4) end
      ) as equal
      from days d full join batch.monthly_inventory m using (month, store, sku)`
    expect(rows[0]?.rows).toBeGreaterThan(0)
    expect(rows[0]?.equal).toBe(rows[0]?.rows)
  })

  test('a category has what its products have', async () => {
    await database.sql`
      insert into ref.products (sku, category) values ('tea', 'drinks'), ('milk', 'drinks'), ('honey', null)
      on conflict (sku) do update set category = excluded.category`
    await runDue(AFTERWARDS)
    const rows = await database.sql`
      select store, month, channel, currency, sum(gross)::bigint as gross from batch.monthly_product_sales
      where sku in ('tea', 'milk') group by 1, 2, 3, 4
      except
      select store, month, channel, currency, gross from batch.monthly_category_sales where category = 'drinks'`
    expect(rows).toHaveLength(0)
    const [others] = await database.sql`
      select count(*) as count from batch.monthly_category_sales where category = 'uncategorised'`
    expect(others?.count).toBeGreaterThan(0)
  })

  test('however often and in whatever sets they are computed, the checksums are the same', async () => {
    const before = await checksums(database.sql)
    for (const jobs of [REPORTS.map(report => report.name), ['daily_inventory'], ['monthly_sales']]) {
      const { sets } = await runWanted(runs, {
        wanted: { kind: 'range', jobs, ...RANGE },
        trigger: 'backfill',
        now: () => AFTERWARDS,
      })
      expect(sets.flatMap(set => set.failed)).toEqual([])
      expect(await checksums(database.sql)).toEqual(before)
    }
  })

  test('on two clients beside each other they are the same again, each store on one of them', async () => {
    const before = await checksums(database.sql)
    await database.sql`truncate batch.current_runs, batch.daily_sales, batch.hourly_sales, batch.daily_product_sales,
      batch.daily_inventory, batch.monthly_inventory`
    const besides = connectForRuns(database.url)
    try {
      const { sets, blocked } = await runWanted(runs, {
        wanted: { kind: 'range', jobs: REPORTS.map(report => report.name), ...RANGE },
        trigger: 'backfill',
        now: () => AFTERWARDS,
        besides,
      })
      expect(blocked).toEqual([])
      expect(await checksums(database.sql)).toEqual(before)
      const daily = sets.filter(set => set.report.name === 'daily_inventory')
      const partitions = daily.map(set => [...new Set(set.succeeded.map(({ slot }) => slot.partition))])
      expect(sets.flatMap(set => set.taken)).toEqual([])
      expect(partitions).toHaveLength(2)
      expect(new Set(partitions.flat()).size).toBe(partitions.flat().length)
    } finally {
      await besides.end({ timeout: 1 })
    }
  })

  test('a log that is followed from the start by another planner gives the same checksums', async () => {
    const before = await checksums(database.sql)
    await database.sql`truncate batch.current_runs, batch.day_head, batch.till_head, batch.planner_checkpoints,
      batch.daily_sales, batch.hourly_sales, batch.daily_product_sales, batch.daily_inventory`
    await runDue(AFTERWARDS)
    expect(await checksums(database.sql)).toEqual(before)
  })
})

async function checksums(sql: Sql): Promise<Record<string, string>> {
  const rows = await sql<{ slot: string; checksum: string }[]>`
    select concat_ws(' ', job, store, period) as slot, checksum from batch.current_runs`
  return Object.fromEntries(rows.map(row => [row.slot, row.checksum]))
}
