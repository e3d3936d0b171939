import { describe, expect, it } from 'vitest'
import { lastSaleOf, openingOf } from '#app/live/store-activity.ts'
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import type { LiveSale, LiveWindow } from '#server/web/live/messages.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')
const window = (windowStart: number) => ({ store: 'berlin', windowStart }) as LiveWindow
const sale = (eventTime: number, store = 'berlin') => ({ store, eventTime }) as LiveSale

describe('the last sale of a store', () => {
  it('is known to the second from the feed, and not mistaken for another store’s', () => {
    const sales = [sale(NOON + 12_000), sale(NOON + 30_000, 'lisboa')]
    expect(lastSaleOf('berlin', { sales, windows: [window(NOON)], board: undefined })).toBe(NOON + 12_000)
  })

  it('is known to the minute from the windows, and before that from the server', () => {
    const board = { lastWindowStart: NOON - 5 * HOUR_MS }
    expect(lastSaleOf('berlin', { sales: [], windows: [window(NOON)], board })).toBe(NOON)
    expect(lastSaleOf('berlin', { sales: [], windows: [], board })).toBe(NOON - 5 * HOUR_MS)
    expect(lastSaleOf('berlin', { sales: [], windows: [], board: { lastWindowStart: null } })).toBeNull()
  })

  it('is not a late sale of the morning that came just now', () => {
    const sales = [sale(NOON - 3 * HOUR_MS)]
    expect(lastSaleOf('berlin', { sales, windows: [window(NOON)], board: undefined })).toBe(NOON)
  })
})

describe('a store', () => {
  const quiet = { lastSale: NOON - HOUR_MS, now: NOON }

  it('is open while it sells, whatever its habits', () => {
    const selling = { lastSale: NOON - 14 * MINUTE_MS, usuallyOpen: false, now: NOON }
    expect(openingOf({ channel: 'pos' }, selling)).toBe('open')
  })

  it('is as it used to be when it is quiet, and unknown without a past', () => {
    expect(openingOf({ channel: 'pos' }, { ...quiet, usuallyOpen: true })).toBe('open')
    expect(openingOf({ channel: 'pos' }, { ...quiet, usuallyOpen: false })).toBe('closed')
    expect(openingOf({ channel: 'pos' }, { ...quiet, usuallyOpen: null })).toBe('unknown')
  })

  it('has no hours online', () => {
    expect(openingOf({ channel: 'online' }, { ...quiet, usuallyOpen: false })).toBe('online')
  })
})
