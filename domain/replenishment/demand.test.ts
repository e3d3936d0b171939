import { describe, expect, test } from 'vitest'
import { seededRandom } from '#domain/testing/random-events.ts'
import { withoutBulk } from './bulk.ts'
import { chooseMethod } from './choose-method.ts'
import { type DemandForecast, forecastDemand, type ProductDays } from './demand.ts'
import type { Observed } from './method.ts'
import { isOnOffer } from './offers.ts'
import { classifyDemand } from './product-class.ts'
import { weekdayFactors } from './weekdays.ts'

const DAYS = 119
/** Monday to Sunday; the mean is 1. */
const WEEK = [0.8, 0.8, 0.9, 1, 1.2, 1.5, 0.8]

const random = seededRandom(4711)
/** A count whose mean is given (Knuth): small means alone. */
function poisson(mean: number): number {
  let count = 0
  for (let product = random(); product > Math.exp(-mean); product *= random()) count += 1
  return count
}

function product(
  rateOf: (day: number) => number,
  { category = 'all', from = 0 }: { category?: string; from?: number } = {},
): ProductDays {
  return {
    category,
    units: Float64Array.from({ length: DAYS }, (_, day) =>
      day < from ? 0 : poisson(rateOf(day) * (WEEK[day % 7] ?? 1)),
    ),
    exposure: Float64Array.from({ length: DAYS }, (_, day) => (day < from ? 0 : 1)),
  }
}

const forecast = (products: readonly ProductDays[]) =>
  forecastDemand({ products, firstWeekday: 0, openShare: new Float64Array(7).fill(1) })

function only(forecasts: readonly (DemandForecast | undefined)[], index = 0): DemandForecast {
  const found = forecasts[index]
  if (!found) throw new Error('there is no forecast')
  return found
}

/** Beside what a test looks at: a store sells more than one thing. */
const others = Array.from({ length: 40 }, () => product(() => 4))

describe('the forecast of a store', () => {
  test('finds the rate and the weekdays that sales were drawn from, and their spread', () => {
    const found = forecast(Array.from({ length: 60 }, () => product(() => 6)))
    const mean = (of: (one: DemandForecast) => number) =>
      found.reduce((sum, one) => sum + of(one), 0) / found.length
    const perDay = mean(one => one.perDay)
    expect(Math.abs(perDay - 6)).toBeLessThan(0.2)
    for (const [weekday, factor] of WEEK.entries()) {
      const own = mean(one => one.unitsByWeekday[weekday] ?? 0) / perDay
      expect(Math.abs(own - factor)).toBeLessThan(0.05)
    }
    // A Poisson count's, and what following the level adds.
    expect(mean(one => one.spread) / Math.sqrt(perDay)).toBeGreaterThan(0.99)
    expect(mean(one => one.spread) / Math.sqrt(perDay)).toBeLessThan(1.08)
  })

  test('says nothing of a day on which the store is closed', () => {
    const openShare = Float64Array.from([1, 1, 1, 1, 1, 1, 0])
    const [closed] = forecastDemand({ products: [product(() => 6), ...others], firstWeekday: 0, openShare })
    expect(closed?.unitsByWeekday[6]).toBe(0)
  })

  test('leaves out days on offer, and counts the rest of the days on which the shelf was empty', () => {
    const quiet = product(() => 6)
    const onOffer: ProductDays = {
      ...quiet,
      units: quiet.units.map((units, day) => (day % 10 === 3 ? units * 8 : units)),
      exposure: quiet.exposure.map((share, day) => (day % 10 === 3 ? 0 : share)),
    }
    const emptied: ProductDays = {
      ...quiet,
      units: quiet.units.map((units, day) => (day > DAYS - 20 ? Math.floor(units / 3) : units)),
      exposure: quiet.exposure.map((share, day) => (day > DAYS - 20 ? share / 3 : share)),
    }
    const [asItIs, offered, empty] = forecast([quiet, onOffer, emptied, ...others])
    expect((offered?.perDay ?? 0) / (asItIs?.perDay ?? 1)).toBeGreaterThan(0.93)
    expect((offered?.perDay ?? 0) / (asItIs?.perDay ?? 1)).toBeLessThan(1.07)
    expect((empty?.perDay ?? 0) / (asItIs?.perDay ?? 1)).toBeGreaterThan(0.85)
  })

  test('takes no wholesale customer for the days to come', () => {
    const usual = product(() => 6)
    const sold = usual.units.map((units, day) => (day === DAYS - 5 ? 900 : units))
    const [asItIs, withBulk] = forecast([usual, { ...usual, units: sold }, ...others])
    expect((withBulk?.perDay ?? 0) / (asItIs?.perDay ?? 1)).toBeLessThan(1.1)
    expect((withBulk?.spread ?? 0) / (asItIs?.spread ?? 1)).toBeLessThan(1.5)
  })

  test('follows a season that like products have, though one sells too seldom to show it', () => {
    const season = (day: number) => (day < 90 ? 1 : 2)
    const seldom = product(day => 0.4 * season(day), { category: 'toys' })
    const toys = Array.from({ length: 30 }, () => product(day => 3 * season(day), { category: 'toys' }))
    const own = only(forecast([seldom, ...toys]))
    const average = seldom.units.reduce((sum, units) => sum + units, 0) / DAYS
    expect(own.perDay).toBeGreaterThan(1.3 * average)
  })

  test('a new product sells as its like do, until its own days outweigh them', () => {
    const toys = Array.from({ length: 30 }, (_, index) => product(() => 1 + index / 7, { category: 'toys' }))
    const [today, weeks] = [DAYS - 1, DAYS - 21].map(from =>
      only(forecast([{ ...product(() => 0.2, { category: 'toys', from }) }, ...toys])),
    )
    expect(today?.method).toBe('category')
    expect(today?.perDay).toBeGreaterThan(2)
    expect(weeks?.perDay).toBeLessThan(1.5)
  })

  test('of an empty store, and of a product that nothing is known of, it says nothing', () => {
    expect(forecast([])).toEqual([])
    const never = only(forecast([product(() => 1, { from: DAYS })]))
    expect(never).toMatchObject({ perDay: 0, spread: 0, days: 0, method: 'category' })
  })
})

