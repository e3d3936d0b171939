import { expect, test } from 'vitest'
import { SHORTAGE_RULE_VERSION } from '#domain/shortage.ts'
import { compareAlerts, compareTotals } from './compare-generations.ts'

test('two generations are compared figure by figure, in both directions', () => {
  const active = new Map<string, Record<string, string>>([
    ['sales of berlin', { orders: '3', gross: '100' }],
    ['stock of berlin', { digest: 'x' }],
  ])
  const rebuilt = new Map<string, Record<string, string>>([
    ['sales of berlin', { orders: '3', gross: '101' }],
    ['sales of paris', { orders: '1' }],
  ])
  expect(compareTotals(active, active)).toEqual([])
  expect(compareTotals(active, rebuilt)).toEqual([
    { of: 'sales of berlin', figure: 'gross', active: '100', rebuilt: '101' },
    { of: 'stock of berlin', figure: 'digest', active: 'x', rebuilt: 'none' },
    { of: 'sales of paris', figure: 'orders', active: 'none', rebuilt: '1' },
  ])
})

test('what the rules of two generations have found is told by rule: more, fewer, changed', () => {
  const found = (alerts: Record<string, [version: number, digest: string]>) =>
    new Map(Object.entries(alerts).map(([id, [ruleVersion, digest]]) => [id, { ruleVersion, digest }]))
  const active = new Map([
    ['card_velocity', found({ a: [1, 'x'], b: [1, 'x'], c: [1, 'x'] })],
    ['store_pace', found({ p: [1, 'x'] })],
    ['till_silent', found({ t: [1, 'x'] })],
  ])
  const rebuilt = new Map([
    ['card_velocity', found({ a: [1, 'x'], b: [2, 'y'], d: [2, 'x'], e: [2, 'x'] })],
    ['odd_amount', found({ o: [3, 'x'] })],
    ['store_pace', found({ p: [1, 'x'] })],
  ])
  expect(compareAlerts(active, active)).toEqual([])
  expect(compareAlerts(active, rebuilt)).toEqual([
    { rule: 'card_velocity', versions: [1, 2], before: 3, after: 4, more: 2, fewer: 1, changed: 1 },
    { rule: 'odd_amount', versions: [3], before: 0, after: 1, more: 1, fewer: 0, changed: 0 },
    { rule: 'till_silent', versions: [], before: 1, after: 0, more: 0, fewer: 1, changed: 0 },
  ])
})

test('of shortages only what another version of their rules changes is told', () => {
  const found = (alerts: Record<string, [version: number, digest: string]>) =>
    new Map(Object.entries(alerts).map(([id, [ruleVersion, digest]]) => [id, { ruleVersion, digest }]))
  const now = new Map([['out_of_stock', found({ a: [SHORTAGE_RULE_VERSION, 'x'] })]])
  const rebuilt = new Map([
    ['out_of_stock', found({ a: [SHORTAGE_RULE_VERSION, 'y'] })],
    ['stockout_before_delivery', found({ b: [SHORTAGE_RULE_VERSION, 'x'] })],
  ])
  expect(compareAlerts(now, rebuilt)).toEqual([])
  const before = new Map([['out_of_stock', found({ a: [1, 'x'] })]])
  expect(compareAlerts(before, rebuilt).map(({ rule, more, changed }) => [rule, more, changed])).toEqual([
    ['out_of_stock', 0, 1],
    ['stockout_before_delivery', 1, 0],
  ])
})
