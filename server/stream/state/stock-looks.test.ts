import { expect, test } from 'vitest'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import type { TouchedStock } from '#server/stream/fold/stock.ts'
import { unknownStock } from '#server/stream/fold/stock-state.ts'
import { StockLooks } from './stock-looks.ts'

const NOON = Date.UTC(2026, 10, 20, 12)

/** A shelf after a batch that moved the look at it. */
function moved(store: string, sku: string, before: Instant | null, after: Instant | null): TouchedStock {
  const state = unknownStock(NOON)
  return {
    store,
    sku,
    before: { ...state, lookAt: before },
    after: { ...state, lookAt: after },
    policies: [],
    forecasts: [],
    clock: null,
  }
}

test('names what is due by an instant, of every store', () => {
  const looks = new StockLooks()
  looks.take([
    moved('berlin', 'tea', null, NOON),
    moved('berlin', 'jam', null, NOON + 1),
    moved('paris', 'tea', null, NOON - 2 * HOUR_MS),
    moved('paris', 'jam', null, NOON + HOUR_MS),
  ])
  expect(looks.due(NOON)).toEqual([
    { store: 'berlin', sku: 'tea' },
    { store: 'paris', sku: 'tea' },
  ])
  expect(looks.due(NOON + HOUR_MS)).toHaveLength(4)
})

test('a look that is moved or called off is due no longer; that of the other store still is', () => {
  const looks = new StockLooks()
  looks.take([
    moved('berlin', 'tea', null, NOON),
    moved('berlin', 'jam', null, NOON),
    moved('paris', 'tea', null, NOON),
  ])
  looks.take([moved('berlin', 'tea', NOON, NOON + 5 * HOUR_MS), moved('berlin', 'jam', NOON, null)])
  expect(looks.due(NOON)).toEqual([{ store: 'paris', sku: 'tea' }])
  expect(looks.due(NOON + 5 * HOUR_MS)).toHaveLength(2)
  looks.take([moved('berlin', 'tea', NOON + 5 * HOUR_MS, NOON)])
  expect(looks.due(NOON)).toHaveLength(2)
})
