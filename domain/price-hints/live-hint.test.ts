import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '#domain/testing/random-events.ts'
import { quietness, rushHint, type Silences, slowHint, slowPace, toldBySilence } from './live-hint.ts'
import type { PriceTerms } from './price-bounds.ts'

const ELASTICITY = { mean: 2, deviation: 0.3, offers: 8 }
const TERMS: PriceTerms = {
  ...{ currency: 'EUR', priceNow: 100_000, listPrice: 100_000, unitCost: 40_000 },
  ...{ dearest: 100_000, cheapest: 100_000 },
}
const RUSH = {
  ...{ onHand: 10, untilHelp: { mean: 12, variance: 14 }, rush: 3, offer: 0 },
  ...{ terms: TERMS, elasticity: ELASTICITY },
}
const SLOW = {
  ...{ onHand: 100, perDay: 4, twoDays: { mean: 8, variance: 10 }, pace: 0.5 },
  ...{ terms: TERMS, elasticity: ELASTICITY },
}

describe('of a shelf that will be empty before help', () => {
  test('the price rises by the least step at which it lasts', () => {
    // 12 × 1.05^−2 = 10.9, 12 × 1.1^−2 = 9.9.
    expect(rushHint(RUSH)).toMatchObject({ kind: 'raise', price: 110_000, isEnough: true, unitsNow: 12 })
    expect(rushHint(RUSH)?.change).toBeCloseTo(0.1, 9)
  })

  test('the price rises by three twentieths at most, and says when that is not enough', () => {
    expect(rushHint({ ...RUSH, untilHelp: { mean: 40, variance: 40 } })).toMatchObject({
      ...{ kind: 'raise', price: 115_000, isEnough: false },
    })
  })

  test('a price that was brought down ends, whether by hand or by the calendar', () => {
    const fallen = { ...TERMS, priceNow: 70_000, cheapest: 70_000 }
    expect(rushHint({ ...RUSH, rush: 1, terms: fallen })).toMatchObject({ kind: 'end offer', price: 100_000 })
    const offered = rushHint({ ...RUSH, rush: 1, offer: 0.25 })
    expect(offered).toMatchObject({ kind: 'end offer', price: 100_000 })
    expect(offered?.units.units).toBeCloseTo(12 * 0.75 ** 2, 6)
  })

  test('nothing is advised of one that sells as foreseen at its own price, lasts, is empty, or whose cost is not known', () => {
    expect(rushHint({ ...RUSH, rush: 1.4 })).toBeNull()
    expect(rushHint({ ...RUSH, untilHelp: { mean: 10, variance: 10 } })).toBeNull()
    expect(rushHint({ ...RUSH, onHand: 0 })).toBeNull()
    expect(rushHint({ ...RUSH, terms: { ...TERMS, unitCost: null } })).toBeNull()
  })

  test('of one whose price rose today no more is asked', () => {
    expect(rushHint({ ...RUSH, terms: { ...TERMS, priceNow: 115_000, dearest: 115_000 } })).toBeNull()
  })
})

describe('a product sells slowly', () => {
  const silent = (stores: number, mean: number, dispersion = 1): Silences => ({
    told: stores * toldBySilence({ mean, variance: dispersion * mean }),
    shelves: stores,
  })

  test('where all its stores together have been silent for longer than chance makes them', () => {
    // P(Poisson(20.1) ≤ 7) is 8 of 10,000; of 19.6 it is 11.
    expect(slowPace(silent(8, 20.1 / 8))).toBeCloseTo(10 / 22.1, 9)
    expect(slowPace(silent(8, 19.6 / 8))).toBeNull()
  })

  test('by one store only after a long silence', () => {
    expect(slowPace(silent(1, 6.8))).toBeNull()
    expect(slowPace(silent(1, 7))).toBeCloseTo(3 / 9, 9)
    expect(slowPace({ told: 0, shelves: 0 })).toBeNull()
  })

  test('never by more than half of what was foreseen, nor sooner where few customers buy much', () => {
    expect(slowPace(silent(400, 1.9))).toBeNull()
    expect(slowPace(silent(8, 20.1 / 8, 2))).toBeNull()
  })

  test('is as rare as said where customers come as foreseen', () => {
    const random = seededRandom(7)
    const rounds = 40_000
    let found = 0
    for (let round = 0; round < rounds; round += 1) {
      let told = 0
      for (let store = 0; store < 8; store += 1) told -= Math.log(1 - random())
      if (slowPace({ told, shelves: 8 }) !== null) found += 1
    }
    expect(found / rounds).toBeLessThan(0.0015)
  })
})

