import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addHistogram, BOUNDS_MS, countOf, emptyHistogram, observe, quantileOf } from './histogram.ts'

test('a quantile lies in the bucket of the value that has that rank, whatever the values', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 90_000_000 }), { minLength: 1, maxLength: 200 }),
      fc.constantFrom(0.5, 0.95, 0.99, 1),
      (values, share) => {
        const histogram = emptyHistogram()
        for (const value of values) observe(histogram, value)
        const rank = Math.max(0, Math.ceil(share * values.length) - 1)
        const exact = values.toSorted((one, other) => one - other)[rank] ?? 0
        const upper = BOUNDS_MS.find(bound => exact <= bound) ?? BOUNDS_MS.at(-1) ?? 0
        const lower = BOUNDS_MS.findLast(bound => bound < exact) ?? 0
        const told = quantileOf(histogram, share) ?? -1
        expect(told).toBeGreaterThanOrEqual(Math.min(lower, upper))
        expect(told).toBeLessThanOrEqual(upper)
      },
    ),
  )
})

test('histograms of several processes add up', () => {
  const one = emptyHistogram()
  const other = emptyHistogram()
  observe(one, 4, 3)
  observe(other, 400)
  addHistogram(one, other)
  expect(countOf(one)).toBe(4)
  expect(quantileOf(one, 1)).toBe(500)
})

test('nothing counted has no quantile, what lies below zero counts as none, and what lies beyond all bounds as the last', () => {
  const histogram = emptyHistogram()
  expect(quantileOf(histogram, 0.5)).toBeNull()
  observe(histogram, -5)
  expect(quantileOf(histogram, 1)).toBe(1)
  observe(histogram, 1e12, 9)
  expect(quantileOf(histogram, 0.5)).toBe(86_400_000)
})
