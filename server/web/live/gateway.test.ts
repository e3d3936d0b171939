import { describe, expect, it } from 'vitest'
import { gapBeforeRead } from './gateway.ts'

describe('the pace of the gateway', () => {
  it('is 20 updates a second while something happens, and a poll when nobody says so', () => {
    expect(gapBeforeRead({ hinted: true, catchingUp: false, failures: 0 })).toBe(50)
    expect(gapBeforeRead({ hinted: false, catchingUp: true, failures: 0 })).toBe(50)
    expect(gapBeforeRead({ hinted: false, catchingUp: false, failures: 0 })).toBe(250)
  })

  it('slows down while reading fails, to 5 seconds at most, whatever the hints', () => {
    const gaps = [1, 2, 3, 4, 5, 20].map(failures =>
      gapBeforeRead({ hinted: true, catchingUp: true, failures }),
    )
    expect(gaps).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000])
  })
})
