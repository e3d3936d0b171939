import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { parseEvent } from '#domain/event.ts'
import { readSeedRecord, readShops, writeJournals } from '#seed/world/world-files.ts'
import { SeedingProgress } from './progress.ts'
import { seedLog } from './seed-log.ts'

const OPTIONS = {
  help: false,
  json: false,
  days: 2,
  stores: 4,
  ordersPerDay: 300,
  randomSeed: 3,
  until: Date.UTC(2026, 10, 20, 12),
}

const silent = new SeedingProgress({ isTTY: false, columns: 80, write: () => true }, () => performance.now())

describe('seeding', () => {
  let database: TestDatabase
  let dataDir: string
  beforeEach(async () => {
    database = await createTestDatabase()
    dataDir = await mkdtemp(path.join(os.tmpdir(), 'tillstream-seed-'))
  })
  afterEach(async () => {
    await database.drop()
    await rm(dataDir, { recursive: true })
  })

  const seed = (changes: Partial<typeof OPTIONS> = {}, stop = new AbortController().signal) =>
    seedLog({ sql: database.sql, options: { ...OPTIONS, ...changes }, dataDir, progress: silent, stop })

  async function digestOf(): Promise<string | undefined> {
    const [row] = await database.sql<{ digest: string }[]>`
      select md5(string_agg(e::text, chr(10) order by partition, "offset")) as digest from log.event_log e`
    return row?.digest
  }

  test('fills the log, and writes what its events refer to', async () => {
    await seed()
    const [counts] = await database.sql`
      select (select count(*) from log.event_log) > 600 as events,
             (select count(*) from ref.stores) as stores,
             (select count(*) from ref.products) as products,
             (select count(distinct (store, sku)) from ref.stock_policies where valid_from < (select min(event_time) from log.event_log)) as policies,
             (select count(distinct sku) from ref.stock_policies where order_up_to = 0) as leaving,
             (select count(*) from ref.exchange_rates) as rates,
             (select count(*) from ref.suppliers) as suppliers,
             (select count(*) from ref.supplier_terms where delivery_days <@ '{1,2,3,4,5,6}') as rounds,
             (select count(*) > 100 from ref.promotions) as promotions,
             (select count(*) from ref.supply_terms where currency = 'EUR' and pack_size > 0 and unit_cost > 0) as terms`
    expect(counts).toMatchObject({
      events: true,
      stores: 4,
      products: 500,
      policies: 2_000,
      leaving: 40,
      rounds: 28,
      promotions: true,
      rates: 3,
      suppliers: 28,
      terms: 500,
    })
    const [unknown] = await database.sql`
      select count(*) as count from log.event_log e, unnest(e.skus) as sku
      where not exists (select from ref.products p where p.sku = sku.sku)
        or not exists (select from ref.stores s where s.store = e.store and s.partition = e.partition)`
    expect(unknown?.count).toBe(0)
  })

  test('keeps apart what its empty shelves cost', async () => {
    await seed({ days: 12, ordersPerDay: 1_200 })
    const [missed] = await database.sql`
      select count(*) > 0 as some, bool_and(p.sku is not null and s.store is not null) as known,
        max(business_day) <= '2026-11-20' as past
      from truth.missed_sales m left join ref.products p using (sku) left join ref.stores s using (store)`
    expect(missed).toEqual({ some: true, known: true, past: true })
  })

  test('writes the same rows for the same arguments', async () => {
    await seed()
    const first = await digestOf()
    await database.drop()
    database = await createTestDatabase()
    await seed()
    expect(await digestOf()).toBe(first)
  })

  test('is refused by a log that holds anything, with the way on', async () => {
    await seed()
    const before = await digestOf()
    await expect(seed()).rejects.toThrow(/already holds events.*npm run demo -- --reset/s)
    expect(await digestOf()).toBe(before)
  })

  test('leaves to the simulators the world and its shelves', async () => {
    await seed()
    const record = await readSeedRecord(dataDir)
    expect(record).toEqual({ randomSeed: 3, stores: 4, ordersPerDay: 300, until: OPTIONS.until })
    const shops = record && (await readShops(dataDir, record))
    expect(Object.keys(shops?.shops ?? {}).length).toBe(4)
    expect(shops?.shops['web-shop']?.onHand?.length).toBe(500)
    expect(record && (await readShops(dataDir, { ...record, randomSeed: 4 }))).toBeNull()
  })

  test('leaves the journals of the last whole day, and of today so far, beside the database', async () => {
    await seed({ stores: 8, until: Date.UTC(2026, 10, 19, 17) })
    const folder = path.join(dataDir, 'journals')
    const names = [
      'lisbon-baixa-2026-11-18.ndjson',
      'lisbon-baixa-2026-11-19-0.ndjson',
      'madrid-sol-2026-11-18.ndjson',
      'madrid-sol-2026-11-19-0.ndjson',
    ]
    expect((await readdir(folder)).sort()).toEqual(names)
    for (const name of names) {
      const text = await readFile(path.join(folder, name), 'utf8')
      const events = text
        .trimEnd()
        .split('\n')
        .map(line => parseEvent(JSON.parse(line)))
      expect(events.filter(result => 'rejection' in result)).toEqual([])
    }
    const [logged] = await database.sql`
      select count(*) filter (where store = 'madrid-sol' and business_day >= '2026-11-18' and type <> 'review.posted') as waiting,
             count(*) filter (where store in ('madrid-sol', 'lisbon-baixa') and class <> 'bulk') as live
      from log.event_log`
    expect(logged).toEqual({ waiting: 0, live: 0 })
    // It is written again every few seconds while the simulators run.
    expect((await stat(path.join(dataDir, 'shops.json'))).size).toBeLessThan(1_500_000)
    await writeJournals(dataDir, [])
    expect(existsSync(folder)).toBe(false)
  })

  test('of no days sets up stores and products alone', async () => {
    await seed({ days: 0 })
    const [counts] = await database.sql`
      select (select count(*) from log.event_log) as events, (select count(*) from ref.stores) as stores`
    expect(counts).toMatchObject({ events: 0, stores: 4 })
    await seed()
  })

  test('that is stopped leaves no events', async () => {
    await expect(seed({}, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
    const [row] = await database.sql`select count(*) as events from log.event_log`
    expect(row?.events).toBe(0)
  })
})
