import { expect, test } from 'vitest'
import { salesEffect } from '#domain/measures.ts'
import { stockEffects } from '#domain/stock-effects.ts'
import { runBatchRules } from '#jobs/rules/batch-rules.ts'
import { enrichAll } from './testing/figures.ts'
import { expectCounted, ordersIn, readAlerts, readEpisodes, runTrial } from './testing/trial.ts'

test('refund wave: more returns than sales; orders and gross stay, net falls in both paths; an alert names the cashier whose refunds name no order', async () => {
  const trial = await runTrial({ scenario: 'refund-wave', minutes: 3 })
  await expectCounted(trial)
  const returns = trial.accepted.filter(({ type }) => type === 'order.returned')
  expect(returns.length).toBeGreaterThan(ordersIn(trial).length)
  const [, invented, cashier] =
    /(\d+) refunds without an order by cashier (\S+)/.exec(trial.reports.at(-1)?.detail ?? '') ?? []
  const alert = (await readAlerts(trial)).find(
    ({ rule, subject }) => rule === 'refunds_by_cashier' && subject === cashier,
  )
  expect(alert).toMatchObject({ kind: 'fraud', state: 'open' })
  expect(alert?.evidence.figures).toContainEqual({ label: 'Of them without an order', value: invented })
  const receipts = new Map(trial.accepted.map(event => [`${event.source}/${event.id}`, event]))
  for (const { source, id } of alert?.evidence.receipts ?? []) {
    expect(receipts.get(`${source}/${id}`)).toMatchObject({ type: 'order.returned', cashier })
  }
})

test('card fraud: dozens of small orders of one customer at one till, and all of it undone', async () => {
  const trial = await runTrial({ scenario: 'card-fraud', minutes: 4 })
  await expectCounted(trial)
  const customer = /c-\d+/.exec(trial.reports[0]?.detail ?? '')?.[0]
  const own = trial.accepted.filter(event => 'customer' in event && event.customer === customer)
  const orders = own.filter(event => event.type === 'order.placed')
  expect(orders.length).toBeGreaterThan(20)
  // At one till, and once by a copy of the card in another city.
  expect(new Set(own.map(({ source }) => source)).size).toBe(2)
  const [away, ...others] = orders.filter(({ store }) => store !== orders[0]?.store)
  expect(others).toEqual([])
  for (const order of orders) expect(order).toMatchObject({ tender: 'card' })
  const cards = new Set(orders.flatMap(order => ('cardToken' in order ? [order.cardToken] : [])))
  expect(cards.size).toBe(1)
  const alerts = (await readAlerts(trial)).filter(({ rule }) => rule === 'card_velocity')
  expect(alerts).toMatchObject([
    { kind: 'fraud', subject: [...cards][0], severity: 'critical', store: orders[0]?.store },
  ])
  const { sql } = trial.database
  const [newest] = await sql<{ at: number }[]>`select max(appended_at) as at from log.event_log`
  await runBatchRules(sql, { through: newest?.at ?? 0 })
  const [copied, ...more] = await sql`
    select store, subject, jsonb_path_query_array(evidence, '$.receipts[*].orderId') as orders
    from batch.alerts where rule = 'card_in_two_stores'`
  expect(more).toEqual([])
  expect(copied).toMatchObject({ subject: [...cards][0], orders: expect.arrayContaining([away?.orderId]) })
  const known = new Set(orders.map(({ orderId }) => orderId))
  expect(alerts[0]?.evidence.receipts.length).toBeGreaterThan(3)
  expect(alerts[0]?.evidence.receipts.filter(({ orderId }) => !known.has(orderId ?? ''))).toEqual([])
  expect(new Set(own.map(({ type }) => type))).toEqual(
    new Set(['order.placed', 'order.voided', 'order.returned']),
  )
  const events = enrichAll(trial.world, own)
  const net = events
    .flatMap(event => salesEffect(event) ?? [])
    .reduce((sum, { gross, discounts, returns }) => sum + gross - discounts - returns, 0)
  expect(net).toBe(0)
  const units = events.flatMap(stockEffects).reduce((sum, effect) => sum + effect.units, 0)
  expect(units).toBe(0)
})

test('flash promotion: one product sells at sixty percent off until shelves are empty and the web is oversold', async () => {
  const trial = await runTrial({ scenario: 'flash-promotion', minutes: 5 })
  await expectCounted(trial)
  const sku = /\(([A-Z]+\d+)\)/.exec(trial.reports[0]?.detail ?? '')?.[1]
  const lines = ordersIn(trial).flatMap(({ lines }) => lines.filter(line => line.sku === sku))
  expect(lines.length).toBeGreaterThan(60)
  for (const { units, unitPrice, discount } of lines) {
    expect(Number(discount) / (units * Number(unitPrice))).toBeCloseTo(0.6, 1)
  }
  const rules = (await readEpisodes(trial)).filter(episode => episode.sku === sku).map(({ rule }) => rule)
  expect(rules).toContain('oversold')
  expect(rules.length).toBeGreaterThan(1)
})
