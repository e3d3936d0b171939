import type { Faker } from '@faker-js/faker'
import { CATEGORIES } from './categories.ts'
import type { Random } from './random.ts'
import type { Shop } from './stores.ts'
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
 * and low numbers come often. Some are another shop's of the same city; on the web anybody's.
 * @param home index of the shop where they are now
 * @param hour local hour
 */
export function drawCustomer(
  world: World,
  random: Random,
  { home, hour }: { home: number; hour: number },
): Customer {
  const place = random.chance(AT_HOME) ? home : random.pick(withinReach(world, home))
  const shop = world.shops[place]
  const count = shop ? customerCount(world, shop) : 1
  const bandNow = hour < 12 ? 0 : hour < 17 ? 1 : 2
  const band = random.chance(AT_THEIR_HOUR) ? bandNow : random.integer(0, BANDS - 1)
  const number = band + BANDS * Math.floor((random.next() ** SKEW * count) / BANDS)
  return {
    id: idOf(place, number),
    // Knuth's multiplicative hash: neighbours like different things.
    favourite: (Math.imul(number + place + 1, 2_654_435_761) >>> 16) % CATEGORIES.length,
  }
}

/**
 * Shops whose customers may stand here too: those of one city, and on the web everybody's. Nobody buys in Berlin and in
 * Tokyo on one day, unless it is planted.
 */
function withinReach({ shops }: World, home: number): number[] {
  const here = shops[home]
  return shops.flatMap((shop, place) =>
    here?.channel === 'online' || shop === here || (shop.channel === 'pos' && isSameCity(shop, here))
      ? [place]
      : [],
  )
}

/** Branches stand where the first of them does. */
function isSameCity({ location }: Shop, other: Shop | undefined): boolean {
  return (
    location !== null &&
    location.latitude === other?.location?.latitude &&
    location.longitude === other.location.longitude
  )
}

function customerCount(world: World, shop: Shop): number {
  return ordinaryOrders(world, shop) * CUSTOMERS_PER_ORDER
}

function idOf(place: number, number: number): string {
  return `c-${(place + 1) * NUMBERS_PER_SHOP + (number % NUMBERS_PER_SHOP)}`
}

/** What a shop has on file of a customer. */
export interface CustomerRecord {
  customer: string
  name: string
  /** Of those who have something sent home. */
  address: { street: string; postcode: string; city: string; country: string } | null
}

/** What people are called, and where they live, by the zone of their store. Tokyo's cards are in Latin letters. */
const HOMES: Readonly<Record<string, { country: string; faker(): Promise<{ faker: Faker }> }>> = {
  'Europe/Berlin': { country: 'DE', faker: () => import('@faker-js/faker/locale/de') },
  'Europe/London': { country: 'GB', faker: () => import('@faker-js/faker/locale/en_GB') },
  'America/New_York': { country: 'US', faker: () => import('@faker-js/faker/locale/en_US') },
  'Asia/Tokyo': { country: 'JP', faker: () => import('@faker-js/faker/locale/en') },
  'Europe/Madrid': { country: 'ES', faker: () => import('@faker-js/faker/locale/es') },
  'Australia/Sydney': { country: 'AU', faker: () => import('@faker-js/faker/locale/en_AU') },
  'Europe/Lisbon': { country: 'PT', faker: () => import('@faker-js/faker/locale/pt_PT') },
}

/**
 * Everybody whom `drawCustomer` can draw, shop by shop. Who has a number has the same name whatever the number
 * of stores and orders.
 */
export async function customerRecords(world: World): Promise<CustomerRecord[]> {
  const records: CustomerRecord[] = []
  for (const [place, shop] of world.shops.entries()) {
    const home = HOMES[shop.zone]
    if (!home) throw new RangeError(`nobody knows what people in ${shop.zone} are called`)
    const { faker } = await home.faker()
    faker.seed([world.randomSeed, place])
    // The numbers of a part of the day begin below the count, and end beyond it by less than there are parts.
    const count = Math.min(NUMBERS_PER_SHOP, Math.ceil(customerCount(world, shop)) + BANDS)
    for (let number = 0; number < count; number += 1) {
      records.push({
        customer: idOf(place, number),
        name: `${faker.person.firstName()} ${faker.person.lastName()}`,
        address:
          shop.channel === 'online'
            ? {
                street: faker.location.streetAddress(),
                postcode: faker.location.zipCode(),
                city: faker.location.city(),
                country: home.country,
              }
            : null,
      })
    }
  }
  return records
}
