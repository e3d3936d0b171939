import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countFailures, healthyAfterMs, restartPauseMs } from './restart-policy.ts'

describe('the pause before a restart', () => {
  test('doubles with each failure in a row, up to ten seconds', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7, 20].map(failures => restartPauseMs(failures, { killed: false }, 1))
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000])
  })

  test('stays at a second for a process that is killed over and over', () => {
    expect(restartPauseMs(100, { killed: true }, 1)).toBe(1000)
  })

  test('is spread over half of its length', () => {
    expect(restartPauseMs(3, { killed: false }, 0)).toBe(500)
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.boolean(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, killed, random) => {
          const pause = restartPauseMs(n, { killed }, random)
          expect(pause).toBeGreaterThanOrEqual(125)
          expect(pause).toBeLessThanOrEqual(10_000)
        },
      ),
    )
  })
})

test('failures in a row end with a run that was long enough', () => {
  const short = { ranMs: 200, killed: false }
  const long = { ranMs: healthyAfterMs, killed: false }
  expect(countFailures(0, short)).toBe(1)
  expect(countFailures(1, short)).toBe(2)
  expect(countFailures(2, long)).toBe(1)
})
