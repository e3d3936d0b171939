import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS } from '#domain/instant.ts'
import {
  missingUnits,
  proposeTransfers,
  spareUnits,
  type TransferPlace,
  type TransferStock,
  transferDays,
} from './transfer.ts'

const NOW = Date.UTC(2026, 10, 3, 9)
const place = (store: string, fields: Partial<TransferPlace> = {}): [string, TransferPlace] => [
  store,
  { store, zone: 'Europe/Berlin', currency: 'EUR', location: null, ...fields },
]
const MADRID = { zone: 'Europe/Madrid', location: { latitude: 40.4169, longitude: -3.7035 } }
const LISBOA = { zone: 'Europe/Lisbon', location: { latitude: 38.7103, longitude: -9.1366 } }
const BERLIN = { location: { latitude: 52.5208, longitude: 13.4094 } }
const places = new Map([
  place('berlin', BERLIN),
  place('online'),
  place('madrid', MADRID),
  place('lisboa', LISBOA),
  place('london', { zone: 'Europe/London', currency: 'GBP' }),
])
const stock = (store: string, onHand: number, fields: Partial<TransferStock> = {}): TransferStock => ({
  store,
  sku: 'tea',
  onHand,
  reorderPoint: 5,
  demandPerDay: 1,
  nextDeliveryAt: NOW + 4 * DAY_MS,
  ...fields,
})

describe('the way between stores', () => {
  test.each([
    ['berlin', 'online', 1],
    // 503 km.
    ['madrid', 'lisboa', 1],
    // 1,870 km would take four days.
    ['berlin', 'madrid', null],
    ['online', 'madrid', null],
    ['berlin', 'london', null],
    ['berlin', 'berlin', null],
  ])('from %s to %s takes %s days', (from, to, days) => {
    const [one, other] = [places.get(from), places.get(to)]
    expect(one && other && transferDays(one, other)).toBe(days)
  })
})

describe('a transfer', () => {
  test('brings what lifts a shelf off its reorder point, from a store that can do without', () => {
    const stocks = [stock('berlin', 1), stock('online', 40)]
    expect(proposeTransfers(stocks, places, NOW)).toEqual([
      { sku: 'tea', from: 'online', to: 'berlin', units: 5, arrivesAt: NOW + DAY_MS },
    ])
  })

  test('is not proposed where the next delivery is as soon, and is where none is known', () => {
    const from = stock('online', 40)
    const at = (nextDeliveryAt: number | null) =>
      proposeTransfers([stock('berlin', 1, { nextDeliveryAt }), from], places, NOW).length
    expect([at(NOW + DAY_MS), at(NOW + DAY_MS + 1), at(null)]).toEqual([0, 1, 1])
  })

  test('leaves who gives above its reorder point and a week of its sales', () => {
    // 14 on hand, 5 and 7 to keep.
    const [only] = proposeTransfers([stock('berlin', 0), stock('online', 14)], places, NOW)
    expect(only?.units).toBe(2)
    expect(proposeTransfers([stock('berlin', 0), stock('online', 12)], places, NOW)).toEqual([])
  })

  const stocks = fc.uniqueArray(
    fc.record({
      store: fc.constantFrom(...places.keys()),
      onHand: fc.integer({ min: -5, max: 60 }),
      reorderPoint: fc.nat(20),
      demandPerDay: fc.nat(4),
    }),
    { selector: ({ store }) => store },
  )

  test('never takes more than can be done without, never brings more than is missing', () => {
    fc.assert(
      fc.property(stocks, drawn => {
        const given = drawn.map(({ store, onHand, ...rest }) => stock(store, onHand, rest))
        const proposals = proposeTransfers(given, places, NOW)
        for (const own of given) {
          const sum = (side: 'from' | 'to') =>
            proposals
              .filter(proposal => proposal[side] === own.store)
              .reduce((total, { units }) => total + units, 0)
          expect(sum('from')).toBeLessThanOrEqual(spareUnits(own))
          expect(sum('to')).toBeLessThanOrEqual(missingUnits(own))
        }
      }),
    )
  })
})
