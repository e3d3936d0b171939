import type { Instant } from '#domain/instant.ts'
import type { Amount } from '#domain/money.ts'
import { decimal } from '../../shop/decimal.ts'
import { header, type OrderPlaced, type TradingShop } from '../../shop/shop-state.ts'
import { applyEvent } from '../apply-event.ts'

/** What a scenario wants an order to be; the rest is as the shop would have it. */
export interface WantedOrder {
  lines: readonly { sku: string; units: number; unitPrice: Amount; discount: Amount }[]
  /** Undefined: any till, or the web. */
  register?: string
  customer?: string
}

/** An order paid by card, that the shop knows of. */
export function placeOrder(trading: TradingShop, at: Instant, wanted: WantedOrder): OrderPlaced {
  const { shop, random } = trading
  const register = wanted.register ?? (shop.registers.length === 0 ? null : random.pick(shop.registers))
  const head = header(trading, at, register)
  const order: OrderPlaced = {
    ...head,
    type: 'order.placed',
    channel: shop.channel,
    currency: shop.currency,
    orderId: `${shop.id}-${head.id}`,
    ...(wanted.customer === undefined ? {} : { customer: wanted.customer }),
    tender: 'card',
    lines: wanted.lines.map(({ sku, units, unitPrice, discount }) => {
      const tax = Math.round((units * unitPrice - discount) * shop.taxRate)
      return {
        sku,
        units,
        unitPrice: decimal(unitPrice),
        ...(discount > 0 ? { discount: decimal(discount) } : {}),
        ...(tax > 0 ? { tax: decimal(tax) } : {}),
      }
    }),
  }
  applyEvent(trading, order)
  return order
}
