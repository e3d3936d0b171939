import { describe, expect, test } from 'vitest'
import { deliveryDayOf, deliveryDaysOf, suppliersOf } from './suppliers.ts'

describe('suppliers', () => {
  const suppliers = suppliersOf(1)

  test('have terms of their own: lead times, rounds, least values, express', () => {
    expect(suppliers.length).toBe(28)
    expect(suppliers.some(({ express }) => express !== null)).toBe(true)
    expect(suppliers.some(({ express }) => express === null)).toBe(true)
    expect(new Set(suppliers.map(({ minimumValue }) => minimumValue)).size).toBeGreaterThan(3)
    expect(new Set(suppliers.map(({ deliveryDays }) => deliveryDays.join())).size).toBeGreaterThan(3)
    for (const { deliveryDays } of suppliers) expect(deliveryDays).not.toContain(7)
  })

  test('deliver on the next of their weekdays', () => {
    const tuesdaysAndFridays = { deliveryDays: [2, 5] }
    // A Monday, a Tuesday, a Saturday.
    expect(deliveryDayOf(tuesdaysAndFridays, '2026-11-16')).toBe('2026-11-17')
    expect(deliveryDayOf(tuesdaysAndFridays, '2026-11-17')).toBe('2026-11-17')
    expect(deliveryDayOf(tuesdaysAndFridays, '2026-11-21')).toBe('2026-11-24')
  })

  test('take their lead time, and the wait for the lorry', () => {
    const [first] = suppliers
    if (!first) throw new Error('there are no suppliers')
    expect(deliveryDaysOf({ ...first, leadTimeDays: 2, deliveryDays: [1, 2, 3, 4, 5, 6, 7] })).toEqual({
      mean: 2,
      most: 2,
    })
    // From Saturday three days to Tuesday, from Wednesday two to Friday.
    expect(deliveryDaysOf({ ...first, leadTimeDays: 1, deliveryDays: [2, 5] })).toEqual({
      mean: 1 + (1 + 0 + 2 + 1 + 0 + 3 + 2) / 7,
      most: 4,
    })
  })
})
