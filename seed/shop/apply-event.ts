import { businessDayOf } from '#domain/business-day.ts'
import type { SentEvent } from '#domain/event.ts'
import type { Amount } from '#domain/money.ts'
import { amountOf } from './decimal.ts'
import { forgetPurchase, rememberPurchase } from './purchases.ts'
import type { OrderPlaced, TradingShop } from './shop-state.ts'

/**
 * Brings a shop to where an event of its own leaves it: what it sells, what a scenario does to it, and what happened
 * after it was last written down. The event's time must be the shop's, not that of a clock that is off.
 */
export function applyEvent(trading: TradingShop, event: SentEvent): void {
  const { state } = trading
  const move = (units: number[] | null, lines: readonly { sku: string; units: number }[], sign: 1 | -1) => {
    for (const line of units ? lines : []) {
      const index = indexOf(trading, line.sku)
      if (units) units[index] = (units[index] ?? 0) + sign * line.units
    }
  }
  switch (event.type) {
    case 'order.placed':
      move(state.onHand, event.lines, -1)
      countAtTill(trading, event, totalsOf(event, 1))
      rememberPurchase(trading, () => ({
        orderId: event.orderId,
        at: Date.parse(event.eventTime),
        ...(event.customer === undefined ? {} : { customer: event.customer }),
        lines: event.lines.map(line => [indexOf(trading, line.sku), line.units, paidFor(line)]),
      }))
      return
    case 'order.voided':
      move(state.onHand, event.lines, 1)
      countAtTill(trading, event, totalsOf(event, -1))
      forgetPurchase(trading, event.orderId)
      return
    case 'order.returned':
      for (const line of event.lines) {
        if (line.restock !== false) move(state.onHand, [line], 1)
        countAtTill(trading, event, { orders: 0, units: 0, net: -amountOf(line.refund) })
      }
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
      move(state.onHand, event.lines, 1)
      return
    case 'stock.received':
      state.onHand ??= trading.world.products.map(() => 0)
      move(state.onHand, event.lines, 1)
      if (event.purchaseOrderId === undefined) return
      state.deliveries = state.deliveries.filter(
        ({ purchaseOrderId }) => purchaseOrderId !== event.purchaseOrderId,
      )
      move(state.onOrder, event.lines, -1)
      return
    case 'purchase.placed':
      move(state.onOrder, event.lines, 1)
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

function totalsOf({ lines }: Pick<OrderPlaced, 'lines'>, sign: 1 | -1) {
  const totals = { orders: sign, units: 0, net: 0 }
  for (const line of lines) {
    totals.units += sign * line.units
    totals.net += sign * paidFor(line)
  }
  return totals
}

/** What a customer paid for a line, tax aside. */
export function paidFor({ units, unitPrice, discount }: OrderPlaced['lines'][number]): Amount {
  return units * amountOf(unitPrice) - amountOf(discount ?? '0')
}

/** Where a product stands in the lists of a shop. */
export function indexOf({ world }: TradingShop, sku: string): number {
  const index = world.productIndex.get(sku)
  if (index === undefined) throw new RangeError(`${sku} is no product of this world`)
  return index
}