test('a store that is silent as a whole is no sign of a product', () => {
  expect(quietness({ told: 4, shelves: 4 })).toBe(1)
  expect(quietness({ told: 16, shelves: 4 })).toBeCloseTo(0.25, 9)
  expect(quietness({ told: 0, shelves: 0 })).toBe(1)
})

test('what scatters more tells less of a silence, and never more', () => {
  expect(toldBySilence({ mean: 6, variance: 18 })).toBe(2)
  expect(toldBySilence({ mean: 6, variance: 3 })).toBe(6)
  expect(toldBySilence({ mean: 0, variance: 0 })).toBe(0)
})

describe('of a shelf of a slow product', () => {
  test('the price falls by the least step that brings it back to what was foreseen', () => {
    // 0.7^−2 = 2.04: the half becomes the whole.
    expect(slowHint(SLOW)).toMatchObject({ kind: 'flash', price: 70_000, isEnough: true, unitsNow: 4 })
    expect(slowHint({ ...SLOW, pace: 0.8, onHand: 100 })).toMatchObject({ price: 85_000, isEnough: true })
  })

  test('the price falls by three tenths at most, and never below cost', () => {
    expect(slowHint({ ...SLOW, pace: 0.2 })).toMatchObject({ price: 70_000, isEnough: false })
    expect(slowHint({ ...SLOW, terms: { ...TERMS, unitCost: 83_000 } })).toMatchObject({
      ...{ price: 85_000, isEnough: false },
    })
    expect(slowHint({ ...SLOW, terms: { ...TERMS, unitCost: 96_000 } })).toBeNull()
  })

  test('nothing is advised where little lies there, or it is cheaper already', () => {
    expect(slowHint({ ...SLOW, onHand: 41 })).toBeNull()
    expect(slowHint({ ...SLOW, onHand: 42 })).not.toBeNull()
    expect(slowHint({ ...SLOW, terms: { ...TERMS, priceNow: 90_000 } })).toBeNull()
  })
})

test('a live hint stays at or above cost and within what a day may move, whatever is asked', () => {
  const drawn = fc.record({
    onHand: fc.integer({ min: -2, max: 200 }),
    mean: fc.double({ min: 0, max: 300, noNaN: true }),
    rush: fc.double({ min: 1, max: 20, noNaN: true }),
    offer: fc.constantFrom(0, 0.1, 0.25),
    priceNow: fc.integer({ min: 1, max: 300_000 }),
    listPrice: fc.integer({ min: 1, max: 300_000 }),
    unitCost: fc.option(fc.integer({ min: 0, max: 300_000 })),
  })
  fc.assert(
    fc.property(drawn, ({ onHand, mean, rush, offer, priceNow, listPrice, unitCost }) => {
      const dearest = Math.max(priceNow, listPrice)
      const cheapest = Math.min(priceNow, listPrice)
      const terms = { currency: 'EUR', priceNow, listPrice, unitCost, dearest, cheapest }
      const untilHelp = { mean, variance: mean }
      const shelf = { onHand, terms, elasticity: ELASTICITY }
      const hints = [
        rushHint({ ...shelf, untilHelp, rush, offer }),
        slowHint({ ...shelf, perDay: mean / 2, twoDays: untilHelp, pace: 0.4 }),
      ]
      for (const hint of hints) {
        if (hint === null) continue
        if (hint.kind !== 'end offer') expect(hint.price).toBeGreaterThanOrEqual(unitCost ?? 0)
        expect(hint.price).toBeGreaterThanOrEqual(Math.floor(dearest * 0.7))
        const most = hint.kind === 'flash' ? priceNow : Math.ceil(listPrice * 1.15)
        expect(hint.price).toBeLessThanOrEqual(most)
      }
    }),
  )
})
