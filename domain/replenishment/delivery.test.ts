import { describe, expect, test } from 'vitest'
import { DAY_MS } from '#domain/instant.ts'
import { arrivalOf, expectedDelivery, longestWaitDays } from './delivery.ts'
import { leadTimeOf } from './lead-time.ts'

describe('the lead time of a supplier', () => {
  test('is what it states while nothing has come, and what came once much has', () => {
    expect(leadTimeOf([], 3)).toEqual({ meanDays: 3, spreadDays: 0.75, deliveries: 0 })
    const many = leadTimeOf(
      Array.from({ length: 1_000 }, (_, index) => (index % 2 === 0 ? 4 : 6)),
      3,
    )
    expect(many?.meanDays).toBeCloseTo(5, 1)
    expect(many?.spreadDays).toBeCloseTo(1, 1)
  })

  test('by hand: four deliveries of five days and a word of three lie in the middle', () => {
    const between = leadTimeOf([5, 5, 5, 5], 3)
    expect(between?.meanDays).toBeCloseTo(4, 12)
    // Half the deliveries' variance around 4, half the statement's.
    expect(between?.spreadDays).toBeCloseTo(Math.sqrt((1 + (0.75 ** 2 + 1)) / 2), 12)
  })

  test('without a word is that of the deliveries; of nothing nothing is known', () => {
    expect(leadTimeOf([2, 4], null)).toEqual({ meanDays: 3, spreadDays: 1, deliveries: 2 })
    expect(leadTimeOf([], null)).toBe(null)
  })

  test('one accident does not decide it, and nothing comes before it was ordered', () => {
    expect(leadTimeOf([400, 2, 2, 2], 2)?.meanDays).toBeCloseTo((8 + 6 + 8) / 8, 12)
    expect(leadTimeOf([-3, 1], null)?.meanDays).toBe(0.5)
  })
})

describe('when goods come', () => {
  /** A Monday, ten in the morning. */
  const MONDAY = Date.parse('2026-11-23T10:00:00Z')

  test.each([
    ['after the lead time where every day is one', { leadDays: 2, deliveryDays: null }, 2],
    ['on the next day of delivery', { leadDays: 2, deliveryDays: [2, 5] }, 4],
    ['on the day itself where it is one', { leadDays: 1, deliveryDays: [2, 5] }, 1],
    ['in the week after', { leadDays: 5, deliveryDays: [2] }, 8],
  ])('%s', (_, terms, days) => {
    expect(arrivalOf(MONDAY, terms)).toBe(MONDAY + days * DAY_MS)
  })

  test('the weekday is that of the store', () => {
    const late = Date.parse('2026-11-23T20:00:00Z')
    // Tuesday already, where clocks are eight hours ahead.
    const ask = { leadDays: 0, deliveryDays: [2] }
    expect(arrivalOf(late, { ...ask, offsetMs: 8 * 3_600_000 })).toBe(late)
    expect(arrivalOf(late, ask)).toBe(late + DAY_MS)
  })

  test('the longest wait is the longest gap, over the weekend too', () => {
    expect(longestWaitDays(null)).toBe(1)
    expect(longestWaitDays([1, 2, 3, 4, 5])).toBe(3)
    expect(longestWaitDays([3])).toBe(7)
    expect(longestWaitDays([5, 2])).toBe(4)
  })

  test('what was said to come comes then; else by the lead time; what is late stays unsure', () => {
    const leadTime = { meanDays: 3, spreadDays: 2, deliveries: 5 }
    const ask = { leadTime, at: MONDAY }
    const expectedAt = MONDAY + DAY_MS
    expect(expectedDelivery({ placedAt: MONDAY, expectedAt }, ask)).toEqual({ at: expectedAt, isLate: false })
    expect(expectedDelivery({ placedAt: MONDAY - DAY_MS, expectedAt: null }, ask)?.at).toBe(
      MONDAY + 2 * DAY_MS,
    )
    expect(expectedDelivery({ placedAt: 0, expectedAt: MONDAY - 1 }, ask)).toEqual({
      at: MONDAY + 2 * DAY_MS,
      isLate: true,
    })
    expect(expectedDelivery({ placedAt: MONDAY, expectedAt: null }, { ...ask, leadTime: null })).toBe(null)
  })
})
