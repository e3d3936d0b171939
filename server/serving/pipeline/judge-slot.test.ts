import { describe, expect, it } from 'vitest'
import { judgeSlot, type SlotFacts, worstOf } from './judge-slot.ts'

const done: SlotFacts = {
  isDue: true,
  neededOffset: 10,
  currentRunId: 5,
  throughOffset: 10,
  isSuperseded: false,
  lastRunId: 5,
  lastState: 'succeeded',
}

describe('the state of a slot', () => {
  it('is succeeded when its run has read everything that concerns it', () => {
    expect(judgeSlot(done)).toBe('succeeded')
    expect(judgeSlot({ ...done, throughOffset: 99 })).toBe('succeeded')
  })

  it('is outdated when an event came after, or what it was computed from changed', () => {
    expect(judgeSlot({ ...done, neededOffset: 11 })).toBe('outdated')
    expect(judgeSlot({ ...done, isSuperseded: true })).toBe('outdated')
  })

  it('is not due again while its day goes on, though a run by hand has not read all', () => {
    expect(judgeSlot({ ...done, neededOffset: 11, isDue: false })).toBe('not-due')
  })

  it('is failed only until a later run succeeds', () => {
    expect(judgeSlot({ ...done, lastRunId: 6, lastState: 'failed' })).toBe('failed')
    expect(judgeSlot({ ...done, lastRunId: 6, lastState: 'abandoned' })).toBe('failed')
    expect(judgeSlot({ ...done, lastRunId: 4, lastState: 'failed' })).toBe('succeeded')
  })

  it('is running while one runs, whatever stands', () => {
    expect(judgeSlot({ ...done, lastRunId: 6, lastState: 'running' })).toBe('running')
  })

  it('is missing when it is due and nothing ever ran, and not due before its day has ended', () => {
    const never = { ...done, currentRunId: null, throughOffset: null, lastRunId: null, lastState: null }
    expect(judgeSlot(never)).toBe('missing')
    expect(judgeSlot({ ...never, isDue: false })).toBe('not-due')
    expect(judgeSlot({ ...never, lastRunId: 3, lastState: 'failed' })).toBe('failed')
  })

  it('of several stores the worst is what a cell says', () => {
    expect(worstOf(['succeeded', 'failed', 'running'])).toBe('failed')
    expect(worstOf(['succeeded', 'outdated', 'not-due'])).toBe('outdated')
    expect(worstOf([])).toBe('not-due')
  })
})
