import { describe, expect, test } from 'vitest'
import { nextReadLimit } from './consumer.ts'

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
