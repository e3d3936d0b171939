import { catalogueOf, type Product } from './catalogue.ts'
import { type Policy, policyOf } from './policies.ts'
import { type Shop, shopsOf } from './stores.ts'

/** What fixes a world: the same parameters give the same one. */
export interface WorldParameters {
  randomSeed: number
  /** How many stores. */
  stores: number
  /** Orders a day, all stores together. */
  ordersPerDay: number
}

/** Everything that exists before anything happens. */
export interface World extends WorldParameters {
  shops: readonly Shop[]
  products: readonly Product[]
  /** Where a product stands in `products`. */
  productIndex: ReadonlyMap<string, number>
  /** Of a shop, by product. */
  policies: ReadonlyMap<string, readonly Policy[]>
  /** Sum of the shops' sizes. */
  totalSize: number
}

export function createWorld(parameters: WorldParameters): World {
  const shops = shopsOf(parameters.stores)
  const products = catalogueOf(parameters.randomSeed)
  const totalSize = shops.reduce((sum, shop) => sum + shop.size, 0)
  const policies = new Map(
    shops.map(shop => [shop.id, policyOf(products, (parameters.ordersPerDay * shop.size) / totalSize)]),
  )
  const productIndex = new Map(products.map(({ sku }, index) => [sku, index]))
  return { ...parameters, shops, products, productIndex, policies, totalSize }
}

/** Orders that a shop takes on an ordinary day. */
export function ordinaryOrders(world: World, shop: Shop): number {
  return (world.ordersPerDay * shop.size) / world.totalSize
}
