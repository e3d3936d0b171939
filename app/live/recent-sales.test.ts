import { describe, expect, it } from 'vitest'
import {
  areOfLikeMoment,
  changeText,
  coverageOf,
  dayByStore,
  knownDayOf,
  lastSaleOf,
  openingOf,
  percentChange,
  sumWindows,
} from '#app/live/recent-sales.ts'
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import { NO_SALES } from '#domain/testing/figures.ts'
import type { LiveSale, LiveWindow } from '#server/web/live/messages.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')

function window(part: Partial<LiveWindow> = {}): LiveWindow {
  return {
    store: 'berlin',
    channel: 'pos',
    currency: 'EUR',
    windowStart: NOON,
    ...NO_SALES,
    orders: 1,
    units: 1,
    gross: '0.1000',
    net: '0.1000',
    lateNet: '0.0000',
    revision: 0,
    state: 'open',
    ...part,
  }
}

describe('a span of windows', () => {
  const span = { stores: [], currency: 'EUR', from: NOON, to: NOON + MINUTE_MS }

  it('is half-open', () => {
    const windows = [
      window(),
      window({ windowStart: NOON - MINUTE_MS }),
      window({ windowStart: NOON + MINUTE_MS }),
    ]
    expect(sumWindows(windows, span)).toEqual({ net: 1_000, orders: 1 })
  })

  it('never adds two currencies, and knows its stores', () => {
    const windows = [window(), window({ currency: 'GBP' }), window({ store: 'lisboa', net: '0.2000' })]
    expect(sumWindows(windows, span)).toEqual({ net: 3_000, orders: 2 })
    expect(sumWindows(windows, { ...span, stores: ['lisboa'] })).toEqual({ net: 2_000, orders: 1 })
  })
})

describe('the day so far', () => {
  const board = {
    now: NOON,
    knownUpTo: NOON,
    demoSpeeds: { today: 1, minutes: 1 },
    stock: { known: 0, unknown: 0, withoutPolicy: 0 },
    basis: {
      generation: 1,
      engine: 'tillstream' as const,
      watermark: null,
      processedAt: null,
      through: {},
      rulesVersion: 1,
    },
    settledBefore: NOON - 90 * MINUTE_MS,
    stores: [
      {
        store: 'berlin',
        businessDay: '2026-11-20',
        dayStart: NOON - 9 * HOUR_MS,
        lastWindowStart: NOON,
        isWeekAgoOnFile: true,
        usuallyOpen: true,
      },
      {
        store: 'tokyo',
        businessDay: '2026-11-20',
        dayStart: NOON - 30 * MINUTE_MS,
        lastWindowStart: null,
        isWeekAgoOnFile: false,
        usuallyOpen: null,
      },
    ],
    sales: [
      {
        store: 'berlin',
        currency: 'EUR',
        settledNet: '100.0000',
        settledOrders: 10,
        weekAgoNet: '80.0000',
        weekAgoOrders: 8,
        weekAgoMinutesNet: '4.0000',
      },
    ],
  }

  it('counts every window once: the server the older, the socket the newer', () => {
    const windows = [
      window({ windowStart: board.settledBefore - MINUTE_MS, net: '50.0000' }),
      window({ windowStart: board.settledBefore, net: '1.0000' }),
      window({ net: '2.0000' }),
    ]
    expect(dayByStore(board, windows)).toEqual([
      {
        store: 'berlin',
        currency: 'EUR',
        today: { net: 1_030_000, orders: 12 },
        weekAgo: { net: 800_000, orders: 8 },
        weekAgoMinutes: 40_000,
      },
    ])
  })

  it('begins anew with the business day of each store, and leaves stores out of scope alone', () => {
    const windows = [
      window({ store: 'tokyo', currency: 'JPY', windowStart: NOON - HOUR_MS, net: '500.0000' }),
      window({ store: 'tokyo', currency: 'JPY', net: '810.0000' }),
      window({ store: 'elsewhere' }),
    ]
    const days = dayByStore(board, windows)
    expect(days.map(({ store }) => store)).toEqual(['berlin', 'tokyo'])
    expect(days[1]).toMatchObject({ today: { net: 8_100_000, orders: 1 }, weekAgo: { net: 0 } })
  })

  it('is a store-day of each store that sold, on file where the log has the day a week ago', () => {
    const windows = [window({ store: 'tokyo', currency: 'JPY', net: '810.0000' })]
    const days = dayByStore(board, windows)
    expect(coverageOf(days, board)).toEqual({ storeDays: 2, onFile: 1 })
    const inEuro = days.filter(({ currency }) => currency === 'EUR')
    expect(coverageOf(inEuro, board)).toEqual({ storeDays: 1, onFile: 1 })
  })

  it('is zero of a store that sells nothing, and not known of one whose file has not come', () => {
    const [berlin] = dayByStore(board, [])
    expect(knownDayOf({ input: 'live' }, undefined)).toEqual({ net: 0, orders: 0 })
    expect(knownDayOf({ input: 'journal' }, undefined)).toBeNull()
    expect(berlin && knownDayOf({ input: 'journal' }, berlin)).toEqual({ net: 1_000_000, orders: 10 })
  })

  it('is compared only while both sides are of one moment', () => {
    expect(areOfLikeMoment(NOON + 15_000, board)).toBe(true)
    expect(areOfLikeMoment(NOON - 2 * MINUTE_MS, board)).toBe(false)
    expect(areOfLikeMoment(NOON + 10 * MINUTE_MS, board)).toBe(false)
  })
})

