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
  /** Of a shop, by product. */
  policies: ReadonlyMap<string, readonly Policy[]>
}

export function createWorld(parameters: WorldParameters): World {
  const shops = shopsOf(parameters.stores)
  const products = catalogueOf(parameters.randomSeed)
  const sizes = shops.reduce((sum, shop) => sum + shop.size, 0)
  const policies = new Map(
    shops.map(shop => [shop.id, policyOf(products, (parameters.ordersPerDay * shop.size) / sizes)]),
  )
  return { ...parameters, shops, products, policies }
}

/** Orders that a shop takes on an ordinary day. */
export function ordinaryOrders(world: World, shop: Shop): number {
  return (world.ordersPerDay * shop.size) / world.shops.reduce((sum, { size }) => sum + size, 0)
}
