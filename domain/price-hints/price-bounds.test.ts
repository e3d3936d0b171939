import { describe, expect, test } from 'vitest'
import { type PriceTerms, priceBounds, whyNotPrice } from './price-bounds.ts'

const TERMS: PriceTerms = {
  ...{ currency: 'EUR', priceNow: 100_000, listPrice: 100_000, unitCost: 40_000 },
  ...{ dearest: 100_000, cheapest: 100_000 },
}
const why = (price: number, terms: Partial<PriceTerms> = {}) =>
  whyNotPrice(price, { ...TERMS, ...terms }, amount => `${amount / 10_000} EUR`)

describe('a price that a person sets', () => {
  test('stays at or above cost', () => {
    expect(why(39_999, { dearest: 45_000, priceNow: 45_000 })).toBe(
      '3.9999 EUR is below what one has cost, 4 EUR: a price stays at or above cost.',
    )
    expect(why(40_000, { dearest: 45_000, priceNow: 45_000 })).toBeNull()
  })

  test('falls by three tenths a day at most, of the most that was asked that day', () => {
    expect(why(70_000)).toBeNull()
    expect(why(69_999)).toMatch(/more than 30% below the 10 EUR asked within a day: take 7 EUR today/)
    // It fell to 7 today already.
    expect(why(50_000, { priceNow: 70_000, cheapest: 70_000 })).toMatch(/more than 30% below the 10 EUR/)
    expect(why(50_000, { priceNow: 70_000, dearest: 70_000, cheapest: 70_000 })).toBeNull()
  })

  test('rises by three twentieths a day at most, and back to what is usual at once', () => {
    expect(why(115_000)).toBeNull()
    expect(why(115_001)).toMatch(/more than 15% above what is usual: 11.5 EUR is the most for a day/)
    expect(why(100_000, { priceNow: 70_000, cheapest: 70_000 })).toBeNull()
    // It rose today already.
    expect(why(130_000, { priceNow: 115_000, dearest: 115_000 })).toMatch(/more than 15% above/)
    expect(why(130_000, { priceNow: 115_000, dearest: 115_000, cheapest: 115_000 })).toBeNull()
  })

  test('is none where it is asked already, or nobody knows what one has cost', () => {
    expect(why(100_000)).toBe('10 EUR is what is asked already.')
    expect(why(90_000, { unitCost: null })).toMatch(/What one has cost is not known/)
    expect(priceBounds({ ...TERMS, unitCost: null })).toBeNull()
  })
})
