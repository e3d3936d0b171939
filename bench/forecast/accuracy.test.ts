import { expect, test } from 'vitest'
import { accuracyOf } from './accuracy.ts'

const week = [1, 2, 3, 4, 5, 6, 7]

test('by hand: errors over what sold, and over what the week before would have missed by', () => {
  // The naive error within the history is 1: each day sells one more than a week before.
  const history = [...week, ...week.map(units => units + 1)]
  const found = accuracyOf([{ history, actual: [3, 4, 5], forecast: [3, 2, 6] }], 7)
  expect(found).toEqual({ wape: 3 / 12, mase: 1, products: 1 })
})

test('what sold the same on every weekday has no scale, and what nothing is asked of no error', () => {
  const even = { history: [...week, ...week], actual: [4], forecast: [2] }
  const unasked = { history: [...week, ...week.map(units => units * 2)], actual: [], forecast: [] }
  const told = { history: [...week, ...week.map(units => units + 2)], actual: [6], forecast: [2] }
  expect(accuracyOf([even, unasked, told], 7)).toEqual({ wape: 6 / 10, mase: 2, products: 3 })
})
