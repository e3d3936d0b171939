import { describe, expect, it } from 'vitest'
import { doneShare, rulesText } from './replay-texts.ts'

const CARD = { rule: 'card_velocity', title: 'Card velocity', versions: [3], before: 4, after: 16 }

describe('what a rule found in a rebuilt generation', () => {
  it('is what it would have raised while the old one stays', () => {
    expect(rulesText({ ...CARD, more: 12, fewer: 0, changed: 0 }, 'kept')).toBe(
      'Card velocity (version 3) would have raised 12 more',
    )
    expect(rulesText({ ...CARD, more: 12, fewer: 1, changed: 2 }, 'kept')).toBe(
      'Card velocity (version 3) would have raised 12 more, 1 fewer, and would say something else in 2',
    )
  })

  it('is what it raised once the new one is active', () => {
    expect(rulesText({ ...CARD, versions: [], more: 0, fewer: 4, changed: 0 }, 'switched')).toBe(
      'Card velocity raised 4 fewer',
    )
  })
})

describe('the progress of a replay', () => {
  it('is of all partitions together, and never more than what is there to be read', () => {
    expect(doneShare([])).toBe(0)
    expect(
      doneShare([
        { partition: 0, offset: 50, target: 100 },
        { partition: 1, offset: 310, target: 300 },
      ]),
    ).toBe(0.875)
  })
})
