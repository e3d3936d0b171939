import { faker } from '@faker-js/faker/locale/en'
import { AMOUNT_SCALE, type Amount } from '#domain/money.ts'
import { createRandom } from '../random.ts'
import { CATEGORIES } from './categories.ts'

/** A product of the world. Which one it is never changes with the number of stores or days. */
export interface Product {
  sku: string
  name: string
  category: string
  supplier: string
  leadTimeDays: number
  /** EUR; of one gram where it is weighed. */
  listPrice: Amount
  /** What the supplier asks for one, EUR. */
  unitCost: Amount
  priceDecimals: number
  mostUnits: number
  weighed: boolean
  /** How often it is bought in proportion to the others. */
  popularity: number
  /** Indexes of products that go with it. */
  companions: readonly number[]
}

/** The products of all stores: 120 of them, the same for the same seed. */
export function catalogueOf(randomSeed: number): Product[] {
  const random = createRandom(randomSeed, 'catalogue')
  faker.seed(randomSeed)
  faker.setDefaultRefDate('2026-01-01T00:00:00Z')
  const items = CATEGORIES.flatMap(category => category.items.map(item => ({ category, item })))
  const ranks = shuffled(
    items.map((_, index) => index + 1),
    random.integer,
  )
  return items.map(({ category, item }, index) => {
    // Prices crowd at the lower end of a category, as they do on shelves.
    const euros = category.priceFrom * (category.priceTo / category.priceFrom) ** (random.next() ** 1.3)
    const listPrice = roundTo(Math.round(euros * AMOUNT_SCALE), category.decimals)
    return {
      sku: `${category.name.slice(0, 2).toUpperCase()}${String(index + 1).padStart(4, '0')}`,
      name: `${faker.person.lastName()} ${item}`,
      category: category.name,
      supplier: category.supplier,
      leadTimeDays: category.leadTimeDays,
      listPrice,
      unitCost: Math.max(1, Math.round(listPrice * (0.42 + 0.2 * random.next()))),
      priceDecimals: category.decimals,
      mostUnits: category.mostUnits,
      weighed: category.weighed ?? false,
      // Zipf with a gentle exponent: a fifth of the products makes about half of the sales.
      popularity: (ranks[index] ?? items.length) ** -0.8,
      companions: [random.integer(0, items.length - 1), random.integer(0, items.length - 1)],
    }
  })
}

/** Rounds to a number of decimals, never to nothing. */
export function roundTo(amount: Amount, decimals: number): Amount {
  const step = 10 ** (4 - decimals)
  return Math.max(step, Math.round(amount / step) * step)
}

function shuffled<Item>(items: Item[], integer: (least: number, most: number) => number): Item[] {
  const order = [...items]
  for (let index = order.length - 1; index > 0; index -= 1) {
    const other = integer(0, index)
    const [left, right] = [order[index], order[other]]
    if (left !== undefined && right !== undefined) [order[index], order[other]] = [right, left]
  }
  return order
}
