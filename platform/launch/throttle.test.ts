import { expect, test } from 'vitest'
import { createThrottle } from './throttle.ts'

test('of many lines in a span the first few are shown, and the next one says how many were not', () => {
  const throttle = createThrottle({ limit: 2, perMs: 1000 })
  const shown = [0, 10, 20, 30, 999].map(now => throttle(now).show)
  expect(shown).toEqual([true, true, false, false, false])
  expect(throttle(1000)).toEqual({ show: true, leftOut: 3 })
  expect(throttle(1001)).toEqual({ show: true, leftOut: 0 })
})
