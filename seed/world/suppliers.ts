import { faker } from '@faker-js/faker/locale/en'
import { createRandom, type Random } from './random.ts'

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

export const SUPPLIER_COUNT = 28
/** One in so many is the buyer's. */
const BUYERS_SHARE = 9
const LEAD_TIMES_DAYS = [1, 1, 2, 2, 2, 3, 3, 4, 5]

/** The suppliers of all stores, the same for the same seed. */
export function suppliersOf(randomSeed: number): Supplier[] {
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
    suppliers.set(id, { id, name, brand, ...termsOf(random), isBuyers })
  }
  return [...suppliers.values()]
}

function termsOf(random: Random): Pick<Supplier, 'leadTimeDays' | 'unreliability'> {
  return {
    leadTimeDays: random.pick(LEAD_TIMES_DAYS),
    unreliability: Math.round((0.03 + 0.22 * random.next() ** 2) * 100) / 100,
  }
}

/** 'Smith, Kuhn and Sons' is 'smith-kuhn-and-sons'. */
function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}
