import { describe, expect, it } from 'vitest'
import type { Freshness } from './freshness.ts'
import { judgeFreshness } from './readiness.ts'

const NOW = Date.parse('2026-11-20T12:00:00Z')

function freshness(part: { lagMs?: number; lagEvents?: number; heartbeatAt?: number | null }): Freshness {
  const { lagMs = 0, lagEvents = 0, heartbeatAt = NOW } = part
  return {
    now: NOW,
    batch: {
      jobs: [],
      lastRunId: null,
      computedAt: null,
      nextTickAt: null,
      heartbeatAt,
      dirtyStoreDays: 0,
      partitions: [],
      lagEvents: 0,
      lagMs: 0,
    },
    stream: { generation: 1, watermark: null, processedAt: null, partitions: [], lagEvents, lagMs },
  }
}

describe('readiness', () => {
  it('is given while the stream is close behind and the schedule lives', () => {
    expect(judgeFreshness(freshness({ lagMs: 30_000, lagEvents: 5, heartbeatAt: NOW - 60_000 }))).toEqual({
      stream: 'ok',
      jobs: 'ok',
    })
  })

  it('names a stream that is far behind, and a schedule that is silent', () => {
    const { stream, jobs } = judgeFreshness(
      freshness({ lagMs: 95_000, lagEvents: 12, heartbeatAt: NOW - 61_000 }),
    )
    expect(stream).toBe('12 events behind, the oldest for 95 s: does the stream process run?')
    expect(jobs).toBe('the schedule was last heard of 61 s ago: does the jobs process run?')
    expect(judgeFreshness(freshness({ heartbeatAt: null })).jobs).toContain('no schedule has run yet')
  })
})
