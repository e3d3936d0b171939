import { withoutBulk } from './bulk.ts'
import { categoryPaces } from './category-pace.ts'
import { chooseMethod, USUAL_METHODS } from './choose-method.ts'
import { dispersionsOf } from './dispersion.ts'
import { averageRate, type MethodName, methodNamed, type Observed } from './method.ts'
import { newRate, ratePriors, seenOf } from './new-products.ts'
import { classifyDemand, type DemandClass } from './product-class.ts'
import { type ByWeekday, WEEKDAYS_OF_WEEK, weekdaysOf } from './weekdays.ts'

/*
 * From days of sales to a forecast, product by product of one store:
 *
 *   units, exposure ──> weekdays (store ─> category ─> product) ──> exposure by weekday ──> pace of categories
 *        ──> class ──> method (rolling back-test) ──> rate ──> units by weekday, spread
 *
 * Exposure is what keeps out what says nothing of ordinary demand: closed days, days on offer, the part of a day on which
 * the shelf was empty, days before the product was there.
 */

/** A product's days in a store, oldest first. */
export interface ProductDays {
  category: string | null
  units: Float64Array
  /** 0 to 1 by day, weekdays not yet in it. */
  exposure: Float64Array
}

export interface StoreDays {
  /** All of the same days. */
  products: readonly ProductDays[]
  /** Of the first day, 0 is Monday. */
  firstWeekday: number
  /** By weekday: the share of days on which the store trades. */
  openShare: ByWeekday
}

export interface DemandForecast {
  method: MethodName | 'category'
  demandClass: DemandClass
  /** Units of each weekday's business day, Monday first, promotions aside. */
  unitsByWeekday: number[]
  /** Mean units of a day over a week. */
  perDay: number
  /** Standard deviation of a day's units around the forecast. */
  spread: number
  /** Variance of a day's units over their mean; 1 for a Poisson count. */
  dispersion: number
  /** The rate is known as from so many days. */
  memoryDays: number
  /** Days it was learned from, rounded. */
  days: number
  /** Units of a day whose weekday is ordinary. */
  rate: number
  /** How its weekdays differ. */
  weekdays: ByWeekday
}

/** Products of a class that methods are tried on. */
const SAMPLE = 60

/** Forecasts of every product of a store, in their order. */
export function forecastDemand({ products: given, firstWeekday, openShare }: StoreDays): DemandForecast[] {
  const products = given.map(product => ({ ...product, units: withoutBulk(product) }))
  const rates = products.map(product => averageRate(product, Number.POSITIVE_INFINITY) ?? 0)
  const factors = weekdaysOf({ products, firstWeekday, rates })
  // One array for all: arrays of their own are allocated, and cleared away, one by one.
  const days = products[0]?.units.length ?? 0
  const weighed = new Float64Array(products.length * days)
  const observed = products.map(({ category, units, exposure }, index): Observed & ProductDays => {
    const own = weighed.subarray(index * days, (index + 1) * days)
    weighByWeekday(exposure, own, { factors: factors[index], firstWeekday })
    return { category, units, exposure: own }
  })
  const paces = categoryPaces(observed, rates)
  for (const product of observed) {
    const pace = paces.get(product.category)
    if (pace) product.pace = pace
  }
  const classes = observed.map(classifyDemand)
  const methods = methodsOf(observed, classes)
  const dispersions = dispersionsOf(observed)
  const priorOf = ratePriors(observed, { isKnown: index => classes[index] !== 'new', dispersions })
  return observed.map((product, index): DemandForecast => {
    const demandClass = classes[index] ?? 'new'
    const weekdays = factors[index] ?? new Float64Array(WEEKDAYS_OF_WEEK).fill(1)
    const seen = seenOf(product)
    const isNew = demandClass === 'new'
    const method = methodNamed(methods[demandClass])
    const prior = priorOf(product.category)
    const rate = isNew ? newRate(product, prior) : (method.rate(product, product.units.length) ?? 0)
    const dispersion = dispersions[index] ?? 1
    const unitsByWeekday = Array.from(
      weekdays,
      (factor, weekday) => rate * factor * (openShare[weekday] ?? 1),
    )
    const perDay = unitsByWeekday.reduce((sum, units) => sum + units, 0) / WEEKDAYS_OF_WEEK
    return {
      method: isNew ? 'category' : method.name,
      demandClass,
      unitsByWeekday,
      perDay,
      spread: Math.sqrt(dispersion * perDay),
      dispersion,
      memoryDays: isNew ? seen + prior.days : Math.min(method.memoryDays, seen),
      days: Math.round(seen),
      rate,
      weekdays,
    }
  })
}

/** Exposure times its weekday's factor. A loop, for there are millions of days. */
function weighByWeekday(
  exposure: Float64Array,
  into: Float64Array,
  { factors, firstWeekday }: { factors: ByWeekday | undefined; firstWeekday: number },
): void {
  let weekday = firstWeekday
  for (let day = 0; day < exposure.length; day += 1) {
    into[day] = (exposure[day] ?? 0) * (factors?.[weekday] ?? 1)
    weekday = weekday === WEEKDAYS_OF_WEEK - 1 ? 0 : weekday + 1
  }
}

/** Tries the methods of each class on some of its products, spread over all. */
function methodsOf(
  products: readonly Observed[],
  classes: readonly DemandClass[],
): Record<DemandClass, MethodName> {
  const methods = { ...USUAL_METHODS }
  for (const demandClass of ['smooth', 'erratic', 'intermittent', 'lumpy'] as const) {
    const ofClass = products.filter((_, index) => classes[index] === demandClass)
    const step = Math.max(1, ofClass.length / SAMPLE)
    const sample: Observed[] = []
    for (let at = 0; at < ofClass.length; at += step) {
      const product = ofClass[Math.floor(at)]
      if (product) sample.push(product)
    }
    methods[demandClass] = chooseMethod(sample, USUAL_METHODS[demandClass])
  }
  return methods
}
