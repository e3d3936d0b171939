import { PRODUCTS_PER_CATEGORY, type Product } from './catalogue.ts'
import { CATEGORIES } from './categories.ts'
import { deliveryDaysOf } from './suppliers.ts'

/** When a shop is short of a product, when it orders it, and how much it then wants to have. */
export interface Policy {
  /** What may be sold until an order comes, with safety: on hand at or below it is an alert. */
  reorderPoint: number
  /** On hand and on order at which the shop orders: early enough to stay above the reorder point on a usual day. */
  orderAt: number
  orderUpTo: number
}

// What `shop/basket.ts` draws, on average: units of an order, and the shares of lines that are bought because of the
// line before, and because somebody came for their favourite category.
const UNITS_PER_ORDER = 4.4
const COMPANION_LINES = 0.21
const FAVOURITE_LINES = 0.09

/** Normal quantile of a service level of 95%. */
const SERVICE_FACTOR = 1.645
const DAYS_OF_SUPPLY = 5
/** How often the buyer orders. */
const BUYER_EVERY_DAYS = 7
/**
 * How much of what a lead time sells a shop orders ahead as its safety. A shop that allows for a busy week each time (1.4) never
 * runs out, and none does so: at a half, as many shelves run empty as buyers know it, and an alert has something to tell.
 */
const SAFETY = 0.5

/**
 * Policies of a shop with so many orders a day, by product: reorder point = demand during lead time + safety
 * stock, with a demand that is Poisson (so that its variance is its mean).
 */
export function policyOf(products: readonly Product[], ordersPerDay: number): Policy[] {
  const shares = sharesOf(products)
  return products.map((product, index) => {
    const unitsPerDay = ordersPerDay * UNITS_PER_ORDER * (shares[index] ?? 0)
    const { mean, most } = deliveryDaysOf(product.supplier)
    const duringLeadTime = unitsPerDay * mean
    const reorderPoint = Math.ceil(duringLeadTime + SERVICE_FACTOR * Math.sqrt(duringLeadTime))
    // What is left at the next look has to last for the lead time after it; some will not, and wait for the buyer.
    const untilNextLook = unitsPerDay * (product.supplier.isBuyers ? BUYER_EVERY_DAYS : 1)
    const orderAt =
      reorderPoint +
      Math.ceil(
        SAFETY * duringLeadTime +
          unitsPerDay * (most - mean) +
          (product.supplier.isBuyers ? 0.85 : SAFETY) * untilNextLook,
      )
    return {
      reorderPoint,
      orderAt,
      orderUpTo: orderAt + Math.max(3, Math.ceil(unitsPerDay * DAYS_OF_SUPPLY)),
    }
  })
}

/** Of all units sold, by product. */
function sharesOf(products: readonly Product[]): number[] {
  const sum = products.reduce((total, { popularity }) => total + popularity, 0)
  const ofCategory = CATEGORIES.map((_, category) =>
    products
      .slice(category * PRODUCTS_PER_CATEGORY, (category + 1) * PRODUCTS_PER_CATEGORY)
      .reduce((total, { popularity }) => total + popularity, 0),
  )
  const shares = products.map(({ popularity }, index) => {
    const category = ofCategory[Math.floor(index / PRODUCTS_PER_CATEGORY)] ?? sum
    return (
      ((1 - COMPANION_LINES - FAVOURITE_LINES) * popularity) / sum +
      (FAVOURITE_LINES * popularity) / category / CATEGORIES.length
    )
  })
  for (const { popularity, companions } of products) {
    for (const index of companions) {
      shares[index] = (shares[index] ?? 0) + (COMPANION_LINES * popularity) / sum / companions.length
    }
  }
  return shares
}
