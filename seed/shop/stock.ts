import type { SentEvent } from '#domain/event.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import type { Supplier } from '#seed/world/catalogue.ts'
import { applyEvent } from './apply-event.ts'
import { decimal } from './decimal.ts'
import { type Delivery, header, stockSourceOf, type TradingShop } from './shop-state.ts'

const SHRINKAGE = 0.12

/**
 * The stock of a shop that opens. Counted in a store; the online store has no shelves yet and takes in its
 * first delivery.
 */
export function openingStock(trading: TradingShop, at: Instant): SentEvent {
  const { shop, state, policies, random } = trading
  const onHand = policies.map(({ orderAt, orderUpTo }) => random.integer(orderAt, orderUpTo))
  state.onHand = onHand
  const lines = writeUnits(trading, [...onHand.entries()])
  return {
    ...stockHeader(trading, at),
    type: shop.channel === 'online' ? 'stock.received' : 'stock.counted',
    lines,
  }
}

/**
 * Counts some shelves. Now and then a unit is gone that nobody sold: the count is what is there, so the
 * books follow it.
 */
export function countShelves(
  trading: TradingShop,
  at: Instant,
  products: readonly number[],
): SentEvent | null {
  const { state, random } = trading
  const { onHand } = state
  if (!onHand || products.length === 0) return null
  for (const product of products) {
    const gone = random.chance(SHRINKAGE) ? random.integer(1, 2) : 0
    onHand[product] = Math.max(0, (onHand[product] ?? 0) - gone)
  }
  const lines = writeUnits(
    trading,
    products.map(product => [product, onHand[product] ?? 0]),
  )
  return { ...stockHeader(trading, at), type: 'stock.counted', lines }
}

/** Something falls off a shelf; null when nothing is there to fall. */
export function breakOne(trading: TradingShop, at: Instant): SentEvent | null {
  const { state, random, world } = trading
  const product = random.integer(0, world.products.length - 1)
  const onHand = state.onHand?.[product] ?? 0
  if (!state.onHand || onHand === 0) return null
  state.onHand[product] = onHand - 1
  return {
    ...stockHeader(trading, at),
    type: 'stock.adjusted',
    lines: [{ sku: world.products[product]?.sku ?? '', units: -1, reason: 'broken' }],
  }
}

/** Orders what has come down to its ordering level, one purchase order a supplier. */
export function reorder(
  trading: TradingShop,
  at: Instant,
  {
    dueAt,
    saidAt,
    delayMs,
    withBuyer,
    lifts,
  }: {
    /** When a supplier with this lead time delivers, by the stock room's clock. */
    dueAt(leadTimeDays: number): Instant
    /** What the order says of that. */
    saidAt(dueAt: Instant): Instant
    /** By how much it is late, which the order does not know. */
    delayMs(supplier: Supplier): number
    /** Whether the buyer orders too; the shop itself leaves some suppliers to them. */
    withBuyer: boolean
    /** By product: how many times the ordinary demand the days bring that the order is for. */
    lifts: readonly number[]
  },
): SentEvent[] {
  const { state, policies, world, shop } = trading
  const bySupplier = new Map<Supplier, [product: number, units: number][]>()
  for (const [index, product] of world.products.entries()) {
    if (product.supplier.isBuyers && !withBuyer) continue
    const position = (state.onHand?.[index] ?? 0) + (state.onOrder[index] ?? 0)
    const lift = lifts[index] ?? 1
    if (!state.onHand || position > lift * (policies[index]?.orderAt ?? 0)) continue
    const lines = bySupplier.get(product.supplier) ?? []
    const packs = Math.ceil(
      Math.max(1, lift * (policies[index]?.orderUpTo ?? 0) - position) / product.packSize,
    )
    lines.push([index, packs * product.packSize])
    bySupplier.set(product.supplier, lines)
  }
  return [...bySupplier].map(([supplier, lines]) => {
    const head = stockHeader(trading, at)
    const expectedAt = dueAt(supplier.leadTimeDays)
    const delivery: Delivery = {
      purchaseOrderId: `po-${shop.id}-${head.id}`,
      dueAt: expectedAt + delayMs(supplier),
      lines,
    }
    for (const [index, units] of lines) state.onOrder[index] = (state.onOrder[index] ?? 0) + units
    state.deliveries.push(delivery)
    return {
      ...head,
      type: 'purchase.placed',
      purchaseOrderId: delivery.purchaseOrderId,
      supplier: supplier.id,
      expectedAt: formatInstant(saidAt(expectedAt)),
      lines: lines.map(([index, units]) => ({
        sku: world.products[index]?.sku ?? '',
        units,
        unitCost: decimal(world.products[index]?.unitCost ?? 0),
      })),
    }
  })
}

/**
 * Takes in every delivery that is due.
 * @param clock the stock room's
 */
export function receiveDue(trading: TradingShop, at: Instant, clock: Instant): SentEvent[] {
  const due = trading.state.deliveries.filter(delivery => delivery.dueAt <= clock)
  return due.map(({ purchaseOrderId, lines }) => {
    const event: SentEvent = {
      ...stockHeader(trading, at),
      type: 'stock.received',
      purchaseOrderId,
      lines: writeUnits(trading, lines),
    }
    applyEvent(trading, event)
    return event
  })
}

/** Units of products as events tell of them. */
export function writeUnits(
  { world }: TradingShop,
  lines: readonly (readonly [product: number, units: number])[],
) {
  return lines.map(([product, units]) => ({ sku: world.products[product]?.sku ?? '', units }))
}

/** What every event of a stock room begins with. */
export function stockHeader(trading: TradingShop, at: Instant) {
  return { ...header(trading, at, null), source: stockSourceOf(trading.shop) }
}
