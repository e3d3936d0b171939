import { describe, expect, it } from 'vitest'
import { LAG_HISTORY_MS, type LagSample, withSample } from '#app/pipeline/lag/lag-history.ts'

const at = (moment: number): LagSample => ({
  at: moment,
  streamEvents: 0,
  streamMs: 0,
  batchEvents: 0,
  batchMs: 0,
})

describe('the history of lag that a browser keeps', () => {
  it('grows by one a reading, and takes none twice', () => {
    const one = withSample([], at(5_000))
    expect(withSample(one, at(5_000))).toBe(one)
    expect(withSample(one, at(10_000)).map(sample => sample.at)).toEqual([5_000, 10_000])
  })

  it('forgets what is older than the chart shows', () => {
    const long = withSample([at(0)], at(LAG_HISTORY_MS))
    expect(long.map(sample => sample.at)).toEqual([LAG_HISTORY_MS])
  })
})
