import { expect, inject, test } from 'vitest'
import type { Sql } from '#db/client.ts'
import { addDays } from '#domain/calendar.ts'
import type { SentEvent } from '#domain/event.ts'
import { DAY_MS, MINUTE_MS } from '#domain/instant.ts'
import { afterPurchase, NOTHING_ORDERED, purchaseEffects } from '#domain/purchase.ts'
import { counted, ordered, placed, received, toLogEvents } from '#domain/testing/events.ts'
import { seededRandom } from '#domain/testing/random-events.ts'
import { followLog } from '#jobs/planner/follow-log.ts'
import { createTestBatch } from '#jobs/testing/batch.ts'
import { appendTestEvents, type StoredEvent } from '#server/log/testing/append.ts'
import { bringPurchases, takePurchases } from './purchases.ts'
import { runReplenishment } from './replenishment.ts'

/** The day of the plan, a Sunday; its end in Berlin is four in the morning of the day after, by winter time. */
const DAY = '2026-11-22'
const NOW = '2026-11-23T12:00:00Z'
const NOW_MS = Date.parse(NOW)
const AS_OF = Date.parse('2026-11-23T03:00:00Z')
const DAYS = 63

async function append(sql: Sql, events: readonly SentEvent[]): Promise<void> {
  await appendTestEvents(
    sql,
    events.flatMap(event => toLogEvents(event)),
  )
}

/** Nine weeks of tea: two on each weekday, four on Saturdays, none on Sundays, at noon; a thousand came before. */
function weeksOfTea(): SentEvent[] {
  const first = addDays(DAY, 1 - DAYS)
  const events = [
    received({ id: 'opening', at: `${first}T07:00:00+02:00` }, [
      { sku: 'tea', units: 1_000 },
      { sku: 'lamp', units: 4 },
    ]),
  ]
  for (let place = 0; place < DAYS; place += 1) {
    const day = addDays(first, place)
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay()
    if (weekday === 0) continue
    const units = weekday === 6 ? 4 : 2
    events.push(
      placed({ id: `o-${place}`, at: `${day}T12:00:00+01:00` }, [{ sku: 'tea', units, unitPrice: '3.00' }]),
    )
  }
  return events
}

/** What a week sells of tea. */
const PER_WEEK = 14

async function open(events: readonly SentEvent[] = [], weeks = weeksOfTea()) {
  const batch = await createTestBatch()
  const { sql } = batch
  await sql`insert into ref.products (sku, name, category) values ('tea', 'Tea', 'drinks'), ('lamp', 'Lamp', 'light')`
  await sql`insert into ref.suppliers values ('tea-house', 'Tea House')`
  await sql`
    insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, pack_size, lead_time_days)
    values ('tea', 'epoch', 'tea-house', 10000, 'EUR', 6, 3)`
  await append(sql, [...weeks, ...events])
  await batch.runDue(NOW)
  let runs = 0
  const plan = (now = NOW_MS) => {
    runs += 1
    return runReplenishment(sql, { runId: runs, now })
  }
  return { ...batch, plan }
}

const count = (units: number): SentEvent =>
  counted({ id: 'count', at: `${DAY}T20:00:00+01:00` }, [{ sku: 'tea', units }])

async function planOf(sql: Sql, sku = 'tea') {
  const [row] = await sql`select * from reports.replenishment where store = 'berlin' and sku = ${sku}`
  if (!row) throw new Error(`there is no plan of ${sku}`)
  return row
}

