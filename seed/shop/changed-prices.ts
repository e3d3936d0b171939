import type { Instant } from '#domain/instant.ts'
import type { Amount } from '#domain/money.ts'
import { priceAt, type ValidPrice } from '#domain/price.ts'
import type { World } from '#seed/world/world.ts'
import { MEAN_GRAMS } from './day-demand.ts'

/** A price that somebody changed, as tills are told of it. */
export interface ChangedPrice extends ValidPrice {
  store: string
  sku: string
}

/** What tills are told to ask at a moment, by index of product; and when that is next to change. */
export function changedPricesAt(
  world: World,
  changed: readonly ChangedPrice[],
  at: Instant,
): { prices: ReadonlyMap<number, Amount>; until: Instant } {
  const prices = new Map<number, Amount>()
  let until = Number.POSITIVE_INFINITY
  for (const [sku, own] of Map.groupBy(changed, ({ sku }) => sku)) {
    const index = world.productIndex.get(sku)
    const price = priceAt(own, at)?.price
    if (index !== undefined && price !== undefined) {
      // A weighed product's price is that of a piece of usual weight; on the shelf stands that of a gram.
      const isWeighed = world.products[index]?.category.weighed === true
      prices.set(index, isWeighed ? Math.max(1, Math.round(price / MEAN_GRAMS)) : price)
    }
    for (const { validFrom, validTo } of own) {
      if (validFrom > at) until = Math.min(until, validFrom)
      if (validTo !== null && validTo > at) until = Math.min(until, validTo)
    }
  }
  return { prices, until }
}
