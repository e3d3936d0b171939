import { createBenchWorld } from '#bench/load/world.ts'
import type { BenchOptions } from '#bench/options.ts'
import type { Sql } from '#db/client.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { addDays } from '#domain/calendar.ts'

/** The business day that is planned: the newest of the reports. */
export const DAY = '2026-11-22'

/** Reports as a year of sales leaves them, made in SQL: they are what the job reads. */
export async function writeChain(sql: Sql, { days, stores, products }: BenchOptions['plan']): Promise<void> {
  const from = addDays(DAY, 1 - days)
  const [sample] = createBenchWorld().stores
  if (!sample) throw new Error('the world of the benchmarks has stores')
  await addTestStores(
    sql,
    Array.from({ length: stores }, (_, index) => ({
      ...sample,
      id: `store-${index + 1}`,
      name: `Store ${index + 1}`,
      partition: index % 4,
    })),
  )
  await sql`
    insert into ref.products (sku, name, category)
    select 'sku-' || n, 'Product ' || n, 'category ' || n % 40 from generate_series(1, ${products}::integer) n`
  await sql`insert into ref.suppliers select 'supplier-' || n, 'Supplier ' || n from generate_series(0, 24) n`
  await sql`
    insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, pack_size, lead_time_days)
    select 'sku-' || n, 'epoch', 'supplier-' || n % 25, 10000, 'EUR', 1 + n % 12, 1 + n % 7
    from generate_series(1, ${products}::integer) n`
  await sql`
    insert into batch.daily_sales (business_day, store, channel, currency, orders, units, gross, discounts, returns,
      return_documents, units_returned, tax, customers, run_id, reporting_currency)
    select day::date, s.store, 'pos', 'EUR', 400, 900, 1, 0, 0, 0, 0, 0, 1, 1, 'EUR'
    from ref.stores s, generate_series(${from}::timestamp, ${DAY}::timestamp, interval '1 day') day`
  // A third of the products sell on most days, the rest less and less; one sale in twenty is on offer.
  for (let store = 1; store <= stores; store += 1) {
    await sql`
      insert into batch.daily_product_sales (business_day, store, channel, sku, currency, units, gross, discounts,
        returns, units_returned, run_id)
      select day::date, ${`store-${store}`}, 'pos', 'sku-' || n, 'EUR', 1 + floor(random() * 3 * sqrt(600.0 / n)),
        100000, case when (n + extract(day from day)::integer) % 20 = 0 then 20000 else 0 end, 0, 0, 1
      from generate_series(${from}::timestamp, ${DAY}::timestamp, interval '1 day') day,
        generate_series(1, ${products}::integer) n
      where random() < least(0.9, 250.0 / n)`
    // Of the stock what a plan reads: a day of each of its weeks, and the days on which a shelf was empty.
    await sql`
      insert into batch.daily_inventory (business_day, store, sku, opening, received, sold, returned, adjusted,
        transferred, count_correction, closing, stockout_minutes, run_id)
      select day, ${`store-${store}`}, 'sku-' || n, 20, 0, 0, 0, 0, 0, 0,
        case when n % 50 = 0 then 0 else 5 + n % 60 end, case when n % 50 = 0 then 600 else 0 end, 1
      from (select generate_series(${DAY}::date - 118, ${DAY}::date, interval '1 day')::date as day) days,
        generate_series(1, ${products}::integer) n
      where (${DAY}::date - day) % 7 = 0 or (n % 50 = 0 and (n + (${DAY}::date - day)) % 30 = 0)`
    await sql`
      insert into batch.purchases (store, purchase_order, sku, supplier, ordered, cancelled, received, placed_at,
        said_at, first_received_at)
      select ${`store-${store}`}, 'p-' || age || '-' || n % 25, 'sku-' || n, 'supplier-' || n % 25, 24, 0,
        case when age < 3 then 0 else 24 end, at, at, case when age < 3 then null else at + interval '1 day' * (1 + n % 7) end
      from generate_series(1, 180, 12) age, generate_series(1, ${products}::integer, 2) n,
        lateral (select ${DAY}::timestamptz - make_interval(days => age) as at) placed`
  }
  await sql`
    insert into batch.current_runs (job, store, period, run_id, code_version, rules_version, partition, through_offset,
      through_appended_at, row_count, checksum, computed_at)
    select 'daily_inventory', store, ${DAY}, 1, '1', 1, partition, 0, now(), 1, '', now() from ref.stores
    union all
    select 'daily_product_sales', store, day::date, 1, '1', 1, partition, 0, now(), 1, '', now()
    from ref.stores, generate_series(${from}::timestamp, ${DAY}::timestamp, interval '1 day') day`
  await sql`vacuum analyze batch.daily_product_sales`
  await sql`vacuum analyze batch.daily_inventory`
  await sql`vacuum analyze batch.purchases`
}
