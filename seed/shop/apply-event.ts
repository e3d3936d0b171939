import { businessDayOf } from '#domain/business-day.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { SentEvent } from '#domain/event.ts'
import type { Amount } from '#domain/money.ts'
import { amountOf } from './decimal.ts'
import { forgetPurchase, rememberPurchase } from './purchases.ts'
import {
  type OrderPlaced,
  type ShopState,
  SUPPLIER_SOURCE,
  type TillTotals,
  type TradingShop,
} from './shop-state.ts'

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
      countAtTill(trading, event, totalsOf(trading, event, 1))
      numberReceipt(trading, event)
      rememberPurchase(trading, () => ({
        orderId: event.orderId,
        at: Date.parse(event.eventTime),
        ...(event.customer === undefined ? {} : { customer: event.customer }),
        lines: event.lines.map(line => [indexOf(trading, line.sku), line.units, paidFor(line)]),
      }))
      return
    case 'order.voided':
      move(state.onHand, event.lines, 1)
      countAtTill(trading, event, totalsOf(trading, event, -1))
      forgetPurchase(trading, event.orderId)
      return
    case 'order.returned':
      for (const line of event.lines) {
        if (line.restock !== false) move(state.onHand, [line], 1)
      }
      countAtTill(trading, event, refundsOf(event))
      numberReceipt(trading, event)
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
      if (isBuyers(event)) {
        bring(state, event.purchaseOrderId, event.lines)
        return
      }
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
    case 'purchase.confirmed':
    case 'purchase.cancelled':
    case 'stock.transferred':
    case 'review.posted':
    case 'price.changed':
    // No shop cancels or transfers while one watches; a supplier's word, a review and a price move nothing.
  }
}

/** Whether a supplier brought what a buyer of the dashboard had ordered, and not the shop. */
function isBuyers({ source }: SentEvent): boolean {
  return source.startsWith(SUPPLIER_SOURCE)
}

function bring(state: ShopState, order: string, lines: readonly { sku: string; units: number }[]): void {
  state.brought ??= {}
  const brought = state.brought[order] ?? {}
  state.brought[order] = brought
  for (const { sku, units } of lines) brought[sku] = (brought[sku] ?? 0) + units
}

function countAtTill(
  { shop, state }: TradingShop,
  event: SentEvent,
  change: Pick<TillTotals, 'orders' | 'units' | 'net' | 'tenders'>,
): void {
  if (event.register === undefined) return
  const businessDay = businessDayOf(Date.parse(event.eventTime), shop)
  const known = state.tills[event.register]
  const totals = known?.businessDay === businessDay ? known : emptyTill(businessDay)
  totals.orders += change.orders
  totals.units += change.units
  totals.net += change.net
  for (const [type, amount] of Object.entries(change.tenders)) {
    totals.tenders[type] = (totals.tenders[type] ?? 0) + amount
  }
  state.tills[event.register] = totals
}

/** A till that has sold nothing yet that day. */
export function emptyTill(businessDay: BusinessDay): TillTotals {
  return { businessDay, orders: 0, units: 0, net: 0, tenders: {}, firstReceipt: null, lastReceipt: null }
}

/** A receipt that was printed: the till's totals begin or end with it, and the next has the next number. */
function numberReceipt({ state }: TradingShop, { register, orderId }: Sale): void {
  const till = register === undefined ? undefined : state.tills[register]
  const number = /\d+$/.exec(orderId)
  if (register === undefined || !till || !number) return
  till.firstReceipt ??= orderId
  till.lastReceipt = orderId
  state.receipts[register] = Math.max(state.receipts[register] ?? 0, Number(number[0]))
}

type Sale = Extract<SentEvent, { orderId: string }>

function totalsOf(
  { shop }: TradingShop,
  order: Pick<OrderPlaced, 'lines' | 'tender' | 'tenders'>,
  sign: 1 | -1,
) {
  const totals = { orders: sign, units: 0, net: 0 }
  let tax = 0
  for (const line of order.lines) {
    totals.units += sign * line.units
    totals.net += sign * paidFor(line)
    if (!shop.taxInclusive) tax += sign * amountOf(line.tax ?? '0')
  }
  return { ...totals, tenders: paidWith(order, { total: totals.net + tax, sign }) }
}

function refundsOf(event: Extract<SentEvent, { type: 'order.returned' }>) {
  const total = -event.lines.reduce((sum, line) => sum + amountOf(line.refund), 0)
  return { orders: 0, units: 0, net: total, tenders: paidWith(event, { total, sign: -1 }) }
}

function paidWith(
  { tender, tenders }: Pick<Sale, 'tender' | 'tenders'>,
  { total, sign }: { total: Amount; sign: 1 | -1 },
): Record<string, Amount> {
  if (tender !== undefined) return { [tender]: total }
  return Object.fromEntries((tenders ?? []).map(({ type, amount }) => [type, sign * amountOf(amount)]))
}

/** What a customer paid for a line, tax aside. */
export function paidFor({ units, unitPrice, amount, discount }: OrderPlaced['lines'][number]): Amount {
  const gross = amount === undefined ? units * amountOf(unitPrice ?? '0') : amountOf(amount)
  return gross - amountOf(discount ?? '0')
}

/** Where a product stands in the lists of a shop. */
export function indexOf({ world }: TradingShop, sku: string): number {
  const index = world.productIndex.get(sku)
  if (index === undefined) throw new RangeError(`${sku} is no product of this world`)
  return index
}
