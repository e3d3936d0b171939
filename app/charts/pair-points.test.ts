import { describe, expect, it } from 'vitest'
import { cutOpenLine, type PairPoint } from '#app/charts/pair-points.ts'

function point(key: string, stream: number | null, open = false): PairPoint {
  return { key, label: key, batch: stream, stream, open }
}

describe('the line of the stream', () => {
  it('is solid up to the last closed point and dashed from there', () => {
    const drawn = cutOpenLine([point('12', 5), point('13', 7), point('14', 3, true)])
    expect(drawn.map(({ streamClosed }) => streamClosed)).toEqual([5, 7, null])
    expect(drawn.map(({ streamOpen }) => streamOpen)).toEqual([null, 7, 3])
  })

  it('has no dashed part when everything is closed', () => {
    expect(cutOpenLine([point('1', 5), point('2', 7)]).every(({ streamOpen }) => streamOpen === null)).toBe(
      true,
    )
  })

  it('has a gap where the stream has no figure', () => {
    expect(cutOpenLine([point('1', 5), point('2', null), point('3', 4)])[1]?.streamClosed).toBeNull()
  })
})
