import { AMOUNT_SCALE, type Amount, formatAmount } from '#domain/money.ts'
import type { Random } from '../random.ts'
import { type Product, roundTo } from '../world/catalogue.ts'
import type { Shop } from '../world/stores.ts'
import type { OrderPlaced, TradingShop } from './shop-state.ts'

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
const COMPANION = 0.3
const DISCOUNTED = 0.1
const DISCOUNTS = [0.05, 0.1, 0.1, 0.15, 0.2, 0.3]
/** How often a customer takes something else before going without. */
const SUBSTITUTES = 2

/** What one customer takes to the till, from what is on the shelves; empty when nothing they want is there. */
export function fillBasket(trading: TradingShop): BasketLine[] {
  const { random, world } = trading
  const wanted = Math.min(MOST_LINES, 1 + random.poisson(MORE_LINES))
  const basket = new Map<number, BasketLine>()
  let last: Product | undefined
  for (let line = 0; line < wanted; line += 1) {
    const product = choose(trading, last, basket)
    if (product === null) continue
    last = world.products[product]
    if (last) basket.set(product, lineOf(trading, product, last))
  }
  return [...basket.values()]
}

function choose(
  trading: TradingShop,
  last: Product | undefined,
  basket: ReadonlyMap<number, unknown>,
): number | null {
  const { random, state } = trading
  for (let attempt = 0; attempt <= SUBSTITUTES; attempt += 1) {
    const product =
      attempt === 0 && last && random.chance(COMPANION)
        ? random.pick(last.companions)
        : trading.pickProduct(random)
    if (!basket.has(product) && (state.onHand?.[product] ?? 0) > 0) return product
  }
  return null
}

function lineOf({ random, shop, state }: TradingShop, index: number, product: Product): BasketLine {
  const onHand = state.onHand?.[index] ?? 0
  const units = Math.min(
    1 + random.poisson(MORE_UNITS * Math.min(3, product.category.mostUnits - 1)),
    product.category.mostUnits,
    onHand,
  )
  const unitPrice = unitPriceOf(product, shop, random)
  const price = units * unitPrice
  const discount = random.chance(DISCOUNTED)
    ? Math.min(price, roundTo(Math.round(price * random.pick(DISCOUNTS)), shop.priceDecimals))
    : 0
  return { product: index, units, unitPrice, discount, tax: Math.round((price - discount) * shop.taxRate) }
}

/** What the till asks for one unit: the shelf price, or what the scales say. */
function unitPriceOf(product: Product, shop: Shop, random: Random): Amount {
  if (product.category.weighed) return shelfPriceOf(product, shop) * random.integer(60, 480)
  return shelfPriceOf(product, shop)
}

/** The price on the shelf in the store's currency; of a gram where the product is weighed. */
export function shelfPriceOf(product: Product, shop: Shop): Amount {
  const price = Math.round(product.listPrice * shop.priceFactor)
  const decimals = shop.priceDecimals === 0 && !product.category.weighed ? 0 : product.category.decimals
  return roundTo(price, decimals)
}

export function writeLine(line: BasketLine, products: readonly Product[]): OrderLine {
  return {
    sku: products[line.product]?.sku ?? '',
    units: line.units,
    unitPrice: decimal(line.unitPrice),
    ...(line.discount > 0 ? { discount: decimal(line.discount) } : {}),
    ...(line.tax > 0 ? { tax: decimal(line.tax) } : {}),
  }
}

/** A decimal as a till prints it: two decimals, more only where there are more. */
export function decimal(amount: Amount): string {
  const text = formatAmount(amount)
  if (amount % AMOUNT_SCALE === 0 || amount % 100 === 0) return text.slice(0, -2)
  return amount % 10 === 0 ? text.slice(0, -1) : text
}