describe('a change', () => {
  it('says its direction, and nothing where there is nothing to compare with', () => {
    expect(percentChange(112, 100)).toBe('+12%')
    expect(percentChange(88, 100)).toBe('−12%')
    expect(percentChange(100, 100)).toBe('0%')
    expect(percentChange(11_549, 100)).toBe('×115')
    expect(percentChange(0, 0)).toBeNull()
    expect(percentChange(5, -100)).toBeNull()
  })

  it('is new where there was nothing', () => {
    expect(percentChange(5, 0)).toBe('New')
  })

  it('is a percentage only when every store-day it is held against is on file', () => {
    const show = (amount: number) => `${amount}`
    const day = { value: 112, weekAgo: 100 }
    expect(changeText(day, { storeDays: 30, onFile: 30 }, show)).toBe(
      '+12%, 100 a week ago, 30 of 30 store-days',
    )
    expect(changeText(day, { storeDays: 30, onFile: 3 }, show)).toBe('3 of 30 store-days on file a week ago')
    expect(changeText({ value: 5, weekAgo: 0 }, { storeDays: 1, onFile: 0 }, show)).toBe(
      '0 of 1 store-day on file a week ago',
    )
    expect(changeText({ value: 5, weekAgo: 0 }, { storeDays: 1, onFile: 1 }, show)).toBe(
      'New, 0 a week ago, 1 of 1 store-day',
    )
    expect(changeText({ value: 0, weekAgo: 0 }, { storeDays: 0, onFile: 0 }, show)).toBe(
      'nothing on file a week ago',
    )
  })
})

const sale = (eventTime: number, store = 'berlin') => ({ store, eventTime }) as LiveSale

describe('the last sale of a store', () => {
  it('is known to the second from the feed, and not mistaken for another store’s', () => {
    const sales = [sale(NOON + 12_000), sale(NOON + 30_000, 'lisboa')]
    expect(lastSaleOf('berlin', { sales, windows: [window()], board: undefined })).toBe(NOON + 12_000)
  })

  it('is known to the minute from the windows, and before that from the server', () => {
    const board = { lastWindowStart: NOON - 5 * HOUR_MS }
    expect(lastSaleOf('berlin', { sales: [], windows: [window()], board })).toBe(NOON)
    expect(lastSaleOf('berlin', { sales: [], windows: [], board })).toBe(NOON - 5 * HOUR_MS)
    expect(lastSaleOf('berlin', { sales: [], windows: [], board: { lastWindowStart: null } })).toBeNull()
  })

  it('is not a late sale of the morning that came just now', () => {
    const sales = [sale(NOON - 3 * HOUR_MS)]
    expect(lastSaleOf('berlin', { sales, windows: [window()], board: undefined })).toBe(NOON)
  })
})

describe('a store', () => {
  const quiet = { lastSale: NOON - HOUR_MS, now: NOON }

  it('is open while it sells, whatever its habits', () => {
    const selling = { lastSale: NOON - 14 * MINUTE_MS, usuallyOpen: false, now: NOON }
    expect(openingOf({ channel: 'pos' }, selling)).toBe('open')
  })

  it('is only likely as it used to be when it is quiet, and unknown without a past', () => {
    expect(openingOf({ channel: 'pos' }, { ...quiet, usuallyOpen: true })).toBe('usually open')
    expect(openingOf({ channel: 'pos' }, { ...quiet, usuallyOpen: false })).toBe('usually closed')
    expect(openingOf({ channel: 'pos' }, { ...quiet, usuallyOpen: null })).toBe('unknown')
  })

  it('has no hours online', () => {
    expect(openingOf({ channel: 'online' }, { ...quiet, usuallyOpen: false })).toBe('online')
  })
})
