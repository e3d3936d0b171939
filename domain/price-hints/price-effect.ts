import type { Amount } from '#domain/money.ts'
import { Z_OF_RANGE } from '#domain/replenishment/quantiles.ts'
import { type Elasticity, elasticityRange, liftOf } from './elasticity.ts'

/** What a price was expected to do, as of when it was applied. */
export interface Expectation {
  oldPrice: Amount
  newPrice: Amount
  elasticity: Elasticity
}

/** Units by a forecast. */
export interface ForecastUnits {
  mean: number
  variance: number
}

/** Units at another price: in the middle, and in one case of ten fewer, and more. */
export interface ForeseenUnits {
  units: number
  low: number
  high: number
}

/**
 * How many more are bought, by constant elasticity: units × (new / old)^−ε. The range holds what is not known of the
 * elasticity and how demand scatters, as if each were normal and neither knew of the other.
 * @param most what there is to be sold; null: as much as is wanted
 */
export function unitsAtPrice(
  { mean, variance }: ForecastUnits,
  { oldPrice, newPrice, elasticity }: Expectation,
  most: number | null = null,
): ForeseenUnits {
  const lift = (slope: number) => liftOf(slope, oldPrice, newPrice)
  const units = mean * lift(elasticity.mean)
  const { low, high } = elasticityRange(elasticity)
  // What the elasticity leaves open, and what chance does to as many customers.
  const [fewer, more] = [mean * lift(low), mean * lift(high)].toSorted((one, other) => one - other)
  const scatter = Z_OF_RANGE * Math.sqrt(Math.max(variance, mean) * lift(elasticity.mean))
  const cap = (value: number) => (most === null ? value : Math.min(most, value))
  return {
    units: cap(units),
    low: cap(Math.max(0, units - Math.hypot(units - (fewer ?? units), scatter))),
    high: cap(units + Math.hypot((more ?? units) - units, scatter)),
  }
}

/** early: too little is expected by now to say; as expected: within the range. */
export type EffectVerdict = 'early' | 'less' | 'as expected' | 'more'

export interface PriceEffect {
  /** Units at the old price over the time that has passed, by the forecast of when the price was applied. */
  forecastOld: number
  /** The same at the new price. */
  forecastNew: ForeseenUnits
  /** Less voided. */
  sold: number
  /** Of all sold: what was taken less what it has cost. */
  margin: Amount
  /** What the forecast at the old price would have left. */
  marginOld: Amount
  verdict: EffectVerdict
}

/** With fewer units than these to be expected, chance says more than the price. */
const LEAST_UNITS = 5

/**
 * What an applied price has done so far, against what the forecast said before it was.
 * @param sold units and what was taken for them, in the time that `forecast` is of
 * @param most what lay on the shelf when it was applied, or null
 */
export function effectOf({
  forecast,
  expectation,
  unitCost,
  sold,
  net,
  most,
}: {
  forecast: ForecastUnits
  expectation: Expectation
  unitCost: Amount
  sold: number
  net: Amount
  most: number | null
}): PriceEffect {
  // What came since lies there too: what was sold was there to be sold.
  const there = most === null ? null : Math.max(most, sold)
  const forecastNew = unitsAtPrice(forecast, expectation, there)
  return {
    forecastOld: forecast.mean,
    forecastNew,
    sold,
    margin: Math.round(net - sold * unitCost),
    marginOld: Math.round(forecast.mean * (expectation.oldPrice - unitCost)),
    verdict: verdictOf(sold, forecastNew),
  }
}

function verdictOf(sold: number, { units, low, high }: ForeseenUnits): EffectVerdict {
  if (units < LEAST_UNITS && sold <= high) return 'early'
  if (sold < Math.floor(low)) return 'less'
  return sold > Math.ceil(high) ? 'more' : 'as expected'
}
