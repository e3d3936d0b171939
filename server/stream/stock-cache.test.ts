import { expect, test } from 'vitest'
import { StockCache } from './stock-cache.ts'

const known = (validFrom: number) => ({
  state: null,
  policies: [{ validFrom, reorderPoint: 1, orderUpTo: null }],
})

test('holds at most its capacity, and lets go of what was not asked for longest', () => {
  const cache = new StockCache(10)
  for (let sku = 0; sku < 100; sku += 1) {
    cache.set('berlin', `sku-${sku}`, known(sku))
    cache.get('berlin', 'sku-0')
  }
  expect(cache.get('berlin', 'sku-0')).toEqual(known(0))
  expect(cache.get('berlin', 'sku-99')).toEqual(known(99))
  expect(cache.get('berlin', 'sku-50')).toBeUndefined()
  const held = Array.from({ length: 100 }, (_, sku) => cache.get('berlin', `sku-${sku}`)).filter(Boolean)
  expect(held.length).toBeLessThanOrEqual(10)
})

test('replaces what it holds, keeps stores apart, and forgets all at once', () => {
  const cache = new StockCache(10)
  cache.set('berlin', 'tea', known(1))
  cache.set('berlin', 'tea', known(2))
  expect(cache.get('berlin', 'tea')).toEqual(known(2))
  expect(cache.get('paris', 'tea')).toBeUndefined()
  cache.clear()
  expect(cache.get('berlin', 'tea')).toBeUndefined()
})
