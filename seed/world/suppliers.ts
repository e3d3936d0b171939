import { faker } from '@faker-js/faker/locale/en'
import { addDays, type BusinessDay } from '#domain/calendar.ts'
import { AMOUNT_SCALE, type Amount } from '#domain/money.ts'
import { createRandom, type Random } from './random.ts'

/** Who delivers. Its terms hold for all of its products. */
export interface Supplier {
  id: string
  name: string
  /** On what it makes stands this. */
  brand: string
  /** From an order to the first day on which it may come. */
  leadTimeDays: number
  /** Weekdays on which its lorry comes, 1 is Monday. */
  deliveryDays: readonly number[]
  /** How often it delivers later than it said, as a fraction. */
  unreliability: number
  /** Least value of an order, EUR; null: it takes any. */
  minimumValue: Amount | null
  /** What it brings by courier, and what that costs, EUR; null: it does not. */
  express: { minutes: number; fee: Amount } | null
  /** Ordered from by the buyer, once a week, and not by the shops every day. */
  isBuyers: boolean
}

const SUPPLIER_COUNT = 28
/** One in so many is the buyer's. */
const BUYERS_SHARE = 9
const LEAD_TIMES_DAYS = [1, 1, 2, 2, 2, 3, 3, 4, 5]
/** Nobody delivers on Sundays; who is far away comes twice a week. */
const ROUNDS: Record<'near' | 'far', readonly (readonly number[])[]> = {
  near: [
    [1, 2, 3, 4, 5, 6],
    [1, 2, 3, 4, 5, 6],
    [1, 2, 3, 4, 5],
  ],
  far: [
    [1, 2, 3, 4, 5],
    [1, 3, 5],
    [2, 4, 6],
    [2, 5],
  ],
}
const FAR_DAYS = 3
/** What a shop of the demo buys of one in a day or two, in EUR. */
const MINIMUM_VALUES = [null, 40, 60, 80, 120]
/** Most: whoever orders in the demo is to see goods come. */
const EXPRESS = { chance: 0.8, minutes: [10, 15, 20, 30], fees: [14.9, 19.9, 24.9, 34.9] }

/** The suppliers of all stores, the same for the same seed. */
export function suppliersOf(randomSeed: number): Supplier[] {
  const random = createRandom(randomSeed, 'suppliers')
  const terms = createRandom(randomSeed, 'terms of suppliers')
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
    suppliers.set(id, {
      id,
      name,
      brand,
      leadTimeDays,
      unreliability,
      isBuyers,
      ...drawTerms(terms, leadTimeDays),
    })
  }
  return [...suppliers.values()]
}

function drawTerms(
  random: Random,
  leadTimeDays: number,
): Pick<Supplier, 'deliveryDays' | 'minimumValue' | 'express'> {
  const deliveryDays = random.pick(leadTimeDays >= FAR_DAYS ? ROUNDS.far : ROUNDS.near)
  const minimum = MINIMUM_VALUES[random.integer(0, MINIMUM_VALUES.length - 1)] ?? null
  const minutes = random.pick(EXPRESS.minutes)
  const fee = Math.round(random.pick(EXPRESS.fees) * AMOUNT_SCALE)
  return {
    deliveryDays,
    minimumValue: minimum === null ? null : minimum * AMOUNT_SCALE,
    express: random.chance(EXPRESS.chance) ? { minutes, fee } : null,
  }
}

/** The first day from `earliest` on on which a supplier's lorry comes. */
export function deliveryDayOf(
  { deliveryDays }: Pick<Supplier, 'deliveryDays'>,
  earliest: BusinessDay,
): BusinessDay {
  for (let day = earliest; ; day = addDays(day, 1)) {
    if (deliveryDays.includes(new Date(`${day}T00:00:00Z`).getUTCDay() || 7)) return day
  }
}

/** Days from an order to its delivery, lead time and wait for the lorry: over the weekdays of orders, and at most. */
export function deliveryDaysOf({ leadTimeDays, deliveryDays }: Supplier): { mean: number; most: number } {
  const waits = [1, 2, 3, 4, 5, 6, 7].map(weekday => {
    let wait = 0
    while (!deliveryDays.includes(((weekday + wait - 1) % 7) + 1)) wait += 1
    return wait
  })
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length
  return { mean: leadTimeDays + mean, most: leadTimeDays + Math.max(...waits) }
}

/** 'Smith, Kuhn and Sons' is 'smith-kuhn-and-sons'. */
function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}
