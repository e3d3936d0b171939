import { describe, expect, test } from 'vitest'
import type { Sql } from '#db/client.ts'
import { formatAmount } from '#domain/money.ts'
import { placed, returned, toLogEvents } from '#domain/testing/events.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { createTestBatch, ranSlots } from './testing/batch.ts'
import { convert } from './testing/model.ts'

const LATER = '2025-10-02T12:00:00Z'

async function setRate(sql: Sql, from: string, rate: string | null, [currency, into] = ['EUR', 'USD']) {
  if (rate === null) {
    await sql`delete from ref.exchange_rates where currency = ${currency ?? ''} and valid_from = ${from}`
    return
  }
  await sql`
    insert into ref.exchange_rates (currency, reporting_currency, valid_from, rate)
    values (${currency ?? ''}, ${into ?? ''}, ${from}, ${rate})
    on conflict (currency, reporting_currency, valid_from) do update set rate = excluded.rate`
}

async function reportIn(sql: Sql, currency: string) {
  await sql`update ref.settings set value = to_jsonb(${currency}::text) where name = 'reporting_currency'`
}

/** One sale of an amount, at noon. */
function sale(store: string, day: string, amount: string) {
  return toLogEvents(
    placed({ id: `${store} ${day} ${amount}`, at: `${day}T12:00:00Z`, store }, [
      { sku: 'tea', units: 1, unitPrice: amount },
    ]),
  )
}

async function daily(sql: Sql) {
  return sql`
    select store, business_day, net, net_in_reporting_currency as converted, reporting_currency as into,
      trim_scale(exchange_rate)::text as rate
    from reports.daily_sales order by business_day, store`
}

async function restatements(sql: Sql) {
  return sql`
    select store, business_day, metric, old_value, new_value, cause from reports.restatements order by id`
}

/** The shops of two currencies: the one sold dollars, the other euros, in August and in September. */
async function createTwoCurrencies() {
  const batch = await createTestBatch()
  await reportIn(batch.sql, 'USD')
  await appendTestEvents(batch.sql, [
    ...sale('new-york', '2025-08-10', '100'),
    ...sale('berlin', '2025-08-10', '1000'),
    ...sale('new-york', '2025-09-10', '50'),
    ...sale('berlin', '2025-09-10', '500'),
  ])
  return batch
}

describe('net in the reporting currency', () => {
  test('is of each store-day at the rate of its day, kept beside it; without a rate it is not known', async () => {
    const { sql, runDue } = await createTwoCurrencies()
    await setRate(sql, '2025-09-01', '1.1')
    await runDue(LATER)
    const into = 'USD'
    expect(await daily(sql)).toEqual([
      { store: 'berlin', business_day: '2025-08-10', net: '1000.0000', converted: null, into, rate: null },
      {
        store: 'new-york',
        business_day: '2025-08-10',
        net: '100.0000',
        converted: '100.0000',
        into,
        rate: '1',
      },
      {
        store: 'berlin',
        business_day: '2025-09-10',
        net: '500.0000',
        converted: '550.0000',
        into,
        rate: '1.1',
      },
      {
        store: 'new-york',
        business_day: '2025-09-10',
        net: '50.0000',
        converted: '50.0000',
        into,
        rate: '1',
      },
    ])
    const months = await sql`
      select month, sum(net_in_reporting_currency)::text as converted, count(*) as stores,
        count(net_in_reporting_currency) as known
      from reports.monthly_sales group by month order by month`
    expect(months).toEqual([
      { month: '2025-08-01', converted: '100.0000', stores: 2, known: 1 },
      { month: '2025-09-01', converted: '600.0000', stores: 2, known: 2 },
    ])
  })

  test('is rounded half even, day by day; weeks, months, products and tenders are sums of days', async () => {
    const { sql, runDue } = await createTestBatch()
    await setRate(sql, '2025-01-01', '0.5', ['USD', 'EUR'])
    // Halves of 1/10,000: 0.5 → 0, 1.5 → 2, 2.5 → 2, −0.5 → 0, −1.5 → −2. The sum of all would be 1.25 times as much.
    const amounts = ['0.0001', '0.0003', '0.0005']
    await appendTestEvents(sql, [
      ...amounts.flatMap((amount, index) => sale('new-york', `2025-09-0${index + 1}`, amount)),
      ...['0.0001', '0.0003'].flatMap((refund, index) =>
        toLogEvents(
          returned({ id: `back ${refund}`, at: `2025-09-0${index + 4}T12:00:00Z`, store: 'new-york' }, [
            { sku: 'tea', units: 1, refund },
          ]),
        ),
      ),
    ])
    await runDue(LATER)
    const days =
      await sql`select net_in_reporting_currency as n from reports.daily_sales order by business_day`
    expect(days.map(({ n }) => n)).toEqual(['0.0000', '0.0002', '0.0002', '0.0000', '-0.0002'])
    for (const view of ['weekly_sales', 'monthly_sales', 'monthly_product_sales', 'monthly_category_sales']) {
      const rows =
        await sql`select net_in_reporting_currency as n, reporting_currency as into from reports.${sql(view)}`
      expect(rows, view).toEqual([{ n: '0.0002', into: 'EUR' }])
    }
    expect(
      await sql`select amount_in_reporting_currency as n, reporting_currency as into from reports.monthly_tenders`,
    ).toEqual([{ n: '0.0002', into: 'EUR' }])
  })

  test('agrees with whole numbers for many amounts and rates', async () => {
    const { sql } = await createTestBatch()
    const cases = Array.from({ length: 2_000 }, (_, index) => ({
      amount: (index - 1_000) * (index % 7 === 0 ? 1 : 12_345_677),
      // Of ten decimals, with many that end in a half.
      rate: [5_000_000_000, 2_500_000_000, 11_000_000_000, 1, 277_777, 1_085_512_345_600][index % 6] ?? 1,
    }))
    const rows = await sql<{ converted: number }[]>`
      select ref.convert_amount(amount, rate * 0.0000000001) as converted
      from unnest(${cases.map(({ amount }) => amount)}::bigint[], ${cases.map(({ rate }) => rate)}::bigint[])
        with ordinality as one(amount, rate, place)
      order by place`
    expect(rows.map(({ converted }) => converted)).toEqual(
      cases.map(({ amount, rate }) => convert(amount, BigInt(rate))),
    )
  })
})

