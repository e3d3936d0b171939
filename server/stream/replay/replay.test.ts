import { expect, test } from 'vitest'
import { compareTotals } from './replay.ts'

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
