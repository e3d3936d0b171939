import { expect, test } from 'vitest'
import { TRIAL_START } from './testing/seeded.ts'
import { expectCounted, ordersIn, readEpisodes, runTrial } from './testing/trial.ts'

test('rush: ten times the orders, alerts open, and both paths hold all of it', async () => {
  const trial = await runTrial({ scenario: 'rush', minutes: 2 })
  await expectCounted(trial)
  // 45 a minute, up and down by a third.
  expect(ordersIn(trial).length / 2).toBeGreaterThan(270)
  const opened = (await readEpisodes(trial)).filter(({ openedAt }) => openedAt >= TRIAL_START)
  expect(opened.length).toBeGreaterThan(0)
})

test('hot store: nine in ten orders come from one store, and each store agrees', async () => {
  const trial = await runTrial({ scenario: 'hot-store', minutes: 3 })
  await expectCounted(trial)
  const byStore = new Map<string, number>()
  for (const { store } of ordersIn(trial)) byStore.set(store, (byStore.get(store) ?? 0) + 1)
  const orders = [...byStore.values()].sort((left, right) => right - left)
  const all = orders.reduce((sum, count) => sum + count, 0)
  expect((orders[0] ?? 0) / all).toBeGreaterThan(0.8)
  expect(orders.length).toBeGreaterThan(2)
})

test('supplier late: nothing is delivered until it is over, alerts open, and what then arrives resolves some', async () => {
  const overAt = TRIAL_START + 8 * 60_000
  const trial = await runTrial({ scenario: 'supplier-late', minutes: 12, scenarioMinutes: 8 })
  await expectCounted(trial)
  const deliveries = trial.accepted.filter(({ type }) => type === 'stock.received')
  expect(deliveries.length).toBeGreaterThan(0)
  for (const { eventTime } of deliveries) expect(Date.parse(eventTime)).toBeGreaterThanOrEqual(overAt)
  const episodes = await readEpisodes(trial)
  const opened = episodes.filter(({ openedAt }) => openedAt >= TRIAL_START && openedAt < overAt)
  expect(opened.length).toBeGreaterThan(0)
  const resolved = opened.filter(({ resolvedAt }) => resolvedAt !== null && resolvedAt >= overAt)
  expect(resolved.length).toBeGreaterThan(0)
})
