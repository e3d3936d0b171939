import type { Instant } from '#domain/instant.ts'
import type { Amount } from '#domain/money.ts'
import { type Product, roundTo } from '#seed/world/catalogue.ts'
import type { Customer } from '#seed/world/customers.ts'
import { isSold } from '#seed/world/life-cycles.ts'
import type { Random } from '#seed/world/random.ts'
import type { Shop } from '#seed/world/stores.ts'
import { type DayDemand, pickWanted } from './day-demand.ts'
import { decimal } from './decimal.ts'
import { demandAt, type OrderPlaced, type TradingShop } from './shop-state.ts'

export type OrderLine = OrderPlaced['lines'][number]

/** A line before it is written down: indexes and integers. */
export interface BasketLine {
  product: number
  units: number
  unitPrice: Amount
  discount: Amount
  tax: Amount
}

const MORE_LINES = 1.5
const MOST_LINES = 9
const MORE_UNITS = 0.3
const FAVOURITE = 0.4
const COMPANION = 0.35
/** Reduced by hand, beside promotions: a dent, a day before its date. */
const REDUCED = 0.04
const REDUCTIONS = [0.1, 0.2, 0.3, 0.5]
/** How often a customer takes something else before going without. */
const SUBSTITUTES = 2

/** What one customer takes to the till, from what is on the shelves; empty when nothing they want is there. */
export function fillBasket(trading: TradingShop, at: Instant, customer: Customer | null): BasketLine[] {
  const { random } = trading
  const demand = demandAt(trading, at)
  const wanted = Math.min(MOST_LINES, 1 + random.poisson(MORE_LINES))
  const basket: BasketLine[] = []
  for (let line = 0; line < wanted; line += 1) {
    const product = choose(trading, { demand, basket, customer })
    if (product !== null) basket.push(lineOf(trading, demand, product))
  }
  return basket
}

function choose(
  trading: TradingShop,
  { demand, basket, customer }: { demand: DayDemand; basket: BasketLine[]; customer: Customer | null },
): number | null {
  const { random, state, world } = trading
  const last = basket.at(-1)
  for (let attempt = 0; attempt <= SUBSTITUTES; attempt += 1) {
    let product: number | undefined
    if (attempt === 0 && last && random.chance(COMPANION)) {
      const companion = random.pick(world.products[last.product]?.companions ?? [])
      product = random.chance(demand.lives[companion] ?? 0) ? companion : pickWanted(demand, random)
    } else if (attempt === 0 && !last && customer && random.chance(FAVOURITE)) {
      product = pickWanted(demand, random, customer.favourite)
    } else product = pickWanted(demand, random)
    if (basket.some(line => line.product === product)) continue
    if ((state.onHand?.[product] ?? 0) > 0) return product
    // What is taken in its stead is a sale of something else.
    if (attempt === 0) miss(trading, demand, product, unitsWanted(trading, product))
  }
  return null
}

/** What a customer came for and did not get, of goods that the shop wants to have. */
function miss(trading: TradingShop, { day }: DayDemand, product: number, units: number): void {
  const { world, onMissed } = trading
  if (units > 0 && isSold(world.products[product]?.lifeCycle ?? null, day))
    onMissed?.({ day, product, units })
}

function unitsWanted({ random, world }: TradingShop, product: number): number {
  const mostUnits = world.products[product]?.category.mostUnits ?? 1
  return Math.min(
    mostUnits,
    mostUnits === 1 ? 1 : 1 + random.poisson(MORE_UNITS * Math.min(3, mostUnits - 1)),
  )
}

function lineOf(trading: TradingShop, demand: DayDemand, index: number): BasketLine {
  const { random, shop, state, world } = trading
  const product = world.products[index]
  if (!product) throw new RangeError(`there is no product ${index}`)
  const wanted = unitsWanted(trading, index)
  const units = Math.min(wanted, state.onHand?.[index] ?? 0)
  miss(trading, demand, index, wanted - units)
  const unitPrice = unitPriceOf(product, { shop, shelfPrice: demand.prices[index] ?? 0, random })
  const price = units * unitPrice
  const share = demand.discounts[index] || (random.chance(REDUCED) ? random.pick(REDUCTIONS) : 0)
  const discount = share === 0 ? 0 : Math.min(price, roundTo(Math.round(price * share), shop.priceDecimals))
  return { product: index, units, unitPrice, discount, tax: Math.round((price - discount) * shop.taxRate) }
}

/** What the till asks for one unit: the shelf price, or what the scales say. */
function unitPriceOf(
  { category }: Product,
  { shop, shelfPrice, random }: { shop: Shop; shelfPrice: Amount; random: Random },
): Amount {
  if (!category.weighed) return shelfPrice
  const price = shelfPrice * random.integer(60, 480)
  // A yen has no parts.
  return shop.priceDecimals === 0 ? roundTo(price, 0) : price
}

export function writeLine(line: BasketLine, products: readonly Product[]): OrderLine {
  const written: OrderLine = {
    sku: products[line.product]?.sku ?? '',
    units: line.units,
    unitPrice: decimal(line.unitPrice),
  }
  if (line.discount > 0) written.discount = decimal(line.discount)
  if (line.tax > 0) written.tax = decimal(line.tax)
  return written
}
