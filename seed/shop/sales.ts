import { type BusinessDay, businessDayOf } from '#domain/business-day.ts'
import type { SentEvent } from '#domain/event.ts'
import type { Instant } from '#domain/instant.ts'
import { type Amount, parseAmount } from '#domain/money.ts'
import { type BasketLine, decimal, fillBasket, writeLine } from './basket.ts'
import { header, type OrderPlaced, type TradingShop } from './shop-state.ts'

const KNOWN_CUSTOMERS = 0.45
const SPLIT_PAYMENTS = 0.03
const TENDERS = {
  pos: ['card', 'card', 'card', 'cash', 'cash', 'mobile'],
  online: ['card', 'card', 'wallet', 'invoice'],
} as const
const NOT_RESTOCKED = 0.15
const REASONS = ['wrong size', 'did not like it', 'broken', 'gift', 'bought twice'] as const
/** Orders that a shop remembers for returns. */
const REMEMBERED_ORDERS = 60

/** An order at a till (or on the web, register null); null when the customer found nothing. */
export function sell(trading: TradingShop, at: Instant, register: string | null): OrderPlaced | null {
  const { shop, state, random, world } = trading
  const basket = fillBasket(trading)
  if (basket.length === 0 || !state.onHand) return null
  for (const line of basket) state.onHand[line.product] = (state.onHand[line.product] ?? 0) - line.units
  const head = header(trading, at, register)
  const order: OrderPlaced = {
    ...head,
    type: 'order.placed',
    channel: shop.channel,
    currency: shop.currency,
    orderId: `${shop.id}-${head.id}`,
    ...(shop.channel === 'online' || random.chance(KNOWN_CUSTOMERS) ? { customer: customerOf(trading) } : {}),
    ...(shop.channel === 'online' ? { session: `s-${random.integer(0x100000, 0xffffff).toString(16)}` } : {}),
    ...payment(trading, totalOf(basket, shop.taxInclusive)),
    lines: basket.map(line => writeLine(line, world.products)),
  }
  count(trading, { at, register, orders: 1, units: unitsOf(order), net: netOf(order) })
  state.recentOrders.push(order)
  if (state.recentOrders.length > REMEMBERED_ORDERS) state.recentOrders.shift()
  return order
}

/** The cancellation of an order at its till. Within its business day: afterwards it would be a return. */
export function cancel(trading: TradingShop, at: Instant, order: OrderPlaced): SentEvent {
  const { state } = trading
  putBack(trading, order.lines)
  state.recentOrders = state.recentOrders.filter(recent => recent.orderId !== order.orderId)
  count(trading, {
    at,
    register: order.register ?? null,
    orders: -1,
    units: -unitsOf(order),
    net: -netOf(order),
  })
  return { ...order, ...header(trading, at, order.register ?? null), type: 'order.voided' }
}

/** A customer brings back a part of an earlier order, or all of it; null when there is none to bring back. */
export function takeBack(trading: TradingShop, at: Instant, register: string | null): SentEvent | null {
  const { shop, state, random } = trading
  const order = state.recentOrders.splice(random.integer(0, state.recentOrders.length - 1), 1)[0]
  if (!order) return null
  const kept = random.integer(0, order.lines.length - 1)
  const lines = order.lines
    .filter((_, index) => order.lines.length === 1 || index !== kept)
    .map(line => {
      const units = random.integer(1, line.units)
      return {
        sku: line.sku,
        units,
        // What was paid for the units that come back; cut, so that parts never add up to more than the whole.
        refund: decimal(Math.floor((paidFor(line) * units) / line.units)),
        reason: random.pick(REASONS),
        ...(random.chance(NOT_RESTOCKED) ? { restock: false } : {}),
      }
    })
  putBack(
    trading,
    lines.filter(line => line.restock !== false),
  )
  const refunds = lines.reduce((sum, line) => sum + amount(line.refund), 0)
  count(trading, { at, register, orders: 0, units: 0, net: -refunds })
  const head = header(trading, at, register)
  return {
    ...head,
    type: 'order.returned',
    channel: shop.channel,
    currency: shop.currency,
    orderId: `${shop.id}-r-${head.id}`,
    originalOrderId: order.orderId,
    ...(order.customer === undefined ? {} : { customer: order.customer }),
    tender: 'card',
    lines,
  }
}

/** The Z report of a till: what it took in on a business day. Its totals begin anew. */
export function closeTill(trading: TradingShop, at: Instant, register: string, day: BusinessDay): SentEvent {
  const { shop, state } = trading
  const totals = state.tills[register]
  const { orders, units, net } = totals?.businessDay === day ? totals : { orders: 0, units: 0, net: 0 }
  delete state.tills[register]
  return {
    ...header(trading, at, register),
    register,
    type: 'till.closed',
    businessDay: day,
    currency: shop.currency,
    orders,
    units,
    net: decimal(net),
  }
}

function count(
  { shop, state }: TradingShop,
  sale: { at: Instant; register: string | null; orders: number; units: number; net: Amount },
): void {
  if (sale.register === null) return
  const businessDay = businessDayOf(sale.at, shop)
  const known = state.tills[sale.register]
  const totals = known?.businessDay === businessDay ? known : { businessDay, orders: 0, units: 0, net: 0 }
  totals.orders += sale.orders
  totals.units += sale.units
  totals.net += sale.net
  state.tills[sale.register] = totals
}

function payment({ shop, random }: TradingShop, total: Amount): Pick<OrderPlaced, 'tender' | 'tenders'> {
  const tender = random.pick(TENDERS[shop.channel])
  if (total < 50_000 || !random.chance(SPLIT_PAYMENTS)) return { tender }
  const voucher = 10_000 * random.integer(1, Math.floor(total / 20_000))
  return {
    tenders: [
      { type: 'voucher', amount: decimal(voucher) },
      { type: tender, amount: decimal(total - voucher) },
    ],
  }
}

/** Some customers come often, most seldom. */
function customerOf({ random, world }: TradingShop): string {
  return `c-${10_000 + Math.floor(random.next() ** 2.5 * world.ordersPerDay * 8)}`
}

function putBack({ state, world }: TradingShop, lines: readonly { sku: string; units: number }[]): void {
  for (const line of lines) {
    const product = world.products.findIndex(({ sku }) => sku === line.sku)
    if (state.onHand && product >= 0) state.onHand[product] = (state.onHand[product] ?? 0) + line.units
  }
}

function totalOf(basket: readonly BasketLine[], taxInclusive: boolean): Amount {
  return basket.reduce(
    (sum, line) => sum + line.units * line.unitPrice - line.discount + (taxInclusive ? 0 : line.tax),
    0,
  )
}

function unitsOf(order: OrderPlaced): number {
  return order.lines.reduce((sum, line) => sum + line.units, 0)
}

function netOf(order: OrderPlaced): Amount {
  return order.lines.reduce((sum, line) => sum + paidFor(line), 0)
}

function paidFor(line: OrderPlaced['lines'][number]): Amount {
  return line.units * amount(line.unitPrice) - amount(line.discount ?? '0')
}

function amount(text: string): Amount {
  const parsed = parseAmount(text)
  if (parsed === null) throw new Error(`${text} was written by the world itself and is no amount`)
  return parsed
}
