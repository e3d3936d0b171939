import type { BusinessDay } from '#domain/calendar.ts'
import type { Amount } from '#domain/money.ts'
import { type Product, priceEnding, roundTo } from './catalogue.ts'
import { createRandom } from './random.ts'
import type { Shop } from './stores.ts'

/** How far a store's price is from the list's, in a month: most are as listed. */
const DEVIATIONS = [-0.08, -0.04, 0, 0, 0, 0, 0, 0.04, 0.08]

/** How a store prices a product against the list, by product: drawn for each month, known without the one before. */
export function priceLevelsOf(
  randomSeed: number,
  { shop, day, count }: { shop: Shop; day: BusinessDay; count: number },
): number[] {
  const random = createRandom(randomSeed, 'prices', shop.id, day.slice(0, 7))
  return Array.from({ length: count }, () => 1 + random.pick(DEVIATIONS))
}

/** The price on the shelf in the store's currency; of a gram where the product is weighed. */
export function shelfPriceOf(product: Product, shop: Shop, level: number): Amount {
  const price = Math.round(product.listPrice * shop.priceFactor * level)
  const { weighed, decimals } = product.category
  return weighed ? roundTo(price, decimals) : priceEnding(price, shop.priceDecimals === 0 ? 0 : decimals)
}
