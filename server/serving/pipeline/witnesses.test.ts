import { describe, expect, it } from 'vitest'
import { verdictOf, type Witnesses } from './witnesses.ts'

const said: Omit<Witnesses, 'verdict'> = {
  compared: { figures: 70, from: '2026-03-01', to: '2026-03-02', newestAt: 0 },
  unexplained: [],
  findings: [],
  storeDaysNotCompared: 0,
  failure: null,
  heldByArchive: null,
}

describe('the witnesses', () => {
  it('agree only when everything was compared and nobody found anything', () => {
    expect(verdictOf(said)).toBe('agree')
    expect(verdictOf({ ...said, compared: null })).toBe('never')
    expect(verdictOf({ ...said, storeDaysNotCompared: 1 })).toBe('partly')
    expect(verdictOf({ ...said, failure: 'the disk is full' })).toBe('partly')
  })

  it('do not agree with one figure unexplained or one finding, however much else is not known', () => {
    expect(verdictOf({ ...said, unexplained: [{ store: 'a', figures: 1 }] })).toBe('found')
    const findings = [{ store: 'a', kind: 'z report' as const, findings: 1 }]
    expect(verdictOf({ ...said, findings })).toBe('found')
    expect(verdictOf({ ...said, findings, compared: null })).toBe('found')
  })
})
