import type { BusinessDay } from '#domain/calendar.ts'
import type { SentEvent } from '#domain/event.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import { AMOUNT_SCALE, type Amount } from '#domain/money.ts'
import { type Customer, drawCustomer } from '#seed/world/customers.ts'
import { applyEvent, emptyTill } from './apply-event.ts'
import { type BasketLine, fillBasket, writeLine } from './basket.ts'
import { decimal } from './decimal.ts'
import { takePurchase } from './purchases.ts'
import { demandAt, documentId, header, type OrderPlaced, type TradingShop } from './shop-state.ts'
import { cardOf, cashierAt } from './till-hands.ts'

const KNOWN_CUSTOMERS = 0.45
const SPLIT_PAYMENTS = 0.03
const LEAST_SPLIT: Amount = 50_000
const TENDERS = {
  pos: ['card', 'card', 'card', 'cash', 'cash', 'mobile'],
  online: ['card', 'card', 'wallet', 'invoice'],
} as const
const NOT_RESTOCKED = 0.15
const REASONS = ['wrong size', 'did not like it', 'broken', 'gift', 'bought twice'] as const

/** An order at a till (or on the web, register null); null when the customer found nothing. */
export function sell(trading: TradingShop, at: Instant, register: string | null): OrderPlaced | null {
  const { shop, state, random, world } = trading
  if (!state.onHand) return null
  const customer = knownCustomer(trading, at)
  const basket = fillBasket(trading, at, customer)
  if (basket.length === 0) return null
  const total = totalOf(basket, shop.taxInclusive)
  const order: OrderPlaced = {
    ...orderHeader(trading, at, register),
    ...payment(trading, total),
    lines: basket.map(line => writeLine(line, world.products)),
  }
  if (customer) order.customer = customer.id
  Object.assign(order, cardOf(trading, { ...order, total }))
  if (shop.channel === 'online') order.session = `s-${random.integer(0x100000, 0xffffff).toString(16)}`
  applyEvent(trading, order)
  return order
}

/** What every order of a shop begins with. */
export function orderHeader(trading: TradingShop, at: Instant, register: string | null) {
  const head = header(trading, at, register)
  const { channel, currency } = trading.shop
  const orderId = documentId(trading, { kind: '', register, eventId: head.id })
  return {
    ...head,
    ...rungUpBy(trading, at, register),
    type: 'order.placed' as const,
    channel,
    currency,
    orderId,
  }
}

function rungUpBy(trading: TradingShop, at: Instant, register: string | null): { cashier?: string } {
  const cashier = cashierAt(trading, at, register)
  return cashier === undefined ? {} : { cashier }
}

/** What every return begins with: to the card that paid the order, and in cash where it names none. */
export function returnHeader(
  trading: TradingShop,
  at: Instant,
  {
    orderId,
    register,
    customer,
  }: { orderId: string | null; register: string | null; customer?: string | undefined },
) {
  const head = header(trading, at, register)
  const { channel, currency } = trading.shop
  return {
    ...head,
    ...rungUpBy(trading, at, register),
    type: 'order.returned' as const,
    channel,
    currency,
    orderId: documentId(trading, { kind: 'r-', register, eventId: head.id }),
    ...(customer === undefined ? {} : { customer }),
    ...(orderId === null
      ? { tender: 'cash' }
      : { originalOrderId: orderId, ...backToCard(trading, orderId, customer) }),
  }
}

function backToCard(trading: TradingShop, orderId: string, customer: string | undefined) {
  const tender = 'card'
  return {
    tender,
    ...cardOf(trading, { orderId, tender, total: 0, ...(customer !== undefined && { customer }) }),
  }
}

/** The cancellation of an order at its till. Within its business day: afterwards it would be a return. */
export function cancel(trading: TradingShop, at: Instant, order: OrderPlaced): SentEvent {
  const event: SentEvent = {
    ...order,
    ...header(trading, at, order.register ?? null),
    type: 'order.voided',
  }
  applyEvent(trading, event)
  return event
}