test('a plan by hand: what is there, what sells, when it runs out, what to order', async () => {
  const { sql, plan } = await open([count(5)])
  expect(await plan()).toMatchObject({ stores: 1, products: 2, short: 1, failures: [] })
  const tea = await planOf(sql)
  expect(tea).toMatchObject({
    supplier: 'tea-house',
    on_hand: 5,
    on_order: 0,
    inventory_position: 5,
    business_day: DAY,
    as_of: AS_OF,
    verdict: 'short',
    shortage_since: AS_OF,
    next_delivery_at: null,
    order_arrives_at: AS_OF + 3 * DAY_MS,
  })
  expect(tea.demand_per_day).toBeCloseTo(PER_WEEK / 7, 1)
  // Two on Monday, two on Tuesday: the fifth goes on Wednesday.
  expect(new Date(tea.runs_out_at).toISOString().slice(0, 10)).toBe('2026-11-25')
  expect(tea.runs_out_early).toBeLessThan(tea.runs_out_at)
  expect(tea.runs_out_late).toBeGreaterThan(tea.runs_out_at)
  // Whole packs, up to the level.
  expect(tea.suggested_units % 6).toBe(0)
  expect(5 + tea.suggested_units).toBeGreaterThanOrEqual(tea.order_up_to)
  expect(5 + tea.suggested_units - 6).toBeLessThan(tea.order_up_to)
  const lamp = await planOf(sql, 'lamp')
  expect(lamp).toMatchObject({ on_hand: 4, suggested_units: 0, verdict: 'enough', runs_out_at: null })
})

test('forecast, policy and lead time are reference data from five minutes later on, and say how they were made', async () => {
  const { sql, plan } = await open()
  await plan()
  const [forecast] = await sql`select * from ref.demand_forecasts where store = 'berlin' and sku = 'tea'`
  expect(forecast?.valid_from).toBe(NOW_MS + 5 * MINUTE_MS)
  expect(forecast?.days).toBe(54)
  const [monday, , , , , saturday, sunday] = forecast?.units_by_weekday ?? []
  expect(sunday).toBe(0)
  expect(saturday).toBeGreaterThan(1.3 * monday)
  const [policy] = await sql`select * from ref.stock_policies where store = 'berlin' and sku = 'tea'`
  expect(policy).toMatchObject({
    valid_from: NOW_MS + 5 * MINUTE_MS,
    source: 'computed',
    abc_class: 'A',
    service_level: 0.98,
    lead_time_days: '3.00',
  })
  expect(policy?.reorder_point).toBeGreaterThanOrEqual(policy?.safety_stock)
  expect(await sql`select supplier, mean_days, deliveries from ref.lead_times`).toEqual([
    { supplier: 'tea-house', mean_days: 3, deliveries: 0 },
  ])
})

test('what says nothing new is not written again, and a shortage keeps the day on which it began', async () => {
  const { sql, plan, runDue } = await open([count(5)])
  await plan()
  // The same stock again: nobody has to plan.
  expect(await plan()).toMatchObject({ stores: 0 })
  // A day later the store has sold as it does.
  const later = { id: 'monday', at: '2026-11-23T12:00:00+01:00' }
  await append(sql, [placed(later, [{ sku: 'tea', units: 2, unitPrice: '3.00' }])])
  await runDue('2026-11-24T12:00:00Z')
  expect(await plan(NOW_MS + DAY_MS)).toMatchObject({ stores: 1, forecasts: 0, policies: 0, leadTimes: 0 })
  expect(await planOf(sql)).toMatchObject({
    on_hand: 3,
    business_day: '2026-11-23',
    shortage_since: AS_OF,
    verdict: 'short',
  })
  // Goods have come: it is over.
  await append(sql, [received({ id: 'goods', at: '2026-11-24T09:00:00+01:00' }, [{ sku: 'tea', units: 90 }])])
  await runDue('2026-11-25T12:00:00Z')
  await plan(NOW_MS + 2 * DAY_MS)
  expect(await planOf(sql)).toMatchObject({ on_hand: 93, verdict: 'enough', shortage_since: null })
})

