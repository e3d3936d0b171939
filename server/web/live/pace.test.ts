import { describe, expect, it } from 'vitest'
import { gapBeforeRead, judgeReception, SLOW_LIMIT_MS } from './pace.ts'

describe('the pace', () => {
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

describe('a client that takes nothing', () => {
  it('is held, then disconnected after half a minute; one that takes again is forgiven', () => {
    expect(judgeReception({ congested: false, slowSince: null }, 100)).toEqual({ kind: 'send' })
    expect(judgeReception({ congested: true, slowSince: null }, 100)).toEqual({
      kind: 'hold',
      slowSince: 100,
    })
    expect(judgeReception({ congested: true, slowSince: 100 }, 99 + SLOW_LIMIT_MS)).toEqual({
      kind: 'hold',
      slowSince: 100,
    })
    expect(judgeReception({ congested: true, slowSince: 100 }, 100 + SLOW_LIMIT_MS)).toEqual({
      kind: 'disconnect',
    })
    expect(judgeReception({ congested: false, slowSince: 100 }, 200 + SLOW_LIMIT_MS)).toEqual({
      kind: 'send',
    })
  })
})