/** A customer brings back a part of an earlier order, or all of it; null when there is none to bring back. */
export function takeBack(trading: TradingShop, at: Instant, register: string | null): SentEvent | null {
  const { shop, random, world } = trading
  const purchase = takePurchase(trading, at)
  if (!purchase) return null
  // Refunds are paid out in coins. Cut, so that parts never add up to more than the whole.
  const coin = AMOUNT_SCALE / 10 ** shop.priceDecimals
  const kept = purchase.lines.length === 1 ? -1 : random.integer(0, purchase.lines.length - 1)
  const lines = purchase.lines
    .filter((_, index) => index !== kept)
    .map(([product, bought, paid]) => {
      const units = random.integer(1, bought)
      const isRestocked = !random.chance(NOT_RESTOCKED)
      return {
        sku: world.products[product]?.sku ?? '',
        units,
        refund: decimal(Math.floor((paid * units) / bought / coin) * coin),
        reason: random.pick(REASONS),
        ...(isRestocked ? {} : { restock: false }),
      }
    })
  const event: SentEvent = { ...returnHeader(trading, at, { ...purchase, register }), lines }
  applyEvent(trading, event)
  return event
}

/** What lies in a till before the first customer. */
const OPENING_FLOAT: Amount = 1_500_000
/** How often what is counted in the evening is not what should be there, and by how many coins at most. */
const MISCOUNTED = 0.08
const MOST_COINS_OFF = 500

/** The Z report of a till: what it took in on a business day. Its totals begin anew. */
export function closeTill(trading: TradingShop, at: Instant, register: string, day: BusinessDay): SentEvent {
  const { shop, state, random } = trading
  const known = state.tills[register]
  const totals = known?.businessDay === day ? known : emptyTill(day)
  const { orders, units, net, firstReceipt, lastReceipt } = totals
  delete state.tills[register]
  const coin = AMOUNT_SCALE / 10 ** shop.priceDecimals
  const off = random.chance(MISCOUNTED) ? coin * random.integer(-MOST_COINS_OFF, MOST_COINS_OFF) : 0
  const tenders = Object.entries(totals.tenders).sort(([one], [other]) => (one < other ? -1 : 1))
  const cash = totals.tenders.cash ?? 0
  return {
    ...header(trading, at, register),
    register,
    type: 'till.closed',
    businessDay: day,
    currency: shop.currency,
    orders,
    units,
    net: decimal(net),
    ...(tenders.length > 0 && {
      tenders: tenders.map(([type, amount]) => ({ type, amount: decimal(amount) })),
    }),
    openingFloat: decimal(OPENING_FLOAT),
    countedCash: decimal(Math.max(0, OPENING_FLOAT + cash + off)),
    ...(firstReceipt !== null && lastReceipt !== null && { firstReceipt, lastReceipt }),
  }
}

/** The web shop knows everybody; a till those who show a card. */
function knownCustomer(trading: TradingShop, at: Instant): Customer | null {
  const { shop, random, world } = trading
  if (shop.channel === 'pos' && !random.chance(KNOWN_CUSTOMERS)) return null
  const hour = shop.opens + Math.floor((at - demandAt(trading, at).opening) / HOUR_MS)
  return drawCustomer(world, random, { home: world.shops.indexOf(shop), hour })
}

function payment({ shop, random }: TradingShop, total: Amount): Pick<OrderPlaced, 'tender' | 'tenders'> {
  const tender = random.pick(TENDERS[shop.channel])
  if (total < LEAST_SPLIT || !random.chance(SPLIT_PAYMENTS)) return { tender }
  const voucher = 10_000 * random.integer(1, Math.floor(total / 20_000))
  return {
    tenders: [
      { type: 'voucher', amount: decimal(voucher) },
      { type: tender, amount: decimal(total - voucher) },
    ],
  }
}

function totalOf(basket: readonly BasketLine[], taxInclusive: boolean): Amount {
  return basket.reduce(
    (sum, line) => sum + line.units * line.unitPrice - line.discount + (taxInclusive ? 0 : line.tax),
    0,
  )
}