test("a person's policy stands, and is what is ordered by; one that is given back is computed again", async () => {
  const { sql, plan, runDue } = await open([count(5)])
  await sql`
    insert into ref.stock_policies (store, sku, valid_from, reorder_point, order_up_to)
    values ('berlin', 'tea', 'epoch', 4, 60)`
  expect(await plan()).toMatchObject({ policies: 0 })
  expect(await planOf(sql)).toMatchObject({ reorder_point: 4, order_up_to: 60, suggested_units: 0 })
  await sql`
    insert into ref.stock_policies (store, sku, valid_from, reorder_point, order_up_to, source)
    values ('berlin', 'tea', ${NOW_MS}, 4, 60, 'computed')`
  await append(sql, [
    placed({ id: 'monday', at: '2026-11-23T12:00:00+01:00' }, [{ sku: 'tea', units: 2, unitPrice: '3.00' }]),
  ])
  await runDue('2026-11-24T12:00:00Z')
  expect(await plan(NOW_MS + DAY_MS)).toMatchObject({ policies: 1 })
  expect((await planOf(sql)).reorder_point).toBeGreaterThan(4)
})

test('what a person keeps no more may run out: nobody is short of it, and nobody misses it', async () => {
  const { sql, plan } = await open([count(0)])
  await sql`
    insert into ref.stock_policies (store, sku, valid_from, reorder_point, order_up_to)
    values ('berlin', 'tea', 'epoch', 0, 0)`
  expect(await plan()).toMatchObject({ short: 0 })
  expect(await planOf(sql)).toMatchObject({ verdict: 'enough', suggested_units: 0, missed_units: 0 })
})

test('orders are those of the end of the day that the stock is of: what comes on the day after is still to come', async () => {
  const tomorrow = { sku: 'tea', units: 24 }
  const { sql, plan } = await open([
    count(5),
    {
      ...ordered({ id: 'p-1', at: '2026-11-20T18:00:00+01:00', purchaseOrderId: 'p-1' }, [tomorrow]),
      expectedAt: '2026-11-23T08:00:00+01:00',
    } as SentEvent,
    received({ id: 'd-1', at: '2026-11-23T08:00:00+01:00', purchaseOrderId: 'p-1' }, [tomorrow]),
  ])
  await plan()
  expect(await planOf(sql)).toMatchObject({
    ...{ on_hand: 5, on_order: 24, inventory_position: 29, suggested_units: 0 },
    ...{ next_delivery_at: Date.parse('2026-11-23T07:00:00Z'), verdict: 'covered', shortage_since: null },
  })
  expect(await sql`select count(*) as waiting from batch.purchase_moves`).toEqual([{ waiting: 1 }])
})

test('days with an empty shelf say that more was wanted than sold', async () => {
  // Sold out at noon on Tuesday of the last week, and not a leaf since: Wednesday to Saturday were missed.
  const without = weeksOfTea().filter(({ eventTime }) => eventTime < '2026-11-18')
  const lamps = [18, 19, 20, 21].map(day =>
    // The store itself goes on.
    placed({ id: `lamp-${day}`, at: `2026-11-${day}T15:00:00+01:00` }, [
      { sku: 'lamp', units: 1, unitPrice: '30.00' },
    ]),
  )
  const empty = counted({ id: 'empty', at: '2026-11-17T12:30:00+01:00' }, [{ sku: 'tea', units: 0 }])
  const { sql, plan } = await open([empty, ...lamps], without)
  await plan()
  const tea = await planOf(sql)
  expect(Math.abs(tea.demand_per_day - PER_WEEK / 7)).toBeLessThan(0.15)
  // Two on each of three days, four on Saturday, and the afternoon of Tuesday.
  expect(tea.missed_units).toBeGreaterThan(9)
  expect(tea.missed_units).toBeLessThan(13)
  expect(tea.missed_spread).toBeGreaterThan(2)
})

