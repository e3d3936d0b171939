import { businessDayOf } from '#domain/business-day.ts'
import { DAY_MS, HOUR_MS, type Instant } from '#domain/instant.ts'
import type { Amount } from '#domain/money.ts'
import { createRandom } from '#seed/world/random.ts'
import { demandAt, type OrderPlaced, type TradingShop } from './shop-state.ts'

// Who rings a document up, and which card pays it. Nothing here draws from the shop's own numbers: it follows from the
// world's seed and from what the document is, so that what people buy, and when, stays what it was without it.

/** Cashiers of a shop beyond those who sit at its tills in one shift. */
const SPARE_CASHIERS = 3
/** Two shifts a day: the second begins so long after opening. */
const SHIFT_MS = 6 * HOUR_MS

/** Who sits at a till at a time, 'k-104': the fourth of the first store. On the web nobody does. */
export function cashierAt(trading: TradingShop, at: Instant, register: string | null): string | undefined {
  const { shop, world } = trading
  const till = register === null ? -1 : shop.registers.indexOf(register)
  if (till < 0) return undefined
  const day = Date.parse(`${businessDayOf(at, shop)}T00:00:00Z`) / DAY_MS
  const shift = at < demandAt(trading, at).opening + SHIFT_MS ? 0 : 1
  // Round and round, so that nobody sits at two tills at once.
  const number = (2 * day + shift + till) % (shop.registers.length + SPARE_CASHIERS)
  return `k-${100 * (world.shops.indexOf(shop) + 1) + number + 1}`
}

/** Card payments without a token: a terminal that is not connected to the till. */
const UNTOLD = 0.02
/** The number is typed in: by phone, or the chip is broken. */
const TYPED_IN = 0.004
const CONTACTLESS = { small: 0.9, large: 0.35 }
/** In EUR of list prices: above, most terminals ask for a PIN. */
const SMALL: Amount = 500_000
/** Cards of people whom the shop does not know by name, by orders of a day: most come once in a while. */
const STRANGERS_PER_ORDER = 40

/**
 * What the terminal tells of a payment by card: the token that stands for the card, the same for the same card, and how
 * it was read. Nothing of other means of payment.
 * @param total what is paid, in the shop's currency
 */
export function cardOf(
  { shop, world }: TradingShop,
  { orderId, customer, tender, tenders, total }: Paid & { total: Amount },
): Pick<OrderPlaced, 'cardToken' | 'entryMode'> {
  if (tender !== 'card' && !tenders?.some(({ type }) => type === 'card')) return {}
  const random = createRandom(world.randomSeed, 'card', orderId)
  const isUntold = random.chance(UNTOLD)
  const stranger = random.integer(
    1,
    Math.ceil((STRANGERS_PER_ORDER * world.ordersPerDay * shop.size) / world.totalSize),
  )
  const cardToken = customer === undefined ? `t-${shop.id}-${stranger}` : cardOfCustomer(customer)
  const isSmall = total < SMALL * shop.priceFactor
  const isTypedIn = random.chance(TYPED_IN)
  const isContactless = random.chance(isSmall ? CONTACTLESS.small : CONTACTLESS.large)
  const entryMode =
    shop.channel === 'online' ? 'online' : isTypedIn ? 'manual' : isContactless ? 'contactless' : 'chip'
  return isUntold ? { entryMode } : { cardToken, entryMode }
}

/** The card of somebody whom the shops know. */
export function cardOfCustomer(customer: string): string {
  return `t-${customer}`
}

type Paid = Pick<OrderPlaced, 'orderId' | 'customer' | 'tender' | 'tenders'>
