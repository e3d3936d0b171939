import { AMOUNT_SCALE, type Amount } from '#domain/money.ts'
import { CATEGORIES, type Category } from './categories.ts'
import { drawLifeCycle, type LifeCycle } from './life-cycles.ts'
import { createRandom, type Random } from './random.ts'
import { type Supplier, suppliersOf } from './suppliers.ts'

/** A product of the world. Which one it is never changes with the number of stores or days. */
export interface Product {
  sku: string
  name: string
  /** What it is, without the brand. */
  item: string
  category: Category
  supplier: Supplier
  /** EUR; of one gram where it is weighed. */
  listPrice: Amount
  /** What the supplier asks for one, EUR. */
  unitCost: Amount
  /** The supplier sells whole packs of so many units. */
  packSize: number
  /** How often it is bought in proportion to the others. */
  popularity: number
  /** What customers think of it, as stars out of five on average. */
  quality: number
  /** Indexes of products that go with it. */
  companions: readonly number[]
  /** Of an edition that comes each year; null: it is there all year. */
  lifeCycle: LifeCycle | null
}

export const PRODUCTS_PER_CATEGORY = 25
/** Suppliers that share a category; most of them supply others too. */
const SUPPLIERS_PER_CATEGORY = 3
const COMPANIONS = 3
const TYPICAL_GRAMS = 270
/** Of a category's products, those that come as editions. */
const EDITIONS_PER_CATEGORY = 2

/** The products of all stores: 500 of them, category by category, the same for the same seed. */
export function catalogueOf(randomSeed: number): Product[] {
  const random = createRandom(randomSeed, 'catalogue')
  const suppliers = suppliersOf(randomSeed)
  // Apart, so that they shift nothing else that is drawn.
  const editions = createRandom(randomSeed, 'editions')
  const ranks = shuffled(
    Array.from({ length: CATEGORIES.length * PRODUCTS_PER_CATEGORY }, (_, index) => index + 1),
    random,
  )
  const products = CATEGORIES.flatMap((category, categoryIndex) => {
    const { items } = category
    const makers = Array.from(
      { length: SUPPLIERS_PER_CATEGORY },
      // Steps that share no factor with the count: three different ones, and each in two or three categories.
      (_, place) => suppliers[(categoryIndex + place * 9) % suppliers.length],
    ).filter(supplier => supplier !== undefined)
    const firstEdition = editions.integer(0, PRODUCTS_PER_CATEGORY - EDITIONS_PER_CATEGORY)
    return Array.from({ length: PRODUCTS_PER_CATEGORY }, (_, place) => {
      const index = categoryIndex * PRODUCTS_PER_CATEGORY + place
      // The second round through the items is another maker's, so that no name comes twice.
      const supplier = makers[(place + Math.floor(place / items.length)) % makers.length]
      const item = items[place % items.length]
      if (!supplier || item === undefined) throw new RangeError(`${category.name} has no items or suppliers`)
      return {
        sku: `${category.code}${String(index + 1).padStart(4, '0')}`,
        name: `${supplier.brand} ${item.name}`,
        item: item.name,
        category,
        supplier,
        ...pricesOf(category, item.price, random),
        // Zipf with a gentle exponent: a fifth of the products makes about half of the sales. What is dear is bought
        // less often.
        popularity: (ranks[index] ?? ranks.length) ** -0.7 * priceOfOne(item.price, category) ** -0.4,
        quality: Math.min(4.9, Math.max(2.2, random.normal(4.05, 0.55))),
        companions: companionsOf(index, category, random),
        lifeCycle:
          firstEdition <= place && place < firstEdition + EDITIONS_PER_CATEGORY
            ? drawLifeCycle(editions)
            : null,
      }
    })
  })
  return withoutOneForAll(products)
}

/** What a customer pays for one, about, in EUR. */
function priceOfOne(price: number, { weighed }: Category): number {
  return weighed ? price * TYPICAL_GRAMS : price
}

/** How far a maker's price is from what an item usually costs. */
const MAKERS_PRICES = [0.86, 0.92, 0.96, 1, 1, 1.05, 1.12, 1.22]

