import { describe, expect, it } from 'vitest'
import { longestFailing } from '#app/socket/use-freshness.ts'
import { ageOf } from '#app/ui/clock.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')
const HOUR_MS = 3_600_000

/** A question, answered or not any more. */
function question(data: object, error: Error | null = null) {
  return { data, error, failureReason: error, fetchStatus: 'idle' as const }
}

describe('a question that is not answered any more', () => {
  const away = new Error('away')

  it('is as old as its last answer where it is asked by the clock', () => {
    const data = {}
    expect(ageOf(data, NOON)).toBe(0)
    expect(longestFailing({ asked: [question(data, away)], told: [] }, NOON + 9_000)?.answeredAt).toBe(NOON)
  })

  it('held until it failed where it is asked only when something has changed, however long ago it was answered', () => {
    const data = {}
    const at = (ms: number, error: Error | null) =>
      longestFailing({ asked: [], told: [question(data, error)] }, NOON + ms)
    expect(at(0, null)).toBeNull()
    expect(at(HOUR_MS, away)?.answeredAt).toBe(NOON + HOUR_MS)
    expect(at(HOUR_MS + 9_000, away)?.answeredAt).toBe(NOON + HOUR_MS)
    // Answered meanwhile, with the same: the next time counts from its own beginning.
    expect(at(HOUR_MS + 10_000, null)).toBeNull()
    expect(at(3 * HOUR_MS, away)?.answeredAt).toBe(NOON + 3 * HOUR_MS)
  })
})
