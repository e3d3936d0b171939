import { METHODS, type Method, type MethodName, methodNamed, type Observed } from './method.ts'
import type { DemandClass } from './product-class.ts'

/** What is used where too little is there to try anything: the best of the seeded world (docs/decisions/017). */
export const USUAL_METHODS: Record<DemandClass, MethodName> = {
  smooth: 'share-91',
  erratic: 'share-91',
  intermittent: 'share-91',
  lumpy: 'share-91',
  new: 'share-91',
}

/** A week ahead: what an order of now is to last for, about. */
const AHEAD_DAYS = 7
/** Weeks that are foreseen and compared. */
const ORIGINS = 8
/** Days before the first of them. */
const LEAST_DAYS = 28
/** Products of a class without which chance would choose. */
const LEAST_PRODUCTS = 20
/** Another method takes over when its error is less by this share: one that is as good is no reason to change. */
const LEAST_GAIN = 0.02

/**
 * Chooses the method of a class by rolling back-test (Tashman, "Out-of-sample tests of forecasting accuracy", 2000): for
 * each of the last weeks, what a method would have foreseen from the days before, against what came. The error is that of
 * a week's units, squared, in proportion to the units expected: the variance that safety stock is for, each product
 * weighing as much as the next. Absolute errors would favour whatever foresees nothing of what seldom sells.
 * @param products of one class, of the same days
 */
export function chooseMethod(
  products: readonly Observed[],
  usual: MethodName,
  candidates: readonly Method[] = METHODS,
): MethodName {
  if (products.length < LEAST_PRODUCTS) return usual
  const errors = new Map(candidates.map(method => [method.name, backTest(products, method)]))
  const ofUsual = errors.get(usual) ?? backTest(products, methodNamed(usual))
  if (ofUsual === null) return usual
  let best = usual
  let least = ofUsual * (1 - LEAST_GAIN)
  for (const [name, error] of errors) {
    if (error === null || error >= least) continue
    best = name
    least = error
  }
  return best
}

/** Mean squared error of weeks in proportion to what was to be expected of them; null: there are none to compare. */
export function backTest(products: readonly Observed[], method: Method): number | null {
  let sum = 0
  let weeks = 0
  for (const product of products) {
    const { units, exposure } = product
    const days = units.length
    const mean = meanRate(product)
    if (mean <= 0) continue
    for (let ago = ORIGINS; ago >= 1; ago -= 1) {
      const origin = days - ago * AHEAD_DAYS
      if (origin < LEAST_DAYS) continue
      let seen = 0
      let sold = 0
      for (let day = origin; day < origin + AHEAD_DAYS; day += 1) {
        const share = exposure[day] ?? 0
        if (share <= 0) continue
        seen += share
        sold += units[day] ?? 0
      }
      if (seen <= 0) continue
      const foreseen = (method.rate(product, origin) ?? 0) * seen
      sum += (sold - foreseen) ** 2 / (mean * seen)
      weeks += 1
    }
  }
  return weeks === 0 ? null : sum / weeks
}

function meanRate({ units, exposure }: Observed): number {
  let sold = 0
  let seen = 0
  for (let day = 0; day < units.length; day += 1) {
    const share = exposure[day] ?? 0
    if (share <= 0) continue
    sold += units[day] ?? 0
    seen += share
  }
  return seen > 0 ? sold / seen : 0
}
