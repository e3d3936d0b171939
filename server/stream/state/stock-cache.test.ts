import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NO_SALES_PACE } from '#domain/replenishment/pace-of-sales.ts'
import {
  type Episode,
  type KnownStock,
  type StockState,
  unknownStock,
} from '#server/stream/fold/stock-state.ts'
import { StockCache } from './stock-cache.ts'

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

/** A state of which everything that may be missing sometimes is. */
const instants = fc.integer({ min: 0, max: 4_000_000_000_000 })
const units = fc.integer({ min: -1_000, max: 1_000 })
const episode = { alertId: 'low/berlin/tea', store: 'berlin', sku: 'tea' } as Episode
const states: fc.Arbitrary<StockState> = fc.record({
  onHand: fc.option(units),
  onOrder: fc.nat(),
  deliveries: fc.array(
    fc.record({
      purchaseOrder: fc.string(),
      units,
      placedAt: fc.option(instants),
      expectedAt: fc.option(instants),
    }),
    { maxLength: 2 },
  ),
  pace: fc.oneof(
    fc.constant(NO_SALES_PACE),
    fc.record({ newest: instants, units: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
  ),
  anchorKind: fc.constantFrom('count', 'opening', null),
  anchorTime: fc.option(instants),
  anchorOffset: fc.option(fc.maxSafeNat()),
  maxDeltaTime: fc.option(instants),
  reorderPoint: fc.option(units),
  asOf: instants,
  judgedAt: instants,
  lookAt: fc.option(instants),
  lastOffset: fc.maxSafeNat(),
  episode: fc.option(fc.constant(episode)),
})

const amounts = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true })
const forecastLists = fc.array(
  fc.record({ unitsByWeekday: fc.array(amounts, { minLength: 7, maxLength: 7 }), spread: amounts }),
  { maxLength: 3 },
)

test('gives back every state as it was put in, whatever of it is missing and whatever stood there before', () => {
  const puts = fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.option(states), forecastLists), {
    maxLength: 300,
  })
  fc.assert(
    fc.property(puts, given => {
      const cache = new StockCache(1_000)
      const expected = new Map<string, KnownStock>()
      given.forEach(([number, state, nights], index) => {
        // Of what is judged those count that hold then or later.
        const since = state?.judgedAt ?? 0
        const forecasts = nights.map((forecast, night) => ({ ...forecast, validFrom: since + night }))
        const stock = { ...known(`sku-${number}`, index % 3), state, forecasts }
        cache.set('berlin', stock)
        expected.set(stock.sku, stock)
      })
      for (const [sku, stock] of expected) expect(cache.get('berlin', sku)).toEqual(stock)
    }),
  )
})

test('shelves whose policies say the same hold them once, and the name of a product once', () => {
  const cache = new StockCache(100)
  for (const store of ['berlin', 'paris']) cache.set(store, known(Buffer.from('tea').toString(), 5))
  expect(cache.get('paris', 'tea')?.policies).toBe(cache.get('berlin', 'tea')?.policies)
  cache.set('paris', known('tea', 6))
  expect(cache.get('paris', 'tea')?.policies).toEqual(known('tea', 6).policies)
  expect(cache.get('berlin', 'tea')?.policies).toEqual(known('tea', 5).policies)
})

test('keeps of a shelf the forecast by which it was judged last, and those after it', () => {
  const cache = new StockCache(10)
  const forecasts = [1, 2, 3].map(night => ({
    validFrom: night,
    unitsByWeekday: [0, 0, 0, 0, 0, 0, 0],
    spread: 0,
  }))
  const judged = (judgedAt: number) => {
    cache.set('berlin', { ...known('tea', 1), forecasts, state: { ...unknownStock(judgedAt), judgedAt } })
    return cache.get('berlin', 'tea')?.forecasts.map(({ validFrom }) => validFrom)
  }
  expect([0, 1, 2.5, 9].map(judged)).toEqual([[1, 2, 3], [1, 2, 3], [2, 3], [3]])
  cache.set('berlin', { ...known('tea', 1), forecasts })
  expect(cache.get('berlin', 'tea')?.forecasts).toEqual(forecasts)
})
