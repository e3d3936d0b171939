import { describe, expect, it } from 'vitest'
import { type SlotFacts, slotState, worstOf } from './job-grid.ts'

const done: SlotFacts = { verdict: null, currentRunId: 5, lastRunId: 5, lastState: 'succeeded' }

describe('the state of a slot', () => {
  it('is succeeded when its run has read everything that concerns it', () => {
    expect(slotState(done)).toBe('succeeded')
  })

  it('is outdated when the planner has something to do, at once or when its inputs are there', () => {
    expect(slotState({ ...done, verdict: 'due' })).toBe('outdated')
    expect(slotState({ ...done, verdict: 'waiting' })).toBe('outdated')
  })

  it('is not due again while its day goes on, though a run by hand has not read all', () => {
    expect(slotState({ ...done, verdict: 'early' })).toBe('not-due')
  })

  it('is failed only until a later run succeeds', () => {
    expect(slotState({ ...done, lastRunId: 6, lastState: 'failed' })).toBe('failed')
    expect(slotState({ ...done, lastRunId: 6, lastState: 'abandoned' })).toBe('failed')
    expect(slotState({ ...done, lastRunId: 4, lastState: 'failed' })).toBe('succeeded')
  })

  it('is running while one runs, whatever stands', () => {
    expect(slotState({ ...done, lastRunId: 6, lastState: 'running' })).toBe('running')
  })

  it('is missing when it is due and nothing ever ran, and not due before its day has ended', () => {
    const never: SlotFacts = { verdict: 'due', currentRunId: null, lastRunId: null, lastState: null }
    expect(slotState(never)).toBe('missing')
    expect(slotState({ ...never, verdict: 'early' })).toBe('not-due')
    expect(slotState({ ...never, lastRunId: 3, lastState: 'failed' })).toBe('failed')
  })

  it('of several stores the worst is what a cell says', () => {
    expect(worstOf(['succeeded', 'failed', 'running'])).toBe('failed')
    expect(worstOf(['succeeded', 'outdated', 'not-due'])).toBe('outdated')
    expect(worstOf([])).toBe('not-due')
  })
})
