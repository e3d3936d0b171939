import { businessDayOf } from '#domain/business-day.ts'
import type { SentEvent } from '#domain/event.ts'
import type { Amount } from '#domain/money.ts'
import { amountOf } from '#seed/shop/decimal.ts'
import { forgetPurchase, rememberPurchase } from '#seed/shop/purchases.ts'
import type { OrderPlaced, TradingShop } from '#seed/shop/shop-state.ts'

/**
 * Brings a shop to where an event of its own left it: for what a scenario does to it, and for what happened
 * after the shop was last written down. The event's time must be the shop's, not that of a clock that is off.
 */
export function applyEvent(trading: TradingShop, event: SentEvent): void {
  const { state } = trading
  switch (event.type) {
    case 'order.placed':
      move(trading, event.lines, -1)
      countAtTill(trading, event, { orders: 1, units: unitsOf(event), net: netOf(event) })
      remember(trading, event)
      return
    case 'order.voided':
      move(trading, event.lines, 1)
      countAtTill(trading, event, { orders: -1, units: -unitsOf(event), net: -netOf(event) })
      forgetPurchase(trading, event.orderId)
      return
    case 'order.returned':
      move(
        trading,
        event.lines.filter(({ restock }) => restock !== false),
        1,
      )
      countAtTill(trading, event, {
        orders: 0,
        units: 0,
        net: -event.lines.reduce((sum, { refund }) => sum + amountOf(refund), 0),
      })
      if (event.originalOrderId !== undefined) forgetPurchase(trading, event.originalOrderId)
      return
    case 'till.closed':
      if (state.tills[event.register]?.businessDay === event.businessDay) delete state.tills[event.register]
      return
    case 'stock.counted':
      state.onHand ??= trading.world.products.map(() => 0)
      for (const { sku, units } of event.lines) state.onHand[indexOf(trading, sku)] = units
      return
    case 'stock.adjusted':
      move(trading, event.lines, 1)
      return
    case 'stock.received':
      state.onHand ??= trading.world.products.map(() => 0)
      move(trading, event.lines, 1)
      if (event.purchaseOrderId === undefined) return
      state.deliveries = state.deliveries.filter(
        ({ purchaseOrderId }) => purchaseOrderId !== event.purchaseOrderId,
      )
      order(trading, event.lines, -1)
      return
    case 'purchase.placed':
      order(trading, event.lines, 1)
      state.deliveries.push({
        purchaseOrderId: event.purchaseOrderId,
        dueAt: Date.parse(event.expectedAt ?? event.eventTime),
        lines: event.lines.map(({ sku, units }) => [indexOf(trading, sku), units]),
      })
      return
    case 'purchase.cancelled':
    case 'stock.transferred':
    case 'review.posted':
    // No shop cancels or transfers while one watches, and a review moves nothing.
  }
}

type Line = Readonly<{ sku: string; units: number }>

function move(trading: TradingShop, lines: readonly Line[], sign: 1 | -1): void {
  const { onHand } = trading.state
  if (!onHand) return
  for (const { sku, units } of lines) {
    const index = indexOf(trading, sku)
    onHand[index] = (onHand[index] ?? 0) + sign * units
  }
}

function order(trading: TradingShop, lines: readonly Line[], sign: 1 | -1): void {
  const { onOrder } = trading.state
  for (const { sku, units } of lines) {
    const index = indexOf(trading, sku)
    onOrder[index] = (onOrder[index] ?? 0) + sign * units
  }
}

function countAtTill(
  { shop, state }: TradingShop,
  event: SentEvent,
  change: { orders: number; units: number; net: Amount },
): void {
  if (event.register === undefined) return
  const businessDay = businessDayOf(Date.parse(event.eventTime), shop)
  const known = state.tills[event.register]
  const totals = known?.businessDay === businessDay ? known : { businessDay, orders: 0, units: 0, net: 0 }
  totals.orders += change.orders
  totals.units += change.units
  totals.net += change.net
  state.tills[event.register] = totals
}

function remember(trading: TradingShop, order: OrderPlaced): void {
  rememberPurchase(trading, () => ({
    orderId: order.orderId,
    at: Date.parse(order.eventTime),
    ...(order.customer === undefined ? {} : { customer: order.customer }),
    lines: order.lines.map(line => [indexOf(trading, line.sku), line.units, paidFor(line)]),
  }))
}

type Sale = Pick<OrderPlaced, 'lines'>

function unitsOf({ lines }: Sale): number {
  return lines.reduce((sum, { units }) => sum + units, 0)
}

function netOf({ lines }: Sale): Amount {
  return lines.reduce((sum, line) => sum + paidFor(line), 0)
}

function paidFor({ units, unitPrice, discount }: OrderPlaced['lines'][number]): Amount {
  return units * amountOf(unitPrice) - amountOf(discount ?? '0')
}

/** Where a product stands in the lists of a shop. */
export function indexOf({ world }: TradingShop, sku: string): number {
  const index = world.productIndex.get(sku)
  if (index === undefined) throw new RangeError(`${sku} is no product of this world`)
  return index
}
