import { expect, test } from 'vitest'
import { salesEffect } from '#domain/measures.ts'
import { stockEffects } from '#domain/stock-effects.ts'
import { enrichAll } from './testing/figures.ts'
import { expectCounted, ordersIn, readEpisodes, runTrial } from './testing/trial.ts'

test('refund wave: more returns than sales; orders and gross stay, net falls in both paths', async () => {
  const trial = await runTrial({ scenario: 'refund-wave', minutes: 3 })
  await expectCounted(trial)
  const returns = trial.accepted.filter(({ type }) => type === 'order.returned')
  expect(returns.length).toBeGreaterThan(ordersIn(trial).length)
})

test('card fraud: dozens of small orders of one customer at one till, and all of it undone', async () => {
  const trial = await runTrial({ scenario: 'card-fraud', minutes: 4 })
  await expectCounted(trial)
  const customer = /c-\d+/.exec(trial.reports[0]?.detail ?? '')?.[0]
  const own = trial.accepted.filter(event => 'customer' in event && event.customer === customer)
  const orders = own.filter(event => event.type === 'order.placed')
  expect(orders.length).toBeGreaterThan(20)
  expect(new Set(own.map(({ source }) => source)).size).toBe(1)
  for (const order of orders) expect(order).toMatchObject({ tender: 'card' })
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
  expect(lines.length).toBeGreaterThan(100)
  for (const { units, unitPrice, discount } of lines) {
    expect(Number(discount) / (units * Number(unitPrice))).toBeCloseTo(0.6, 1)
  }
  const rules = (await readEpisodes(trial)).filter(episode => episode.sku === sku).map(({ rule }) => rule)
  expect(rules).toContain('oversold')
  expect(rules.length).toBeGreaterThan(1)
})
