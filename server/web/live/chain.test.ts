import { describe, expect, it } from 'vitest'
import { advance, covers, cutCatchUp, furthest } from './chain.ts'
import type { LaneRow } from './lane.ts'

const START = { generation: 1, offsets: [10, 20], ops: 5 }

function row(partition: number, previous: number, through: number, sold = 0): LaneRow {
  return {
    partition,
    previousOffset: previous,
    throughOffset: through,
    previousAppendedAt: 0,
    throughAppendedAt: 0,
    watermark: null,
    processedAt: 0,
    windows: [],
    stock: [],
    alerts: [],
    sales: new Map(sold > 0 ? [['a', { count: sold, newest: [] }]] : []),
  }
}

const ops = (sequence: number) => ({ sequence, kind: 'x', payload: null, at: 0 })

describe('a place', () => {
  it('moves along rows that follow it, partition by partition', () => {
    const moved = advance(START, {
      rows: [row(0, 10, 12), row(1, 20, 21), row(0, 12, 15)],
      ops: [ops(6), ops(7)],
    })
    expect(moved).toEqual({ generation: 1, offsets: [15, 21], ops: 7 })
  })

  it('does not move across a gap, in a partition or in the lane of people and jobs', () => {
    expect(advance(START, { rows: [row(0, 11, 12)], ops: [] })).toBeNull()
    expect(advance(START, { rows: [], ops: [ops(7)] })).toBeNull()
  })

  it('meets a gap at a batch that lists nothing of what it changed', () => {
    expect(advance(START, { rows: [row(0, 300, 300)], ops: [] })).toBeNull()
  })

  it('covers another when no lane of it is behind', () => {
    expect(covers(START, { ...START, offsets: [10, 19] })).toBe(true)
    expect(covers(START, { ...START, offsets: [11, 0] })).toBe(false)
    expect(covers(START, { ...START, ops: 6 })).toBe(false)
    expect(covers(START, { ...START, generation: 2 })).toBe(false)
    expect(furthest(START, { generation: 1, offsets: [4, 22], ops: 6 })).toEqual({
      generation: 1,
      offsets: [10, 22],
      ops: 6,
    })
  })
})

describe('a catch-up', () => {
  it('is cut into updates that tell every sale, each ending where the next begins', () => {
    const rows = [row(0, 10, 11, 30), row(1, 20, 21, 15), row(0, 11, 12, 30), row(0, 12, 13, 80)]
    const steps = cutCatchUp(START, { rows, ops: [ops(6)] }, 50)
    expect(steps.map(step => step.rows.length)).toEqual([2, 1, 1])
    expect(steps.map(step => step.to.offsets)).toEqual([
      [11, 21],
      [12, 21],
      [13, 21],
    ])
    expect(steps.at(-1)).toMatchObject({ ops: [ops(6)], to: { ops: 6 } })
  })

  it('takes some forty updates, however much was missed', () => {
    const rows = Array.from({ length: 500 }, (_, index) => row(0, 10 + index, 11 + index, 50))
    const steps = cutCatchUp(START, { rows, ops: [] }, 50)
    expect(steps.length).toBeLessThanOrEqual(45)
    expect(steps.at(-1)?.to.offsets).toEqual([510, 20])
  })

  it('is empty when nothing was missed', () => {
    expect(cutCatchUp(START, { rows: [], ops: [] }, 50)).toEqual([])
  })
})
