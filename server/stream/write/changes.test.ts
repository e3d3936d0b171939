import { describe, expect, test } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import { measuresOf } from '#domain/measures.ts'
import { unknownStock } from '#server/stream/fold/stock-state.ts'
import { changeRow, MOST_CHANGES, UNLISTED } from './changes.ts'
import { crossedWindowStarts, type WindowRow } from './windows.ts'

const NOON = Date.UTC(2026, 2, 2, 12)

const WINDOW: WindowRow = {
  store: 'berlin',
  channel: 'pos',
  currency: 'EUR',
  windowStart: NOON,
  ...measuresOf(() => 0),
  orders: 2,
  units: 3,
  gross: '123400',
  discounts: '400',
  returns: '1000',
  returnDocuments: 1,
  unitsReturned: 1,
  lateNet: '-5',
  revision: 1,
}

const NOTHING = { windows: [], stock: [], episodes: [], detections: [], watermark: null }

describe('a change row', () => {
  test('shows windows with decimal amounts and the state that the new watermark gives them', () => {
    const states = [NOON, NOON + MINUTE_MS, NOON + MINUTE_MS + 2 * HOUR_MS].map(
      watermark => changeRow({ ...NOTHING, windows: [WINDOW], watermark }).windows[0]?.state,
    )
    expect(states).toEqual(['open', 'closed', 'final'])
    expect(changeRow({ ...NOTHING, windows: [WINDOW] }).windows).toEqual([
      {
        ...WINDOW,
        gross: '12.3400',
        discounts: '0.0400',
        returns: '0.1000',
        net: '12.2000',
        lateNet: '-0.0005',
        state: 'open',
      },
    ])
  })

  test('shows stock that is short, and stock that was until this batch', () => {
    const stock = (before: number, after: number) => ({
      store: 'berlin',
      sku: `${before} to ${after}`,
      before: { ...unknownStock(NOON), onHand: before, reorderPoint: 5 },
      after: { ...unknownStock(NOON), onHand: after, reorderPoint: 5 },
      policies: [],
      forecasts: [],
      clock: null,
    })
    const row = changeRow({ ...NOTHING, stock: [stock(9, 8), stock(6, 5), stock(5, 6), stock(4, -1)] })
    expect(row.stock.map(({ sku }) => sku)).toEqual(['6 to 5', '5 to 6', '4 to -1'])
    expect(row.stock[0]).toEqual({
      store: 'berlin',
      sku: '6 to 5',
      onHand: 5,
      onOrder: 0,
      reorderPoint: 5,
      asOf: NOON,
    })
  })

  test('lists nothing when there is more than anybody could watch', () => {
    const windows = Array.from({ length: MOST_CHANGES + 1 }, (_, index) => ({
      ...WINDOW,
      windowStart: NOON + index * MINUTE_MS,
    }))
    expect(changeRow({ ...NOTHING, windows })).toEqual(UNLISTED)
    expect(changeRow({ ...NOTHING, windows: windows.slice(1) }).isListed).toBe(true)
  })
})

describe('a watermark that moves', () => {
  test('within a minute crosses no window', () => {
    expect(crossedWindowStarts(NOON, NOON + MINUTE_MS - 1)).toEqual([])
    expect(crossedWindowStarts(null, NOON)).toEqual([])
    expect(crossedWindowStarts(NOON, null)).toEqual([])
  })

  test('past the end of a minute closes it, and makes final what ended two hours before', () => {
    expect(crossedWindowStarts(NOON - 1, NOON)).toEqual([
      { after: NOON - 1 - MINUTE_MS, through: NOON - MINUTE_MS },
      { after: NOON - 1 - MINUTE_MS - 2 * HOUR_MS, through: NOON - MINUTE_MS - 2 * HOUR_MS },
    ])
  })
})
