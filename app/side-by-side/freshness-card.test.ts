import { describe, expect, it } from 'vitest'
import { nextReadText, nextRunText } from '#app/side-by-side/freshness-card.tsx'
import type { Freshness } from '#app/trpc/router-outputs.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')

const batch = {
  heartbeatAt: NOON - 4_000,
  nextTickAt: NOON + 60_000,
  dirtyStoreDays: 0,
  lagEvents: 0,
  ticks: { beganAt: NOON - 61_000, succeededAt: NOON - 60_000, overdueAt: NOON + 180_000, error: null },
} as Freshness['batch']

describe('what the schedule will find', () => {
  it('is nothing only when it has met every event and no day is to be done', () => {
    expect(nextRunText(batch, NOON)).toBe('in 1 min 00 s, nothing to do')
    expect(nextRunText({ ...batch, lagEvents: 37 }, NOON)).toBe('in 1 min 00 s, 37 events to look at')
    expect(nextRunText({ ...batch, dirtyStoreDays: 2, lagEvents: 37 }, NOON)).toContain('2 store-days to do')
  })

  it('is nothing that can be told when no schedule runs', () => {
    expect(nextRunText({ ...batch, heartbeatAt: null }, NOON)).toBe('no schedule runs')
    expect(nextRunText({ ...batch, heartbeatAt: NOON - 45_000 }, NOON)).toBe(
      'no schedule runs: last heard of 45 s ago',
    )
  })

  it('is what a schedule says that lives and gets nowhere', () => {
    const failed = { ...batch.ticks, error: 'the log has a hole' }
    expect(nextRunText({ ...batch, ticks: failed }, NOON)).toBe('the last tick failed: the log has a hole')
    const overdue = { ...batch.ticks, succeededAt: NOON - 300_000, overdueAt: NOON - 1 }
    expect(nextRunText({ ...batch, ticks: overdue }, NOON)).toBe('no tick has succeeded for 5 min 00 s')
  })
})

describe('when the stream reads on', () => {
  it('is not at the next event when it leaves events unread and writes nothing', () => {
    const stream = { lagMs: 0, processedAt: NOON - 60_000 } as Freshness['stream']
    expect(nextReadText(stream, NOON)).toBe('at the next event')
    expect(nextReadText({ ...stream, lagMs: 6_000 }, NOON)).toBe('it stands')
    expect(nextReadText({ ...stream, lagMs: 6_000, processedAt: NOON - 100 }, NOON)).toBe('at the next event')
    expect(nextReadText({ ...stream, lagMs: 6_000, processedAt: null }, NOON)).toBe('it stands')
  })
})
