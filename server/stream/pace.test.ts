import { describe, expect, test } from 'vitest'
import { nextReadLimit, pauseMs, retryMs } from './pace.ts'

describe('how much is read', () => {
  test('is little at the end of the log', () => {
    expect(nextReadLimit(null)).toBe(2_000)
    expect(nextReadLimit({ limit: 8_000, records: 7_999, lines: 20_000 })).toBe(2_000)
  })

  test('doubles while reads come back full, up to a bound', () => {
    const limits = [2_000]
    for (let reads = 0; reads < 4; reads += 1) {
      const limit = limits.at(-1) ?? 0
      limits.push(nextReadLimit({ limit, records: limit, lines: limit * 3 }))
    }
    expect(limits).toEqual([2_000, 4_000, 8_000, 16_000, 20_000])
  })

  test('is bounded by lines, for documents of thousands of them', () => {
    expect(nextReadLimit({ limit: 2_000, records: 2_000, lines: 2_000 * 1_000 })).toBe(200)
    expect(nextReadLimit({ limit: 1, records: 1, lines: 5_000_000 })).toBe(1)
  })
})

test('a batch rests as long as it took, between 20 and 200 ms', () => {
  expect([1, 40, 5_000].map(pauseMs)).toEqual([20, 40, 200])
})

test('retries wait longer each time, up to two seconds, and never all at once', () => {
  expect([1, 2, 3, 10].map(failures => retryMs(failures, 0))).toEqual([50, 100, 200, 1_000])
  expect([1, 2, 3, 10].map(failures => retryMs(failures, 0.999_999))).toEqual([100, 200, 400, 2_000])
})
