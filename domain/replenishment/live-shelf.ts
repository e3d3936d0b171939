import { DAY_MS, HOUR_MS, type Instant } from '#domain/instant.ts'
import { type ShortageRule, shortageOf } from '#domain/shortage.ts'
import { arrivalOf, type DeliveryDays, expectedDelivery } from './delivery.ts'
import { type DemandClock, placeInWeek } from './demand-clock.ts'
import type { LeadTime } from './lead-time.ts'
import { hoursInRush, rushFactor, type SalesPace, unitsInRush } from './pace-of-sales.ts'
import { demandAtLeast, Z_OF_RANGE } from './quantiles.ts'
import { HORIZON_DAYS, type Stockout } from './stockout.ts'

// A shelf as the stream sees it after an event: what lies on it, how fast it sells now, and what comes when. It is short when
// it will be empty before the next delivery can help.

/** What is open of one product of one purchase order. */
export interface OpenDelivery {
  purchaseOrder: string
  /** Above zero. */
  units: number
  placedAt: Instant | null
  expectedAt: Instant | null
}

/** Who delivers a product, as of an instant. */
export interface Supply {
  leadTime: LeadTime
  deliveryDays: DeliveryDays
}

export interface LiveShelf {
  at: Instant
  /** How far the store's clocks are ahead of UTC. */
  offsetMs: number
  onHand: number
  clock: DemandClock
  pace: SalesPace
  deliveries: readonly OpenDelivery[]
  /** Null: nobody is known to deliver it. */
  supply: Supply | null
}

/** What will become of a shelf. */
export interface ShelfOutlook {
  /** Worked out when it is asked for. */
  readonly stockout: Stockout
  /** The early bound of it, alone. */
  readonly earliestStockoutAt: Instant | null
  /** When what is on order is said to come, of the first delivery that leaves more than nothing; null: none is open. */
  dueAt: Instant | null
  /** That moment has passed. */
  isLate: boolean
  /** When an order placed now would come; null: no lead time is known. */
  orderArrivesAt: Instant | null
  /** When something can help: that delivery as it is to be expected, else an order placed now. */
  helpAt: Instant | null
  /** The probability that the shelf is empty before that: 0 where nothing is known of help. */
  risk: number
}

/** Between which probabilities of being empty before help a shelf goes on as it was. */
export interface RiskBounds {
  /** From here on it is short … */
  opening: number
  /** … and it is so until it is below this: a sale more or less ends no alert. */
  closing: number
}

export const RISK_BOUNDS: RiskBounds = { opening: 0.9, closing: 0.5 }

/**
 * What is wrong with a stock: nothing left, or below it; else, where its demand is forecast and something can come, whether
 * the shelf will be empty before; else whether it is at its reorder point.
 * A product that the store keeps no more (an order-up-to level of 0) is missed by nobody.
 * @param outlook null: no demand is forecast
 * @param wasShort whatever by
 */
export function shelfShortage(
  {
    onHand,
    reorderPoint,
    orderUpTo,
  }: { onHand: number | null; reorderPoint: number | null; orderUpTo: number | null },
  outlook: ShelfOutlook | null,
  wasShort: boolean,
  bounds: RiskBounds = RISK_BOUNDS,
): ShortageRule | null {
  const level = shortageOf(onHand, reorderPoint)
  if (outlook !== null && orderUpTo === 0) return level === 'oversold' ? level : null
  if (outlook === null || outlook.helpAt === null || (level !== null && level !== 'low_stock')) return level
  return isShortBeforeDelivery(outlook, wasShort, bounds) ? 'stockout_before_delivery' : null
}

/** Whether the shelf will be empty before help. @param wasShort it was, when it was judged last */
export function isShortBeforeDelivery(
  { risk }: Pick<ShelfOutlook, 'risk'>,
  wasShort: boolean,
  { opening, closing }: RiskBounds = RISK_BOUNDS,
): boolean {
  return risk >= (wasShort ? closing : opening)
}

/**
 * Looks ahead. Demand until some moment has the mean M of the forecast (with the rush there is), and the variance of a day's
 * units for each day's worth of M: it grows while the shop sells, and not over night. So the bounds of the stockout are where
 * M ± z·σ·√(M/μ) is what is on hand, μ being a day's mean, which is a quadratic in √M (Silver, Pyke & Thomas, "Inventory and
 * Production Management in Supply Chains", 4th ed. 2017, ch. 6); and the risk is that of a count with that mean and variance
 * (`demandAtLeast`): what empties a shelf is often one customer who takes the last four.
 */
