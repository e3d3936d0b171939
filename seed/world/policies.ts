import type { Product } from './catalogue.ts'

/** When a shop is short of a product, when it orders it, and how much it then wants to have. */
export interface Policy {
  /** What the supplier's lead time may take, with safety: on hand at or below it is an alert. */
  reorderPoint: number
  /** On hand and on order at which the shop orders: early enough to stay above the reorder point on a usual day. */
  orderAt: number
  orderUpTo: number
}

/** Units of an order, on average: what `shop/basket.ts` draws. */
const UNITS_PER_ORDER = 4.4

/** Normal quantile of a service level of 95%. */
const SERVICE_FACTOR = 1.645
const DAYS_OF_SUPPLY = 5

/**
 * Policies of a shop with so many orders a day, by product: reorder point = demand during lead time + safety
 * stock, with a demand that is Poisson (so that its variance is its mean).
 */
export function policyOf(products: readonly Product[], ordersPerDay: number): Policy[] {
  const popularity = products.reduce((sum, product) => sum + product.popularity, 0)
  return products.map(product => {
    const unitsPerDay = (ordersPerDay * UNITS_PER_ORDER * product.popularity) / popularity
    const duringLeadTime = unitsPerDay * product.supplier.leadTimeDays
    const reorderPoint = Math.ceil(duringLeadTime + SERVICE_FACTOR * Math.sqrt(duringLeadTime))
    const orderAt = reorderPoint + Math.ceil(duringLeadTime + unitsPerDay)
    return {
      reorderPoint,
      orderAt,
      orderUpTo: orderAt + Math.max(3, Math.ceil(unitsPerDay * DAYS_OF_SUPPLY)),
    }
  })
}
