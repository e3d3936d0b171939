import { expect, test } from 'vitest'
import { StockCache } from './known-stocks.ts'

const known = (sku: string, validFrom: number) => ({
  sku,
  state: null,
  policies: [{ validFrom, reorderPoint: 1, orderUpTo: null }],
  forecasts: [],
})

test('holds at most its capacity, and lets go of what was not asked for longest', () => {
  const cache = new StockCache(10)
  for (let sku = 0; sku < 100; sku += 1) {
    cache.set('berlin', known(`sku-${sku}`, sku))
    cache.get('berlin', 'sku-0')
  }
  expect(cache.get('berlin', 'sku-0')).toEqual(known('sku-0', 0))
  expect(cache.get('berlin', 'sku-99')).toEqual(known('sku-99', 99))
  expect(cache.get('berlin', 'sku-50')).toBeUndefined()
  const held = Array.from({ length: 100 }, (_, sku) => cache.get('berlin', `sku-${sku}`)).filter(Boolean)
  expect(held.length).toBeLessThanOrEqual(10)
})

test('replaces what it holds, keeps stores apart, and forgets all at once', () => {
  const cache = new StockCache(10)
  cache.set('berlin', known('tea', 1))
  cache.set('berlin', known('tea', 2))
  expect(cache.get('berlin', 'tea')).toEqual(known('tea', 2))
  expect(cache.get('paris', 'tea')).toBeUndefined()
  cache.clear()
  expect(cache.get('berlin', 'tea')).toBeUndefined()
})
