import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '#db/client.ts'
import { createTestDatabase, type TestDatabase } from './testing/database.ts'

/** As the contract lists them: key, then the columns beside it. Views may have more, at the end. */
const VIEWS: Record<string, string> = {
  daily_sales:
    'business_day, store, channel, currency, orders, units, gross, discounts, returns, net, return_documents, units_returned, customers, average_order_value',
  hourly_sales:
    'business_day, hour_start, store, channel, currency, orders, units, gross, discounts, returns, net',
  daily_product_sales:
    'business_day, store, channel, sku, currency, units, gross, discounts, returns, net, units_returned',
  weekly_sales:
    'week, store, channel, currency, orders, units, gross, discounts, returns, net, return_documents, units_returned, customers, average_order_value, net_in_reporting_currency',
  monthly_sales:
    'month, store, channel, currency, orders, units, gross, discounts, returns, net, return_documents, units_returned, customers, average_order_value, net_in_reporting_currency',
  monthly_product_sales:
    'month, store, channel, sku, currency, units, gross, discounts, returns, net, units_returned, net_in_reporting_currency',
  monthly_category_sales:
    'month, store, channel, category, currency, units, gross, discounts, returns, net, units_returned, net_in_reporting_currency',
  monthly_tenders: 'month, store, channel, tender, currency, documents, amount, amount_in_reporting_currency',
  daily_inventory:
    'business_day, store, sku, opening, received, sold, returned, adjusted, transferred, count_correction, closing, stockout_minutes',
  monthly_inventory:
    'month, store, sku, opening, received, sold, returned, adjusted, transferred, count_correction, closing, stockout_minutes, average_on_hand, turnover, sell_through, days_of_cover, abc_class',
  price_hints:
    'store, sku, kind, on_hand, demand_per_day, days_of_cover, currency, price, unit_cost, hint_price, discount, discount_today, elasticity, elasticity_deviation, offers, units_to_clear, units, units_low, units_high, clears, business_day',
  replenishment:
    'store, sku, supplier, on_hand, on_order, inventory_position, demand_per_day, days_of_cover, reorder_point, order_up_to, suggested_units, runs_out_at, runs_out_early, runs_out_late, next_delivery_at, order_arrives_at, verdict, missed_units, missed_spread, shortage_since, business_day, as_of',
  daily_reviews: 'business_day, sku, reviews, average_rating',
  live_sales_minute:
    'window_start, store, channel, currency, orders, units, gross, discounts, returns, return_documents, units_returned, net, late_net, revision, state',
  live_stock: 'store, sku, on_hand, on_order, reorder_point, days_of_cover, as_of',
  purchase_orders:
    'store, purchase_order, sku, ordered, cancelled, received, open, over_delivered, state, as_of',
  restock_alerts:
    'alert_id, store, sku, rule, rule_version, severity, state, opened_at, raised_by, on_hand, on_order, reorder_point, suggested_units, projected_stockout_at',
  alerts:
    'alert_id, kind, rule, rule_version, store, register, severity, score, state, opened_at, evidence, verdict, raised_by',
  reconciliation:
    'business_day, store, currency, metric, batch, stream, difference, after_batch, before_stream, rule_version, unexplained',
  answers:
    'business_day, store, currency, metric, generation, engine, batch, stream, difference, after_batch, before_stream, rule_version, unexplained',
  completeness: 'business_day, store, register, z_orders, z_net, log_orders, log_net, state',
  over_short: 'business_day, store, register, tender, currency, declared, counted, difference',
  missing_receipts: 'business_day, store, register, first, last, missing',
  job_runs: 'id',
  dead_letters: 'id',
  restatements: 'id',
}
const LIVE_VIEWS = ['live_sales_minute', 'live_stock', 'purchase_orders', 'restock_alerts', 'alerts']

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

describe('the reporting views', () => {
  it('are exactly those of the contract', async () => {
    const rows = await database.sql<{ name: string }[]>`
      select relname as name from pg_class where relnamespace = 'reports'::regnamespace and relkind in ('v', 'r', 'm')`
    expect(rows.map(row => row.name).sort()).toEqual(Object.keys(VIEWS).sort())
  })

  it.each(Object.entries(VIEWS))('%s has its columns in their order, and its basis', async (view, listed) => {
    const columns = await columnsOf(view)
    const names = columns.map(column => column.name)
    expect(names.slice(0, listed.split(', ').length)).toEqual(listed.split(', '))
    const basis = LIVE_VIEWS.includes(view) ? ['through', 'watermark'] : ['run_id', 'computed_at', 'through']
    expect(names).toEqual(expect.arrayContaining(basis))
  })

  it.each(Object.keys(VIEWS))('%s is commented, and so is every column', async view => {
    const columns = await columnsOf(view)
    expect(columns.filter(column => column.comment === null)).toEqual([])
    const [row] = await database.sql<{ comment: string | null }[]>`
      select obj_description(${`reports.${view}`}::regclass) as comment`
    expect(row?.comment).toMatch(/\.$/)
  })

  it('hold money as numeric(20,4)', async () => {
    const money = [
      'gross',
      'discounts',
      'returns',
      'net',
      'late_net',
      'z_net',
      'log_net',
      'declared',
      'counted',
      'difference',
      'amount',
      'average_order_value',
    ]
    for (const view of Object.keys(VIEWS)) {
      for (const { name, type } of await columnsOf(view)) {
        if (money.includes(name)) expect({ view, name, type }).toEqual({ view, name, type: 'numeric(20,4)' })
      }
    }
  })
})

describe('the reader role', () => {
  const views = Object.keys(VIEWS)

  it('reads every reporting view', async () => {
    await asReader(async run => {
      for (const view of views) await run(`select * from reports.${view} limit 1`)
    })
  })

  it('reads nothing else and writes nothing', async () => {
    const { sql } = database
    const tables = await sql<{ name: string }[]>`
      select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'v') and n.nspname not in ('reports', 'pg_catalog', 'information_schema', 'pg_toast')`
    expect(tables.length).toBeGreaterThan(40)
    await asReader(async run => {
      for (const { name } of tables)
        await expect(run(`select * from ${name}`)).rejects.toThrow('permission denied')
      await expect(run('delete from reports.daily_sales')).rejects.toThrow(/permission denied|cannot delete/)
      await expect(run('create table reports.mine (x int)')).rejects.toThrow('permission denied')
      await expect(run(`select log.append_tick(0, '0')`)).rejects.toThrow('permission denied')
    })
  })
})

async function columnsOf(view: string) {
  return database.sql<{ name: string; type: string; comment: string | null }[]>`
    select attname as name, format_type(atttypid, atttypmod) as type, col_description(attrelid, attnum) as comment
    from pg_attribute where attrelid = ${`reports.${view}`}::regclass and attnum > 0 order by attnum`
}

async function asReader(
  work: (run: (statement: string) => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const sql = connect(database.url, { max: 1 })
  try {
    await sql`set role tillstream_reader`
    await work(async statement => sql.unsafe(statement))
  } finally {
    await sql.end()
  }
}
