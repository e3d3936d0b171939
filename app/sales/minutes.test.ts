import { describe, expect, it } from 'vitest'
import { minutesOf, SHOWN_MINUTES } from '#app/sales/minutes.ts'
import { NO_SALES } from '#domain/testing/figures.ts'
import type { LiveWindow } from '#server/web/live/messages.ts'

const NOW = Date.parse('2026-11-20T12:00:40Z')
const MINUTE = Date.parse('2026-11-20T12:00:00Z')

function window(part: Partial<LiveWindow> = {}): LiveWindow {
  return {
    store: 'berlin',
    channel: 'pos',
    currency: 'EUR',
    windowStart: MINUTE,
    ...NO_SALES,
    orders: 1,
    units: 2,
    gross: '0.1000',
    net: '0.1000',
    lateNet: '0.0000',
    revision: 0,
    state: 'closed',
    ...part,
  }
}

const scope = { stores: [], currency: 'EUR', now: NOW }

describe('the last hour by minute', () => {
  it('has every minute, the current one last, quiet ones at zero', () => {
    const minutes = minutesOf([], scope)
    expect(minutes).toHaveLength(SHOWN_MINUTES)
    expect(minutes.at(-1)).toMatchObject({ start: MINUTE, net: '0.0000', state: null })
    expect(minutes[0]?.start).toBe(MINUTE - 59 * 60_000)
  })

  it('adds stores and channels exactly', () => {
    const windows = [window(), window({ store: 'lisboa', net: '0.2000' }), window({ channel: 'online' })]
    expect(minutesOf(windows, scope).at(-1)).toMatchObject({ net: '0.4000', orders: 3, units: 6 })
  })

  it('takes the chosen stores and the chosen currency only', () => {
    const windows = [window(), window({ store: 'lisboa' }), window({ currency: 'GBP', net: '9.0000' })]
    expect(minutesOf(windows, { ...scope, stores: ['lisboa'] }).at(-1)?.net).toBe('0.1000')
  })

  it('is as settled as its least settled window', () => {
    const windows = [
      window({ state: 'final' }),
      window({ store: 'lisboa', state: 'open' }),
      window({ channel: 'x' }),
    ]
    expect(minutesOf(windows, scope).at(-1)?.state).toBe('open')
  })

  it('counts the late events that revised it, and what they brought', () => {
    const windows = [window({ revision: 1, lateNet: '0.1000' }), window({ store: 'lisboa', revision: 2 })]
    expect(minutesOf(windows, scope).at(-1)).toMatchObject({ revision: 3, lateNet: '0.1000' })
  })

  it('leaves out what is older than an hour, and a window just ahead of the clock', () => {
    const windows = [window({ windowStart: MINUTE - 3_600_000 }), window({ windowStart: MINUTE + 60_000 })]
    expect(minutesOf(windows, scope).every(({ orders }) => orders === 0)).toBe(true)
  })
})
