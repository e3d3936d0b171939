import { CATEGORIES } from './categories.ts'
import type { Random } from './random.ts'
import { ordinaryOrders, type World } from './world.ts'

/** Somebody who comes back, as far as a shop can know. What they like follows from who they are. */
export interface Customer {
  id: string
  /** The category they come for, by index. */
  favourite: number
}

/** Customers of a shop in proportion to its orders of a day. */
const CUSTOMERS_PER_ORDER = 18
/** Some come every other day, most seldom. */
const SKEW = 1.35
/** Who shops where they always do, and when they always do. */
const AT_HOME = 0.88
const AT_THEIR_HOUR = 0.7
/** Before noon, the afternoon, after five. */
const BANDS = 3
const NUMBERS_PER_SHOP = 1_000_000

/**
 * Who stands at a till. Customers of a shop are numbered; every third of them comes in the same part of the day,
 * and low numbers come often.
 * @param home index of the shop where they are now
 * @param hour local hour
 */
export function drawCustomer(
  world: World,
  random: Random,
  { home, hour }: { home: number; hour: number },
): Customer {
  const place = random.chance(AT_HOME) ? home : random.integer(0, world.shops.length - 1)
  const shop = world.shops[place]
  const count = shop ? ordinaryOrders(world, shop) * CUSTOMERS_PER_ORDER : 1
  const band = random.chance(AT_THEIR_HOUR) ? bandOf(hour) : random.integer(0, BANDS - 1)
  const number = band + BANDS * Math.floor((random.next() ** SKEW * count) / BANDS)
  return {
    id: `c-${(place + 1) * NUMBERS_PER_SHOP + (number % NUMBERS_PER_SHOP)}`,
    // Knuth's multiplicative hash: neighbours like different things.
    favourite: (Math.imul(number + place + 1, 2_654_435_761) >>> 16) % CATEGORIES.length,
  }
}

function bandOf(hour: number): number {
  if (hour < 12) return 0
  return hour < 17 ? 1 : 2
}