export function lookAhead({
  at,
  offsetMs,
  onHand,
  clock,
  pace,
  deliveries,
  supply,
}: LiveShelf): ShelfOutlook {
  const place = placeInWeek(at, offsetMs)
  const delivery = nextDelivery(deliveries, { at, onHand, leadTime: supply?.leadTime ?? null })
  const orderArrivesAt = supply
    ? arrivalOf(at, { leadDays: supply.leadTime.meanDays, deliveryDays: supply.deliveryDays, offsetMs })
    : null
  const helpAt = delivery?.at ?? orderArrivesAt
  const rush = onHand > 0 ? rushFactor(clock, pace, { at, place }) : 1
  const perDay = clock.perWeek / 7
  const spreadOfUnit = perDay > 0 ? clock.spread / Math.sqrt(perDay) : 0
  let risk = onHand <= 0 ? 1 : 0
  if (onHand > 0 && perDay > 0 && helpAt !== null) {
    const mean = unitsInRush(clock, place, Math.max(0, helpAt - at) / HOUR_MS, rush)
    risk = demandAtLeast({ mean, variance: spreadOfUnit * spreadOfUnit * mean, units: onHand })
  }
  return new Outlook(
    { dueAt: delivery?.dueAt ?? null, isLate: delivery?.isLate ?? false, orderArrivesAt, helpAt, risk },
    { at, place, onHand, clock, rush, spreadOfUnit },
  )
}

interface Course {
  at: Instant
  place: number
  onHand: number
  clock: DemandClock
  rush: number
  spreadOfUnit: number
}

/** Of many shelves that are asked for their risk few are asked when they run out. */
class Outlook implements ShelfOutlook {
  readonly dueAt: Instant | null
  readonly isLate: boolean
  readonly orderArrivesAt: Instant | null
  readonly helpAt: Instant | null
  readonly risk: number
  readonly #course: Course

  constructor(known: Omit<ShelfOutlook, 'stockout' | 'earliestStockoutAt'>, course: Course) {
    this.dueAt = known.dueAt
    this.isLate = known.isLate
    this.orderArrivesAt = known.orderArrivesAt
    this.helpAt = known.helpAt
    this.risk = known.risk
    this.#course = course
  }

  get stockout(): Stockout {
    return { at: this.#when(0), early: this.#when(Z_OF_RANGE), late: this.#when(-Z_OF_RANGE) }
  }

  get earliestStockoutAt(): Instant | null {
    return this.#when(Z_OF_RANGE)
  }

  #when(z: number): Instant | null {
    const { at, place, onHand, clock, rush, spreadOfUnit } = this.#course
    if (onHand <= 0) return at
    if (clock.perWeek <= 0) return null
    const units = z === 0 ? onHand : meanOfBound(onHand, z * spreadOfUnit)
    const hours = hoursInRush(clock, place, units, rush)
    return hours > HORIZON_DAYS * 24 ? null : Math.round(at + hours * HOUR_MS)
  }
}

/** The mean M at which M + b√M is what is on hand. */
function meanOfBound(onHand: number, b: number): number {
  const root = (Math.sqrt(b * b + 4 * onHand) - b) / 2
  return root * root
}

interface Due {
  /** When it is to be expected. */
  at: Instant
  dueAt: Instant
  isLate: boolean
}

/** The first of what is on order that brings the shelf above nothing; of several that are needed for it, the last. */
function nextDelivery(
  deliveries: readonly OpenDelivery[],
  { at, onHand, leadTime }: { at: Instant; onHand: number; leadTime: LeadTime | null },
): Due | null {
  if (deliveries.length === 0) return null
  const expected = deliveries.flatMap(({ units, placedAt, expectedAt }) => {
    const order = { placedAt, expectedAt }
    const delivery = expectedDelivery(order, { leadTime, at })
    if (!delivery) return []
    // As of a moment at which nothing is late.
    const due = expectedDelivery(order, { leadTime, at: Number.NEGATIVE_INFINITY })
    return [{ ...delivery, dueAt: due?.at ?? delivery.at, units }]
  })
  expected.sort((one, other) => one.at - other.at || one.dueAt - other.dueAt)
  let stock = Math.min(0, onHand)
  for (const { units, at: expectedAt, dueAt, isLate } of expected) {
    stock += units
    if (stock > 0) return { at: expectedAt, dueAt, isLate }
  }
  return null
}

/** A shelf that is short is looked at again after an hour in which nothing touched it. */
const LOOK_AGAIN_MS = HOUR_MS
/** No look lies further ahead. */
const LOOK_AHEAD_AT_MOST_MS = 7 * DAY_MS
/** A look that comes later than this is none: time has leapt, as over files of another year. */
export const LOOK_LATE_AT_MOST_MS = DAY_MS

/**
 * When time alone may change what is said of a shelf, if no event touches it: what is due may be late, and an order that is
 * not placed comes the later the longer one waits.
 */
export function nextLook(
  outlook: ShelfOutlook,
  { at, isShort, deliveryDays }: { at: Instant; isShort: boolean; deliveryDays: DeliveryDays },
): Instant {
  const { dueAt, isLate, orderArrivesAt } = outlook
  const latest = at + LOOK_AHEAD_AT_MOST_MS
  if (isShort) return at + LOOK_AGAIN_MS
  if (dueAt !== null && !isLate) return Math.min(latest, Math.max(at, dueAt) + 1)
  if (isLate) return at + LOOK_AGAIN_MS
  if (orderArrivesAt === null) return latest
  const early = outlook.earliestStockoutAt
  if (early === null) return latest
  // A supplier that comes on some weekdays only may take up to a week longer tomorrow than today.
  const longest = orderArrivesAt - at + (deliveryDays === null ? 0 : 7 * DAY_MS)
  return Math.min(latest, Math.max(at + LOOK_AGAIN_MS, early - longest))
}