test('days on offer move no plan: what all stores took something off is no ordinary demand', async () => {
  const rush = ['2026-11-17', '2026-11-18', '2026-11-19'].flatMap(day =>
    ['berlin', 'berlin-west'].map(store =>
      placed({ id: `offer-${store}-${day}`, at: `${day}T16:00:00+01:00`, store }, [
        { sku: 'tea', units: 6, unitPrice: '3.00', discount: '5.40' },
      ]),
    ),
  )
  const { sql, plan, runDue } = await open(rush)
  await plan()
  expect(Math.abs((await planOf(sql)).demand_per_day - PER_WEEK / 7)).toBeLessThan(0.15)
  const kept = () => sql`select business_day as day, skus from batch.offer_days where skus <> '{}' order by 1`
  const found = ['2026-11-17', '2026-11-18', '2026-11-19'].map(day => ({ day, skus: ['tea'] }))
  expect(await kept()).toEqual(found)
  // One store that takes something off alone says nothing of the chain: then it was a busy week. What the other one sold at
  // the full price is heard of late, of two of the days.
  const late = ['2026-11-17', '2026-11-18'].map(day =>
    placed({ id: `late-${day}`, at: `${day}T17:00:00+01:00`, store: 'berlin-west' }, [
      { sku: 'tea', units: 60, unitPrice: '3.00' },
    ]),
  )
  await append(sql, late)
  await runDue(NOW)
  await sql`delete from batch.replenishment_plans`
  await plan()
  expect((await planOf(sql)).demand_per_day).toBeGreaterThan(1.05 * (PER_WEEK / 7))
  expect(await kept()).toEqual(found.slice(2))
})

test('days on which somebody had changed the price for a while move no plan, until it is the usual one', async () => {
  const dear = ['2026-11-09', '2026-11-10', '2026-11-11', '2026-11-12'].map(day =>
    placed({ id: `cheap-${day}`, at: `${day}T16:00:00+01:00` }, [
      { sku: 'tea', units: 40, unitPrice: '2.00' },
    ]),
  )
  const { sql, plan } = await open([count(50), ...dear])
  await plan()
  const moved = (await planOf(sql)).demand_per_day
  const price = (from: string, to: string | null) => sql`
    insert into ref.prices (store, sku, valid_from, valid_to, price, said_at, "offset", source, id)
    values ('berlin', 'tea', ${from}, ${to}, 20000, now(), 1, 'office', 'p')
    on conflict (store, sku, valid_from) do update set valid_to = excluded.valid_to`
  const replan = async () => {
    await sql`truncate batch.replenishment, batch.replenishment_plans, ref.demand_forecasts`
    await plan()
    return (await planOf(sql)).demand_per_day
  }
  await price('2026-11-09T04:00:00+01:00', '2026-11-13T04:00:00+01:00')
  expect(Math.abs((await replan()) - PER_WEEK / 7)).toBeLessThan(0.15)
  // Without an end, and for so long that it is what is usual.
  await sql`truncate ref.prices`
  await price('2026-10-01T04:00:00+02:00', null)
  expect(await replan()).toBeCloseTo(moved, 6)
  expect(moved).toBeGreaterThan(1.2 * (PER_WEEK / 7))
})

test('lead times are those of what came, and goods come on the days on which their supplier delivers', async () => {
  const orders = [15, 16, 17, 18, 19, 20].flatMap(day => {
    const of = { purchaseOrderId: `p-${day}` }
    const lines = [{ sku: 'tea', units: 6 }]
    return [
      {
        ...ordered({ id: `p-${day}`, at: `2026-11-${day - 5}T18:00:00+01:00`, ...of }, lines),
        supplier: 'tea-house',
      },
      received({ id: `d-${day}`, at: `2026-11-${day}T18:00:00+01:00`, ...of }, lines),
    ] as SentEvent[]
  })
  const { sql, plan } = await open(orders)
  await sql`
    insert into ref.supplier_terms (supplier, valid_from, delivery_days, currency)
    values ('tea-house', 'epoch', '{2}', 'EUR')`
  await plan()
  const [leadTime] = await sql`select mean_days, deliveries from ref.lead_times`
  // Six deliveries of five days, and a word of three that weighs as much as four.
  expect(leadTime).toEqual({ mean_days: 4.2, deliveries: 6 })
  const { order_arrives_at } = await planOf(sql)
  expect(order_arrives_at).toBeGreaterThan(AS_OF + 4.2 * DAY_MS)
  expect(new Date(order_arrives_at).getUTCDay()).toBe(2)
})