function pricesOf(
  category: Category,
  price: number,
  random: Random,
): Pick<Product, 'listPrice' | 'unitCost' | 'packSize'> {
  const listPrice = priceEnding(
    Math.round(price * random.pick(MAKERS_PRICES) * AMOUNT_SCALE),
    category.decimals,
  )
  const costShare = 1 - category.margin + 0.1 * (random.next() - 0.5)
  return {
    listPrice,
    unitCost: Math.max(1, Math.round(listPrice * costShare * (category.weighed ? TYPICAL_GRAMS : 1))),
    packSize: Math.max(1, Math.round(category.packSize * (price <= medianPriceOf(category) ? 1 : 0.5))),
  }
}

function medianPriceOf({ items }: Category): number {
  const prices = items.map(({ price }) => price).sort((left, right) => left - right)
  return prices[Math.floor(prices.length / 2)] ?? 0
}

/** Of the sales of all products at their list prices, one has at most this part. */
const MOST_OF_SALES = 0.018
/** Cutting one part down raises the others': so often is enough. */
const CAPPINGS = 12

/** Popularities of which none makes more of the sales than shops see of one product. */
function withoutOneForAll(products: readonly Product[]): Product[] {
  const worth = products.map(({ listPrice, category }) => listPrice * (category.weighed ? TYPICAL_GRAMS : 1))
  let popularities = products.map(({ popularity }) => popularity)
  for (let round = 0; round < CAPPINGS; round += 1) {
    const sales = popularities.reduce((sum, popularity, index) => sum + popularity * (worth[index] ?? 0), 0)
    popularities = popularities.map((popularity, index) =>
      Math.min(popularity, (MOST_OF_SALES * sales) / (worth[index] ?? 1)),
    )
  }
  return products.map((product, index) => ({ ...product, popularity: popularities[index] ?? 0 }))
}

/** One of its own category, and of those that go with it. */
function companionsOf(index: number, category: Category, random: Random): number[] {
  const own = index - (index % PRODUCTS_PER_CATEGORY)
  const companions = [
    own + ((index - own + random.integer(1, PRODUCTS_PER_CATEGORY - 1)) % PRODUCTS_PER_CATEGORY),
  ]
  while (companions.length < COMPANIONS) {
    const wanted = random.pick(category.goesWith)
    const other = CATEGORIES.findIndex(({ name }) => name === wanted)
    companions.push(other * PRODUCTS_PER_CATEGORY + random.integer(0, PRODUCTS_PER_CATEGORY - 1))
  }
  return companions
}

/** Where prices below so much end, in hundredths of a unit: as shops have them. */
const ENDINGS = [
  { below: 1, every: 0.1, on: 0.09 },
  { below: 10, every: 0.5, on: 0.49 },
  { below: 40, every: 1, on: 0.99 },
  { below: Number.POSITIVE_INFINITY, every: 5, on: 4.99 },
] as const

/**
 * The nearest price of the kind that shops write: 0.89, 3.49, 24.99, 79.99; without cents 349, 2,499. Goods by the gram or
 * the decimetre are rounded alone.
 * @param decimals of the price
 */
export function priceEnding(amount: Amount, decimals: number): Amount {
  if (decimals > 2) return roundTo(amount, decimals)
  // Without cents the last digits stand for them.
  const unit = decimals === 0 ? 100 * AMOUNT_SCALE : AMOUNT_SCALE
  const { every, on } = ENDINGS.find(({ below }) => amount < below * unit) ?? ENDINGS[0]
  const steps = Math.max(0, Math.round((amount / unit - on) / every))
  return roundTo(Math.round((steps * every + on) * unit), decimals)
}

/** Rounds to a number of decimals, never to nothing. */
export function roundTo(amount: Amount, decimals: number): Amount {
  const step = 10 ** (4 - decimals)
  return Math.max(step, Math.round(amount / step) * step)
}

function shuffled<Item>(items: Item[], random: Random): Item[] {
  const order = [...items]
  for (let index = order.length - 1; index > 0; index -= 1) {
    const other = random.integer(0, index)
    const [left, right] = [order[index], order[other]]
    if (left !== undefined && right !== undefined) [order[index], order[other]] = [right, left]
  }
  return order
}
