import type { SentEvent } from '#domain/event.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import type { Supplier } from '#seed/world/catalogue.ts'
import { decimal } from './decimal.ts'
import { type Delivery, header, stockSourceOf, type TradingShop } from './shop-state.ts'

const SHRINKAGE = 0.12

/**
 * The stock of a shop that opens. Counted in a store; the online store has no shelves yet and takes in its
 * first delivery.
 */
export function openingStock(trading: TradingShop, at: Instant): SentEvent {
  const { shop, state, policies, random, world } = trading
  const onHand = policies.map(({ orderAt, orderUpTo }) => random.integer(orderAt, orderUpTo))
  state.onHand = onHand
  const lines = world.products.map((product, index) => ({ sku: product.sku, units: onHand[index] ?? 0 }))
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
  const { state, random, world } = trading
  if (!state.onHand || products.length === 0) return null
  const lines: { sku: string; units: number }[] = []
  for (const product of products) {
    const expected = state.onHand[product] ?? 0
    const found = Math.max(0, expected - (random.chance(SHRINKAGE) ? random.integer(1, 2) : 0))
    state.onHand[product] = found
    lines.push({ sku: world.products[product]?.sku ?? '', units: found })
  }
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
    delayMs,
    withBuyer,
  }: {
    /** When a supplier with this lead time delivers. */
    dueAt(leadTimeDays: number): Instant
    /** By how much it is late, which the order does not know. */
    delayMs(supplier: Supplier): number
    /** Whether the buyer orders too; the shop itself leaves some suppliers to them. */
    withBuyer: boolean
  },
): SentEvent[] {
  const { state, policies, world, shop } = trading
  const bySupplier = new Map<Supplier, [product: number, units: number][]>()
  for (const [index, product] of world.products.entries()) {
    if (product.supplier.isBuyers && !withBuyer) continue
    const position = (state.onHand?.[index] ?? 0) + (state.onOrder[index] ?? 0)
    if (!state.onHand || position > (policies[index]?.orderAt ?? 0)) continue
    const lines = bySupplier.get(product.supplier) ?? []
    const packs = Math.ceil(Math.max(1, (policies[index]?.orderUpTo ?? 0) - position) / product.packSize)
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
      expectedAt: formatInstant(expectedAt),
      lines: lines.map(([index, units]) => ({
        sku: world.products[index]?.sku ?? '',
        units,
        unitCost: decimal(world.products[index]?.unitCost ?? 0),
      })),
    }
  })
}

/** Takes in every delivery that is due. */
export function receiveDue(trading: TradingShop, at: Instant): SentEvent[] {
  const { state, world } = trading
  const due = state.deliveries.filter(delivery => delivery.dueAt <= at)
  if (due.length === 0) return []
  state.deliveries = state.deliveries.filter(delivery => delivery.dueAt > at)
  return due.map(({ purchaseOrderId, lines }) => {
    for (const [index, units] of lines) {
      putBack(trading, index, units)
      state.onOrder[index] = (state.onOrder[index] ?? 0) - units
    }
    return {
      ...stockHeader(trading, at),
      type: 'stock.received',
      purchaseOrderId,
      lines: lines.map(([index, units]) => ({ sku: world.products[index]?.sku ?? '', units })),
    }
  })
}

/** Goods that come onto the shelf. */
export function putBack({ state }: TradingShop, product: number, units: number): void {
  if (state.onHand) state.onHand[product] = (state.onHand[product] ?? 0) + units
}

/** What every event of a stock room begins with. */
export function stockHeader(trading: TradingShop, at: Instant) {
  return { ...header(trading, at, null), source: stockSourceOf(trading.shop) }
}