test('weekdays of few units stay near those of like products, of many are their own', () => {
  const even = new Float64Array(7).fill(1)
  const ofUnits = (units: number) =>
    weekdayFactors(
      { sold: Float64Array.from([0, 0, 0, 0, 0, 7 * units, 0]), expected: even.map(() => units) },
      { prior: even, weight: 200 },
    )
  expect(Math.max(...ofUnits(1))).toBeLessThan(1.1)
  expect(ofUnits(100_000)[5]).toBeCloseTo(7, 1)
  for (const units of [1, 50, 1_000]) {
    expect(ofUnits(units).reduce((sum, factor) => sum + factor, 0)).toBeCloseTo(7, 9)
  }
})

describe('classes of demand', () => {
  const days = (units: number[]): Observed => ({ units, exposure: units.map(() => 1) })
  const repeat = (pattern: number[]) =>
    Array.from({ length: 60 }, (_, day) => pattern[day % pattern.length] ?? 0)

  test.each([
    ['smooth', repeat([4, 5, 6])],
    ['erratic', repeat([1, 1, 1, 1, 20])],
    ['intermittent', repeat([0, 0, 2])],
    ['lumpy', repeat([0, 1, 0, 0, 1, 0, 0, 30])],
    ['new', [3, 4, 5]],
    ['intermittent', repeat([0])],
  ])('%s', (demandClass, units) => {
    expect(classifyDemand(days(units))).toBe(demandClass)
  })
})

describe('the method of a class', () => {
  const ofDays = (unitsOf: (day: number) => number): Observed => {
    const units = Array.from({ length: DAYS }, (_, day) => unitsOf(day))
    return { units, exposure: units.map(() => 1) }
  }
  const many = (make: () => Observed) => Array.from({ length: 30 }, make)

  test('stays the usual one where nothing is better, or too little is there to tell', () => {
    const steady = many(() => ofDays(() => poisson(5)))
    expect(chooseMethod(steady, 'average-56')).toMatch(/^(average-56|share-(56|91))$/)
    expect(chooseMethod(steady.slice(0, 5), 'smoothed-0.2')).toBe('smoothed-0.2')
    expect(chooseMethod([], 'tsb')).toBe('tsb')
  })

  test('becomes a quick one where levels jump', () => {
    const jumping = many(() => ofDays(day => poisson(Math.floor(day / 20) % 2 === 0 ? 2 : 12)))
    expect(chooseMethod(jumping, 'share-91')).toMatch(/^smoothed-0\.[12]$/)
  })
})

describe('what is no ordinary demand', () => {
  test('a wholesale order counts as a busy day, and a busy day as it is', () => {
    const units = Float64Array.from([10, 12, 9, 500, 11, 14, 20])
    const bounded = withoutBulk({ units, exposure: units.map(() => 1) })
    expect(bounded[3]).toBeLessThan(80)
    expect([...bounded.slice(4)]).toEqual([11, 14, 20])
    const small = Float64Array.from([0, 1, 8, 0, 1, 1])
    expect(withoutBulk({ units: small, exposure: small.map(() => 1) })).toEqual(small)
  })

  test.each([
    ['nearly all stores took something off', { stores: 6, discounting: 5 }, true],
    ['one store of many reduced a dented tin', { stores: 6, discounting: 1 }, false],
    ['all of them took a loyalty card', { discounts: 2 }, false],
    ['one piece was sold', { units: 1 }, false],
    ['nothing was', { gross: 0, discounts: 0 }, false],
  ])('%s', (_, change, isOffer) => {
    const day = { units: 40, gross: 100, discounts: 20, stores: 1, discounting: 1 }
    expect(isOnOffer({ ...day, ...change })).toBe(isOffer)
  })
})
