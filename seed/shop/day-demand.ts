import type { BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import type { Amount } from '#domain/money.ts'
import { PRODUCTS_PER_CATEGORY } from '#seed/world/catalogue.ts'
import { expectedOrders, openingOf } from '#seed/world/demand.ts'
import { lifeOf } from '#seed/world/life-cycles.ts'
import { priceLevelsOf, shelfPriceOf } from '#seed/world/prices.ts'
import { type Promotion, promotionsOn } from '#seed/world/promotions.ts'
import { findSum, type Random } from '#seed/world/random.ts'
import { seasonOf } from '#seed/world/seasons.ts'
import type { Shop } from '#seed/world/stores.ts'
import type { World } from '#seed/world/world.ts'

/** What customers of a shop want on a day, and what it asks for it. */
export interface DayDemand {
  day: BusinessDay
  opening: Instant
  /** Orders expected over the whole day. */
  orders: number
  /** By product: the price on the shelf, of a gram where it is weighed. */
  prices: readonly Amount[]
  /** By product: what a promotion takes off, as a fraction. */
  discounts: readonly number[]
  /** By product: how often it and those before it are wanted. */
  sums: Float64Array
  /** By product: how often it is wanted in proportion to the best days of its life. */
  lives: Float64Array
}

/** A price that is shouted out moves more than one that is merely low. */
const PROMOTION_NOTICE = 1.6
/** What a weighed piece weighs in the mean (`basket.ts` draws it). */
export const MEAN_GRAMS = 270

/**
 * @param extra promotions beside those that the calendar knows
 * @param changed prices on the shelf by index, as somebody has changed them
 */
export function demandOf(
  world: World,
  shop: Shop,
  {
    day,
    extra,
    changed = new Map(),
  }: { day: BusinessDay; extra: readonly Promotion[]; changed?: ReadonlyMap<number, Amount> },
): DayDemand {
  const { products, randomSeed } = world
  const levels = priceLevelsOf(randomSeed, { shop, day, count: products.length })
  const discounts = products.map(() => 0)
  for (const { products: promoted, discount } of [...promotionsOn(randomSeed, day), ...extra]) {
    for (const index of promoted) discounts[index] = Math.max(discounts[index] ?? 0, discount)
  }
  const sums = new Float64Array(products.length)
  const lives = new Float64Array(products.length)
  let sum = 0
  let sumWithoutPromotions = 0
  let seasonal = 1
  const prices = products.map((product, index) => shelfPriceOf(product, shop, levels[index] ?? 1))
  for (const [index, { category, popularity, lifeCycle }] of products.entries()) {
    if (index % PRODUCTS_PER_CATEGORY === 0) seasonal = seasonOf(category.season, day, shop.isSouthern)
    const level = levels[index] ?? 1
    const life = lifeOf(lifeCycle, day).demand
    lives[index] = life
    const ordinary = popularity * life * seasonal * (level === 1 ? 1 : level ** -category.elasticity)
    const discount = discounts[index] ?? 0
    sumWithoutPromotions += ordinary
    const asked = changed.get(index)
    const listed = prices[index] ?? 0
    if (asked === undefined || listed === 0) {
      sum +=
        discount === 0 ? ordinary : ordinary * (1 - discount) ** (-category.elasticity * PROMOTION_NOTICE)
    } else {
      prices[index] = asked
      // Of an offer and a price that was brought down, the lower is asked; what was raised is cheaper by the offer.
      const offered = Math.min(asked, asked > listed ? asked * (1 - discount) : listed * (1 - discount))
      discounts[index] = asked > 0 ? 1 - offered / asked : 0
      const level = Math.max(offered, 1) / listed
      sum += ordinary * level ** -(category.elasticity * (level < 1 ? PROMOTION_NOTICE : 1))
    }
    sums[index] = sum
  }
  return {
    day,
    opening: openingOf(shop, day),
    // Half of what offers move is bought by who comes anyway, instead of something else.
    orders: expectedOrders(world, shop, day) * Math.sqrt(sum / sumWithoutPromotions),
    prices,
    discounts,
    sums,
    lives,
  }
}

/** A product as it is wanted; only of one category when that is given, by index. */
export function pickWanted({ sums }: DayDemand, random: Random, category?: number): number {
  const low = category === undefined ? 0 : category * PRODUCTS_PER_CATEGORY
  const high = category === undefined ? sums.length - 1 : low + PRODUCTS_PER_CATEGORY - 1
  const before = low === 0 ? 0 : (sums[low - 1] ?? 0)
  return findSum(sums, before + random.next() * ((sums[high] ?? 0) - before), { low, high })
}