test('a store that fails leaves the others their plan', async () => {
  const { sql, plan } = await open()
  await sql`
    insert into batch.current_runs (job, store, period, run_id, code_version, rules_version, partition, through_offset,
      through_appended_at, row_count, checksum, computed_at)
    select job, 'nowhere', period, run_id, code_version, rules_version, partition, through_offset, through_appended_at,
      row_count, checksum, computed_at
    from batch.current_runs where job = 'daily_inventory' and store = 'berlin' order by period desc limit 1`
  const { stores, failures } = await plan()
  expect(stores).toBe(1)
  expect(failures.map(({ store }) => store)).toEqual(['nowhere'])
})

test('purchase orders add up as the domain adds them, in whatever order they come and whatever days are cut', async () => {
  const { sql } = await createTestBatch()
  const random = seededRandom(inject('randomSeed'))
  const pick = <Value>(values: readonly Value[]): Value =>
    values[Math.floor(random() * values.length)] as Value
  const events = Array.from({ length: 120 }, (_, index): SentEvent => {
    const where = {
      id: `e-${index}`,
      at: `2026-11-${pick(['10', '11', '12', '13'])}T${pick(['09', '14', '23'])}:${pick(['00', '30'])}:00+01:00`,
      purchaseOrderId: pick(['p-1', 'p-2', 'p-3']),
    }
    const lines = [{ sku: pick(['tea', 'lamp']), units: 1 + Math.floor(random() * 20) }]
    if (random() < 0.5) return received(where, lines)
    const expectedAt = pick(['2026-11-20T08:00:00Z', '2026-11-21T08:00:00Z', null])
    return {
      ...ordered(where, lines),
      supplier: pick(['one', 'two']),
      ...(expectedAt !== null && { expectedAt }),
    } as SentEvent
  })
  const stored: StoredEvent[] = []
  // The second half comes when all its days have been planned: some of it is older than what is known.
  for (const half of [events.slice(0, 60), events.slice(60)]) {
    stored.push(
      ...(await appendTestEvents(
        sql,
        half.flatMap(event => toLogEvents(event)),
      )),
    )
    await followLog(sql)
    await takePurchases(sql)
    // Nothing is taken twice.
    expect(await takePurchases(sql)).toBe(0)
    for (const day of ['2026-11-10', '2026-11-12', '2026-11-14']) {
      await sql.begin(transaction => bringPurchases(transaction, { store: 'berlin', day }))
    }
  }
  const lines = new Map<string, typeof NOTHING_ORDERED>()
  for (const event of stored.toSorted((one, other) => one.offset - other.offset)) {
    for (const effect of purchaseEffects(event)) {
      const key = `${effect.purchaseOrder} ${effect.sku}`
      lines.set(key, afterPurchase(lines.get(key) ?? NOTHING_ORDERED, effect, event.eventTime))
    }
  }
  const rows = await sql`
    select purchase_order, sku, ordered, cancelled, received, placed_at as "placedAt", said_at as "saidAt", supplier,
      expected_at as "expectedAt" from batch.purchases`
  const found = new Map(rows.map(({ purchase_order, sku, ...line }) => [`${purchase_order} ${sku}`, line]))
  expect([...found.keys()].sort()).toEqual([...lines.keys()].sort())
  for (const [key, { confirmedAt: _, ...line }] of lines) expect(found.get(key), key).toEqual(line)
})

test('a day that is not over is not planned by, though its stock so far is computed', async () => {
  const evening = '2026-11-21T20:00:00Z'
  const { sql, plan } = await open()
  const [computed] = await sql`
    select max(period)::text as day from batch.current_runs where job = 'daily_inventory'`
  expect(computed?.day).toBe('2026-11-21')
  await plan(Date.parse(evening))
  const [planned] = await sql`select business_day::text as day from batch.replenishment_plans`
  expect(planned?.day).toBe('2026-11-20')
})
