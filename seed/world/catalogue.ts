import { faker } from '@faker-js/faker/locale/en'
import { AMOUNT_SCALE, type Amount } from '#domain/money.ts'
import { CATEGORIES, type Category } from './categories.ts'
import { createRandom, type Random } from './random.ts'

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
}

export const PRODUCTS_PER_CATEGORY = 25
/** Suppliers that share a category; most of them supply others too. */
const SUPPLIERS_PER_CATEGORY = 3
const COMPANIONS = 3
const TYPICAL_GRAMS = 270

/** The products of all stores: 500 of them, category by category, the same for the same seed. */
export function catalogueOf(randomSeed: number): Product[] {
  const random = createRandom(randomSeed, 'catalogue')
  const suppliers = suppliersOf(randomSeed)
  const ranks = shuffled(
    Array.from({ length: CATEGORIES.length * PRODUCTS_PER_CATEGORY }, (_, index) => index + 1),
    random,
  )
  return CATEGORIES.flatMap((category, categoryIndex) => {
    const items = category.items.split(', ')
    const makers = Array.from(
      { length: SUPPLIERS_PER_CATEGORY },
      // Steps that share no factor with the count: three different ones, and each in two or three categories.
      (_, place) => suppliers[(categoryIndex + place * 9) % suppliers.length],
    ).filter(supplier => supplier !== undefined)
    return Array.from({ length: PRODUCTS_PER_CATEGORY }, (_, place) => {
      const index = categoryIndex * PRODUCTS_PER_CATEGORY + place
      // The second round through the items is another maker's, so that no name comes twice.
      const supplier = makers[(place + Math.floor(place / items.length)) % makers.length]
      const item = items[place % items.length]
      if (!supplier || item === undefined) throw new RangeError(`${category.name} has no items or suppliers`)
      return {
        sku: `${category.code}${String(index + 1).padStart(4, '0')}`,
        name: `${supplier.brand} ${item}`,
        item,
        category,
        supplier,
        ...pricesOf(category, random),
        // Zipf with a gentle exponent: a fifth of the products makes about half of the sales.
        popularity: (ranks[index] ?? ranks.length) ** -0.8,
        quality: Math.min(4.9, Math.max(2.2, random.normal(4.05, 0.55))),
        companions: companionsOf(index, category, random),
      }
    })
  })
}

function pricesOf(category: Category, random: Random): Pick<Product, 'listPrice' | 'unitCost' | 'packSize'> {
  // Prices crowd at the lower end of a category, as they do on shelves.
  const level = random.next() ** 1.3
  const euros = category.priceFrom * (category.priceTo / category.priceFrom) ** level
  const listPrice = roundTo(Math.round(euros * AMOUNT_SCALE), category.decimals)
  const costShare = 0.42 + 0.2 * random.next()
  return {
    listPrice,
    unitCost: Math.max(1, Math.round(listPrice * costShare * (category.weighed ? TYPICAL_GRAMS : 1))),
    packSize: Math.max(1, Math.round(category.packSize * (level < 0.5 ? 1 : 0.5))),
  }
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

/** Who delivers. Its terms hold for all of its products. */
export interface Supplier {
  id: string
  name: string
  /** On what it makes stands this. */
  brand: string
  leadTimeDays: number
  /** How often it delivers later than it said, as a fraction. */
  unreliability: number
  /** Ordered from by the buyer, once a week, and not by the shops every day. */
  isBuyers: boolean
}

const SUPPLIER_COUNT = 28
/** One in so many is the buyer's. */
const BUYERS_SHARE = 9
const LEAD_TIMES_DAYS = [1, 1, 2, 2, 2, 3, 3, 4, 5]

/** The suppliers of all stores, the same for the same seed. */
function suppliersOf(randomSeed: number): Supplier[] {
  const random = createRandom(randomSeed, 'suppliers')
  faker.seed(randomSeed)
  const suppliers = new Map<string, Supplier>()
  const brands = new Set<string>()
  while (suppliers.size < SUPPLIER_COUNT) {
    const name = faker.company.name()
    const brand = faker.person.lastName()
    const id = slugOf(name)
    if (suppliers.has(id) || brands.has(brand)) continue
    brands.add(brand)
    const isBuyers = suppliers.size % BUYERS_SHARE === 4
    const leadTimeDays = random.pick(LEAD_TIMES_DAYS)
    const unreliability = Math.round((0.03 + 0.22 * random.next() ** 2) * 100) / 100
    suppliers.set(id, { id, name, brand, leadTimeDays, unreliability, isBuyers })
  }
  return [...suppliers.values()]
}

/** 'Smith, Kuhn and Sons' is 'smith-kuhn-and-sons'. */
function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}
