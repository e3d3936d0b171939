import type { BusinessDay } from '#domain/calendar.ts'
import { DAY_MS } from '#domain/instant.ts'
import type { Amount } from '#domain/money.ts'
import { PRODUCTS_PER_CATEGORY, type Product, priceEnding, roundTo } from './catalogue.ts'
import { CATEGORIES } from './categories.ts'
import { createRandom, type Random } from './random.ts'
import type { Shop } from './stores.ts'

/** Goods that are cheaper for a while, in all stores. */
export interface Promotion {
  /** What the shop window says. */
  title: string
  /** Indexes of products. */
  products: readonly number[]
  /** Off the shelf price, as a fraction. */
  discount: number
}

const CATEGORY_PROMOTION = { chance: 0.75, discounts: [0.1, 0.15, 0.2] }
const OFFERS_A_WEEK = 6
const OFFER_DISCOUNTS = [0.2, 0.25, 0.33]
/** November sales: the weeks in which everybody has them. */
const BLACK_WEEK = { from: '11-20', to: '11-30', categories: 4, discount: 0.25 }

/** What is on promotion on a day: weeks from Monday to Sunday, known from the seed and the day alone. */
export function promotionsOn(randomSeed: number, day: BusinessDay): Promotion[] {
  // 1970-01-01 was a Thursday.
  const week = Math.floor((Date.parse(`${day}T00:00:00Z`) / DAY_MS + 3) / 7)
  const random = createRandom(randomSeed, 'promotions', String(week))
  const promotions: Promotion[] = []
  if (random.chance(CATEGORY_PROMOTION.chance)) {
    promotions.push(categoryPromotion(random, random.pick(CATEGORY_PROMOTION.discounts)))
  }
  promotions.push({
    title: 'Offers of the week',
    products: Array.from({ length: OFFERS_A_WEEK }, () =>
      random.integer(0, CATEGORIES.length * PRODUCTS_PER_CATEGORY - 1),
    ),
    discount: random.pick(OFFER_DISCOUNTS),
  })
  if (day.slice(5) >= BLACK_WEEK.from && day.slice(5) <= BLACK_WEEK.to) {
    const sale = createRandom(randomSeed, 'black week', day.slice(0, 4))
    for (let count = 0; count < BLACK_WEEK.categories; count += 1) {
      promotions.push(categoryPromotion(sale, BLACK_WEEK.discount))
    }
  }
  return promotions
}

/** The indexes of a category's products. */
export function productsOfCategory(category: number): number[] {
  return Array.from({ length: PRODUCTS_PER_CATEGORY }, (_, place) => category * PRODUCTS_PER_CATEGORY + place)
}

function categoryPromotion(random: Random, discount: number): Promotion {
  const category = random.integer(0, CATEGORIES.length - 1)
  return {
    title: `${CATEGORIES[category]?.name}: ${Math.round(discount * 100)}% off`,
    products: productsOfCategory(category),
    discount,
  }
}

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
