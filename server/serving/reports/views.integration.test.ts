import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { placed, returned } from '#domain/testing/events.ts'
import { windowState } from '#domain/window.ts'
import { createTestPaths } from '#server/serving/testing/paths.ts'

const DAY = '2026-03-02'
let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  const { sql } = database
  const paths = await createTestPaths(sql)
  await sql`
    insert into ref.exchange_rates (currency, reporting_currency, valid_from, rate) values
      ('USD', 'EUR', '2026-01-01', 0.9), ('USD', 'EUR', ${DAY}, 0.85), ('USD', 'EUR', '2026-03-03', 0.5),
      ('INR', 'EUR', '2026-03-03', 0.01), ('INR', 'USD', '2026-01-01', 7)`
  await paths.send([
    placed({ id: 'o-1', at: `${DAY}T10:00:00+01:00`, customer: 'c-1' }, [
      { sku: 'tea', units: 2, unitPrice: '2.555', discount: '0.10', tax: '0.25' },
    ]),
    returned({ id: 'r-1', at: `${DAY}T11:00:00+01:00` }, [{ sku: 'tea', units: 1, refund: '2.5' }]),
    placed({ id: 'n-1', at: `${DAY}T10:00:00-05:00`, store: 'new-york' }, [
      { sku: 'tea', units: 1, unitPrice: '10' },
    ]),
    placed({ id: 'k-1', at: `${DAY}T10:00:00+05:30`, store: 'kolkata' }, [
      { sku: 'tea', units: 1, unitPrice: '10' },
    ]),
  ])
  for (const store of ['berlin', 'new-york', 'kolkata']) await paths.batch({ store, day: DAY })
  await paths.stream()
})
afterAll(() => database.drop())

describe('the views of sales', () => {
  it('give money as exact decimals, with run and offsets', async () => {
    const [row] = await database.sql`select * from reports.daily_sales where store = 'berlin'`
    expect(row).toMatchObject({
      business_day: DAY,
      channel: 'pos',
      currency: 'EUR',
      orders: 1,
      units: 2,
      gross: '5.1100',
      discounts: '0.1000',
      returns: '2.5000',
      net: '2.5100',
      return_documents: 1,
      units_returned: 1,
      customers: 1,
      average_order_value: '5.0100',
      tax: '0.2500',
      run_id: expect.any(Number),
      through: { [await partitionOf('berlin')]: 2 },
    })
    const hours =
      await database.sql`select hour_start, net from reports.hourly_sales where store = 'berlin' order by 1`
    expect(hours).toMatchObject([{ net: '5.0100' }, { net: '-2.5000' }])
  })

  it('show no figure without a basis', async () => {
    const { sql } = database
    const rows = await sql.begin(async transaction => {
      await transaction`delete from batch.current_runs where job = 'daily_sales'`
      const left = await transaction`select * from reports.daily_sales`
      await transaction`rollback and chain`
      return left
    })
    expect(rows).toHaveLength(0)
  })

  it('tell a day in the reporting currency too, at the rate of that day, and which it was', async () => {
    const rows = await database.sql`
      select store, net, net_in_reporting_currency, reporting_currency, exchange_rate
      from reports.daily_sales order by store`
    const into = { reporting_currency: 'EUR' }
    expect(rows).toEqual([
      {
        store: 'berlin',
        net: '2.5100',
        net_in_reporting_currency: '2.5100',
        ...into,
        exchange_rate: '1.0000000000',
      },
      { store: 'kolkata', net: '10.0000', net_in_reporting_currency: null, ...into, exchange_rate: null },
      {
        store: 'new-york',
        net: '10.0000',
        net_in_reporting_currency: '8.5000',
        ...into,
        exchange_rate: '0.8500000000',
      },
    ])
  })
})

describe('the live views', () => {
  it('judge windows as domain/window.ts does', async () => {
    const { sql } = database
    const [window] = await sql<{ windowStart: number }[]>`
      select window_start as "windowStart" from stream.windows where store = 'new-york'`
    const windowStart = window?.windowStart ?? 0
    const states: string[] = []
    for (const afterMs of [-1, 59_999, 60_000, 7_259_999, 7_260_000]) {
      const watermark = windowStart + afterMs
      await sql`update stream.checkpoints set watermark = ${watermark}`
      const [shown] = await sql<{ state: string }[]>`
        select state from reports.live_sales_minute where store = 'new-york'`
      expect(shown?.state).toBe(windowState(windowStart, watermark))
      states.push(shown?.state ?? '')
    }
    expect(states).toEqual(['open', 'open', 'closed', 'closed', 'final'])
  })

  it('say what people did with an alert, as long as it lasts', async () => {
    const { sql } = database
    await sql`
      insert into stream.episodes (generation, alert_id, store, sku, partition, rule, rule_version, severity, state,
        opened_at, opened_offset, amended_at, amended_offset, on_hand, on_order, processed_at)
      select 1, 'a-' || state || kind, 'berlin', kind, partition, 'oversold', 1, 'critical', state, now(), 1, now(), 1, -1, 0, now()
      from ref.stores, unnest(array['none', 'ack', 'snoozed', 'over', 'reopened']) as kind,
        unnest(array['open', 'resolved']) as state
      where store = 'berlin'`
    await sql`
      insert into live.alert_actions (alert_id, kind, snoozed_until) values
        ('a-openack', 'acknowledge', null), ('a-resolvedack', 'acknowledge', null),
        ('a-opensnoozed', 'snooze', now() + interval '1 hour'), ('a-openover', 'snooze', now() - interval '1 hour'),
        ('a-openreopened', 'acknowledge', null), ('a-openreopened', 'reopen', null)`
    const rows = await sql<{ alert_id: string; state: string; raised_by: string }[]>`
      select alert_id, state, raised_by from reports.restock_alerts where alert_id like 'a-open%' order by 1`
    expect(rows.map(row => [row.alert_id, row.state])).toEqual([
      ['a-openack', 'acknowledged'],
      ['a-opennone', 'open'],
      ['a-openover', 'open'],
      ['a-openreopened', 'open'],
      ['a-opensnoozed', 'snoozed'],
    ])
    const resolved =
      await sql`select distinct state, raised_by from reports.restock_alerts where alert_id like 'a-resolved%'`
    expect(resolved).toEqual([{ state: 'resolved', raised_by: 'stream' }])
    const [told] = await sql<{ comment: string }[]>`
      select col_description('reports.restock_alerts'::regclass, attnum) as comment from pg_attribute
      where attrelid = 'reports.restock_alerts'::regclass and attname = 'raised_by'`
    expect(told?.comment).toContain('the first to say so')
  })
})

async function partitionOf(store: string): Promise<number> {
  const [row] = await database.sql<
    { partition: number }[]
  >`select partition from ref.stores where store = ${store}`
  return row?.partition ?? -1
}
