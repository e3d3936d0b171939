import { describe, expect, it } from 'vitest'
import { type StoreDayRun, scanFrom, type Vector } from './vector.ts'

const DAY = '2026-03-02'
const at = (time: string) => Date.parse(`${DAY}T${time}Z`)

function vector(part: Partial<Vector>) {
  return {
    stream: [{ partition: 0, through: 100, appendedAt: at('12:00'), watermark: null, processedAt: null }],
    runs: [],
    planner: [{ partition: 0, offset: 95, appendedAt: at('11:50') }],
    setAsideSince: null,
    ...part,
  }
}

function run(part: Partial<StoreDayRun>): StoreDayRun {
  return {
    store: 'a',
    businessDay: DAY,
    partition: 0,
    runId: 1,
    through: 60,
    throughAppendedAt: at('10:00'),
    computedAt: at('10:01'),
    rulesVersion: 1,
    headFirstAppendedAt: at('06:00'),
    headLastOffset: 55,
    ...part,
  }
}

describe('where the log is read from for events that one path lacks', () => {
  it("is the planner's place when every run has read its day to the end", () => {
    expect(scanFrom(vector({ runs: [run({})] }), DAY)).toBe(at('11:50'))
  })

  it("is the run's place when its day got events since", () => {
    expect(scanFrom(vector({ runs: [run({ headLastOffset: 80 })] }), DAY)).toBe(at('10:00'))
  })

  it('is the beginning of a day that no run has covered', () => {
    const uncovered = run({ runId: null, through: 0, throughAppendedAt: 0 })
    expect(scanFrom(vector({ runs: [uncovered] }), DAY)).toBe(at('06:00'))
  })

  it("is the stream's place when a run is ahead of it", () => {
    const ahead = run({ through: 120, throughAppendedAt: at('12:30'), headLastOffset: 110 })
    const planner = [{ partition: 0, offset: 120, appendedAt: at('12:30') }]
    expect(scanFrom(vector({ runs: [ahead], planner }), DAY)).toBe(at('12:00'))
  })

  it('is never long before the days asked for: nothing is appended before it happens', () => {
    const planner = [{ partition: 0, offset: 0, appendedAt: 0 }]
    expect(scanFrom(vector({ planner }), DAY)).toBe(Date.parse('2026-02-28T00:00:00Z'))
  })
})
