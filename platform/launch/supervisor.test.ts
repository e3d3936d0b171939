import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judge } from './supervisor.ts'

const failed = { code: 1, signal: null }
const killed = { code: null, signal: 'SIGKILL' } as const

describe('the pause before a restart', () => {
  test('doubles with each failure in a row, up to ten seconds', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7, 20].map(failures => judge(failed, 200, failures - 1, 1).pauseMs)
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000])
  })

  test('stays at a second for a process that is killed over and over', () => {
    expect(judge(killed, 200, 99, 1)).toMatchObject({ how: 'SIGKILL', killed: true, pauseMs: 1000 })
  })

  test('is spread over half of its length', () => {
    expect(judge(failed, 200, 2, 0).pauseMs).toBe(500)
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.constantFrom(failed, killed),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (before, ended, random) => {
          const { pauseMs } = judge(ended, 200, before, random)
          expect(pauseMs).toBeGreaterThanOrEqual(ended === killed ? 10 : 125)
          expect(pauseMs).toBeLessThanOrEqual(10_000)
        },
      ),
    )
  })
})

test('failures in a row end with a run that was long enough', () => {
  expect(judge(failed, 200, 0).failures).toBe(1)
  expect(judge(failed, 4_999, 1).failures).toBe(2)
  expect(judge(failed, 5_000, 2).failures).toBe(1)
})