describe('a rate', () => {
  test('that is added makes known what was not: the days that lacked it run again, and are restated', async () => {
    const { sql, runDue } = await createTwoCurrencies()
    await setRate(sql, '2025-09-01', '1.1')
    await runDue(LATER)
    expect(ranSlots(await runDue(LATER))).toEqual([])
    await setRate(sql, '2025-08-01', '1.2')
    expect(ranSlots(await runDue(LATER)).sort()).toEqual([
      'daily_sales berlin 2025-08-10',
      'monthly_category_sales berlin 2025-08-01',
      'monthly_product_sales berlin 2025-08-01',
      'monthly_sales berlin 2025-08-01',
      'monthly_tenders berlin 2025-08-01',
      'weekly_sales berlin 2025-08-04',
    ])
    expect(await restatements(sql)).toEqual([
      {
        store: 'berlin',
        business_day: '2025-08-10',
        metric: 'net_in_reporting_currency',
        old_value: null,
        new_value: '1200.0000',
        cause: 'exchange rate EUR → USD: none → 1.2',
      },
    ])
    const [month] = await sql`
      select net_in_reporting_currency as n from reports.monthly_sales where store = 'berlin' and month = '2025-08-01'`
    expect(month).toEqual({ n: '1200.0000' })
    expect(ranSlots(await runDue(LATER))).toEqual([])
  })

  test('that is put right restates the days it holds for, and no others', async () => {
    const { sql, runDue } = await createTwoCurrencies()
    await setRate(sql, '2025-08-01', '1.2')
    await setRate(sql, '2025-09-01', '1.1')
    await runDue(LATER)
    await setRate(sql, '2025-09-01', '1.15')
    const ran = ranSlots(await runDue(LATER))
    expect(ran).toContain('daily_sales berlin 2025-09-10')
    expect(ran.filter(slot => slot.includes('new-york') || slot.includes('2025-08'))).toEqual([])
    expect(await restatements(sql)).toEqual([
      {
        store: 'berlin',
        business_day: '2025-09-10',
        metric: 'net_in_reporting_currency',
        old_value: '550.0000',
        new_value: '575.0000',
        cause: 'exchange rate EUR → USD: 1.1 → 1.15',
      },
    ])
  })

  test('that is taken back makes unknown again what it told', async () => {
    const { sql, runDue } = await createTwoCurrencies()
    await setRate(sql, '2025-09-01', '1.1')
    await runDue(LATER)
    await setRate(sql, '2025-09-01', null)
    await runDue(LATER)
    expect(await restatements(sql)).toMatchObject([
      { old_value: '550.0000', new_value: null, cause: 'exchange rate EUR → USD: 1.1 → none' },
    ])
  })

  test('of a later day changes no earlier one, and one of another reporting currency none', async () => {
    const { sql, runDue } = await createTwoCurrencies()
    await setRate(sql, '2025-09-01', '1.1')
    await runDue(LATER)
    await setRate(sql, '2025-09-11', '7')
    await setRate(sql, '2025-01-01', '7', ['EUR', 'CHF'])
    expect(ranSlots(await runDue(LATER))).toEqual([])
  })

  test('and a late sale at once are two causes of one restated figure', async () => {
    const { sql, runDue } = await createTwoCurrencies()
    await setRate(sql, '2025-09-01', '1.1')
    await runDue(LATER)
    await setRate(sql, '2025-09-01', '1.2')
    await appendTestEvents(sql, sale('berlin', '2025-09-10', '100'))
    await runDue(LATER)
    const told = await restatements(sql)
    expect(told.find(({ metric }) => metric === 'net')).toMatchObject({ cause: '1 late (1 order)' })
    expect(told.find(({ metric }) => metric === 'net_in_reporting_currency')).toMatchObject({
      old_value: '550.0000',
      new_value: '720.0000',
      cause: '1 late (1 order); exchange rate EUR → USD: 1.1 → 1.2',
    })
  })
})

test('Another reporting currency converts every day again, and says so', async () => {
  const { sql, runDue } = await createTwoCurrencies()
  await setRate(sql, '2025-01-01', '1.25')
  await setRate(sql, '2025-01-01', '0.8', ['USD', 'EUR'])
  await runDue(LATER)
  await reportIn(sql, 'EUR')
  await runDue(LATER)
  const days = await daily(sql)
  expect(days.map(({ converted, into }) => [converted, into])).toEqual([
    [formatAmount(10_000_000), 'EUR'],
    [formatAmount(800_000), 'EUR'],
    [formatAmount(5_000_000), 'EUR'],
    [formatAmount(400_000), 'EUR'],
  ])
  const causes = (await restatements(sql)).map(({ cause }) => cause)
  expect(new Set(causes)).toEqual(new Set(['reporting currency USD → EUR']))
})
