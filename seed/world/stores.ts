import type { Store } from '#domain/enrich.ts'
import { partitionOf } from '#domain/partition.ts'

/** A store of the seeded world: what the log knows of it, and how it trades. */
export interface Shop extends Store {
  /** Orders of this store in proportion to the others'. */
  size: number
  /** Tills; the online store has none. */
  registers: readonly string[]
  /** Hours of the local day between which it sells, [opens, closes). */
  opens: number
  closes: number
  /** Price of one EUR of list price in the store's currency. */
  priceFactor: number
  /** Decimals its prices end on. */
  priceDecimals: number
  /** Added at the till where prices exclude it, as a fraction. */
  taxRate: number
  /** Where it is summer in January. */
  isSouthern: boolean
}

type Plan = Omit<Shop, 'partition' | 'registers'> & { tills: number }

const pos = {
  channel: 'pos',
  input: 'live',
  taxInclusive: true,
  cutOverHour: 4,
  priceDecimals: 2,
  taxRate: 0,
  isSouthern: false,
} as const

// The first four already span three zones, three currencies and both channels, and lie in four partitions; all
// eight lie two in each. Two small ones have tills of the old kind, which only write a journal at close.
const PLANS: readonly Plan[] = [
  {
    ...pos,
    id: 'berlin-mitte',
    name: 'Berlin Mitte',
    zone: 'Europe/Berlin',
    currency: 'EUR',
    priceFactor: 1,
    size: 1.2,
    tills: 3,
    opens: 8,
    closes: 21,
  },
  {
    ...pos,
    id: 'london-borough',
    name: 'London Borough',
    zone: 'Europe/London',
    currency: 'GBP',
    priceFactor: 0.92,
    size: 1,
    tills: 2,
    opens: 8,
    closes: 21,
  },
  {
    ...pos,
    id: 'new-york-chelsea',
    name: 'New York Chelsea',
    zone: 'America/New_York',
    currency: 'USD',
    priceFactor: 1.15,
    size: 1.1,
    tills: 3,
    opens: 8,
    closes: 22,
    taxInclusive: false,
    taxRate: 0.08875,
  },
  {
    ...pos,
    id: 'web-shop',
    name: 'Web shop',
    zone: 'Europe/Berlin',
    currency: 'EUR',
    priceFactor: 1,
    size: 1.5,
    tills: 0,
    opens: 0,
    closes: 24,
    channel: 'online',
    cutOverHour: 0,
  },
  {
    ...pos,
    id: 'tokyo-shibuya',
    name: 'Tokyo Shibuya',
    zone: 'Asia/Tokyo',
    currency: 'JPY',
    priceFactor: 165,
    priceDecimals: 0,
    size: 1,
    tills: 2,
    opens: 9,
    closes: 22,
  },
  {
    ...pos,
    id: 'madrid-sol',
    input: 'journal',
    name: 'Madrid Sol',
    zone: 'Europe/Madrid',
    currency: 'EUR',
    priceFactor: 0.95,
    size: 0.8,
    tills: 2,
    opens: 9,
    closes: 22,
  },
  {
    ...pos,
    id: 'sydney-newtown',
    isSouthern: true,
    name: 'Sydney Newtown',
    zone: 'Australia/Sydney',
    currency: 'AUD',
    priceFactor: 1.7,
    size: 0.7,
    tills: 2,
    opens: 8,
    closes: 20,
  },
  {
    ...pos,
    id: 'lisbon-baixa',
    input: 'journal',
    name: 'Lisbon Baixa',
    zone: 'Europe/Lisbon',
    currency: 'EUR',
    priceFactor: 0.9,
    size: 0.6,
    tills: 1,
    opens: 9,
    closes: 21,
  },
]

/** How many partitions the log of a new installation has. */
export const PARTITION_COUNT = 4

/** The first `count` stores of the world. Beyond the planned ones they are branches of those: 'berlin-mitte-2'. */
export function shopsOf(count: number): Shop[] {
  return Array.from({ length: count }, (_, index) => {
    const plan = PLANS[index % PLANS.length]
    if (!plan) throw new RangeError('there are no plans of stores')
    const branch = Math.floor(index / PLANS.length) + 1
    return shopOf(
      branch === 1 ? plan : { ...plan, id: `${plan.id}-${branch}`, name: `${plan.name} ${branch}` },
    )
  })
}

function shopOf({ tills, ...plan }: Plan): Shop {
  return {
    ...plan,
    partition: partitionOf(plan.id, PARTITION_COUNT),
    registers: Array.from({ length: tills }, (_, index) => `till-${index + 1}`),
  }
}
