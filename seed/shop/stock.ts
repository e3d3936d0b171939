import { businessDayOf } from '#domain/business-day.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { SentEvent } from '#domain/event.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import { isKept, isSold, lifeOf } from '#seed/world/life-cycles.ts'
import type { Supplier } from '#seed/world/suppliers.ts'
import type { World } from '#seed/world/world.ts'
import { applyEvent } from './apply-event.ts'
import { decimal } from './decimal.ts'
import { type Delivery, header, stockSourceOf, type TradingShop } from './shop-state.ts'

const SHRINKAGE = 0.12

/**
 * The stock of a shop that opens. Counted in a store; the online store has no shelves yet and takes in its
 * first delivery.
 */
export function openingStock(trading: TradingShop, at: Instant): SentEvent {
  const { shop, state, policies, random, world } = trading
  const day = businessDayOf(at, shop)
  const onHand = policies.map(({ orderAt, orderUpTo }, index) => {
    const { stage } = lifeOf(world.products[index]?.lifeCycle ?? null, day)
    const units = random.integer(orderAt, orderUpTo)
    // Of an edition that is over, what nobody bought; and what is not out yet has not come.
    return stage === 'running out' ? Math.ceil(units / 2) : stage === 'gone' || stage === 'coming' ? 0 : units
  })
  state.onHand = onHand
  // A shelf that was never filled is not one that is empty.
  const filled = [...onHand.entries()].filter(([, units]) => units > 0)
  return {
    ...stockHeader(trading, at),
    type: shop.channel === 'online' ? 'stock.received' : 'stock.counted',
    lines: writeUnits(trading, filled),
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
  const { state, random, world, shop } = trading
  const { onHand } = state
  const day = businessDayOf(at, shop)
  const looked = products.filter(
    product => (onHand?.[product] ?? 0) > 0 || isSold(world.products[product]?.lifeCycle ?? null, day),
  )
  if (!onHand || looked.length === 0) return null
  for (const product of looked) {
    const gone = random.chance(SHRINKAGE) ? random.integer(1, 2) : 0
    onHand[product] = Math.max(0, (onHand[product] ?? 0) - gone)
  }
  const lines = writeUnits(
    trading,
    looked.map(product => [product, onHand[product] ?? 0]),
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

/** What a shop orders by on a day. */
interface Ordering {
  /** When a supplier's lorry comes with what is ordered now, by the stock room's clock. */
  dueAt(supplier: Supplier): Instant
  /** What the order says of that. */
  saidAt(dueAt: Instant): Instant
  /** When it comes in truth: now and then later, which the order does not know. */
  comesAt(supplier: Supplier): Instant
  /** Whether the buyer orders too; the shop itself leaves some suppliers to them. */
  withBuyer: boolean
  /** By product: how many times the ordinary demand the days bring that the order is for. */
  lifts: readonly number[]
  /** The stock room's day. */
  day: BusinessDay
}

/** Orders what has come down to its ordering level, one purchase order a supplier, of its least value at least. */
export function reorder(trading: TradingShop, at: Instant, ordering: Ordering): SentEvent[] {
  const { state, world, shop } = trading
  return [...wantedBySupplier(trading, ordering)].flatMap(([supplier, wanted]) => {
    const lines = upToMinimum(wanted, supplier, world)
    if (lines.length === 0) return []
    const head = stockHeader(trading, at)
    const delivery: Delivery = {
      purchaseOrderId: `po-${shop.id}-${head.id}`,
      dueAt: ordering.comesAt(supplier),
      lines,
    }
    for (const [index, units] of lines) state.onOrder[index] = (state.onOrder[index] ?? 0) + units
    state.deliveries.push(delivery)
    return {
      ...head,
      type: 'purchase.placed' as const,
      purchaseOrderId: delivery.purchaseOrderId,
      supplier: supplier.id,
      expectedAt: formatInstant(ordering.saidAt(ordering.dueAt(supplier))),
      lines: lines.map(([index, units]) => ({
        sku: world.products[index]?.sku ?? '',
        units,
        unitCost: decimal(world.products[index]?.unitCost ?? 0),
      })),
    }
  })
}

/** A product as the shop looks at it when it orders. */
interface Wanted {
  product: number
  /** Whole packs, to its order-up-to level. */
  units: number
  isDue: boolean
  /** Sells out before a later order could come. */
  isUrgent: boolean
  /** On hand and on order, in proportion to the level at which it is ordered. */
  level: number
}

function wantedBySupplier(
  { state, policies, world, buyersOnOrder }: TradingShop,
  { withBuyer, lifts, day }: Ordering,
): Map<Supplier, Wanted[]> {
  const bySupplier = new Map<Supplier, Wanted[]>()
  for (const [product, { supplier, packSize, lifeCycle }] of world.products.entries()) {
    const policy = policies[product]
    if (!policy || !state.onHand || (supplier.isBuyers && !withBuyer) || !isKept(lifeCycle, day)) continue
    const position =
      (state.onHand[product] ?? 0) + (state.onOrder[product] ?? 0) + (buyersOnOrder?.[product] ?? 0)
    const lift = lifts[product] ?? 1
    const wanted = bySupplier.get(supplier) ?? []
    wanted.push({
      product,
      units: Math.ceil(Math.max(1, lift * policy.orderUpTo - position) / packSize) * packSize,
      isDue: position <= lift * policy.orderAt,
      isUrgent: position <= lift * (policy.reorderPoint + URGENT * (policy.orderAt - policy.reorderPoint)),
      level: position / (lift * policy.orderAt),
    })
    bySupplier.set(supplier, wanted)
  }
  return bySupplier
}

/** Below so much of the way from its reorder point to the level at which it is ordered, a product cannot wait. */
const URGENT = 0.7

/**
 * What of a supplier's goods is ordered: what is due. Where that is worth less than the supplier takes, it waits for more;
 * what cannot wait takes with it what would be ordered next.
 */
function upToMinimum(wanted: readonly Wanted[], supplier: Supplier, { products }: World): [number, number][] {
  const due = wanted.filter(({ isDue }) => isDue)
  const worthOf = ({ product, units }: Wanted) => units * (products[product]?.unitCost ?? 0)
  let missing = (supplier.minimumValue ?? 0) - due.reduce((sum, one) => sum + worthOf(one), 0)
  if (missing > 0 && !due.some(({ isUrgent }) => isUrgent)) return []
  const next = wanted.filter(({ isDue }) => !isDue).sort((one, other) => one.level - other.level)
  while (missing > 0) {
    const one = next.shift()
    if (!one) break
    due.push(one)
    missing -= worthOf(one)
  }
  return due.map(({ product, units }) => [product, units])
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
