import { describe, expect, test } from 'vitest'
import { HOUR_MS } from './instant.ts'
import { isCovered, severityOf } from './shortage.ts'

const NOON = Date.UTC(2026, 2, 2, 12)

describe('severity', () => {
  const inHours = (hours: number, before: 'warning' | 'critical' | null) =>
    severityOf('stockout_before_delivery', { stockoutAt: NOON + hours * HOUR_MS, at: NOON, before })

  test('rises as the stockout draws near, and falls again when it is a day away', () => {
    expect([30, 13, 12, 1].map(hours => inHours(hours, 'warning'))).toEqual([
      'warning',
      'warning',
      'critical',
      'critical',
    ])
    expect([13, 24, 25].map(hours => inHours(hours, 'critical'))).toEqual(['critical', 'critical', 'warning'])
    expect(inHours(13, null)).toBe('warning')
  })

  test('of what is empty is critical, and of a reorder point never', () => {
    expect(severityOf('out_of_stock')).toBe('critical')
    expect(severityOf('oversold')).toBe('critical')
    expect(severityOf('low_stock', { stockoutAt: NOON, at: NOON, before: 'critical' })).toBe('warning')
  })
})

test('a shortage is covered by an order that ends it, and by none that is not placed', () => {
  expect(isCovered({ onHand: 3, onOrder: 10, reorderPoint: 5 })).toBe(true)
  expect(isCovered({ onHand: 3, onOrder: 2, reorderPoint: 5 })).toBe(false)
  // Above its reorder point, and yet empty before an order of now would come.
  expect(isCovered({ onHand: 9, onOrder: 0, reorderPoint: 5 })).toBe(false)
})
