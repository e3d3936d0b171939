import type { Amount } from '#domain/money.ts'
import { type Elasticity, elasticityRange } from './elasticity.ts'
import { MOST_FALL_A_DAY } from './price-bounds.ts'

/** Why a price should fall: nothing is sold, too much is there, or the store keeps it no more. */
export type HintKind = 'dead' | 'overstocked' | 'leaving'

export interface StockToClear {
  onHand: number
  /** Units a day at the price of now. */
  demandPerDay: number
  /** Units of the last `RECENT_DAYS`. */
  soldRecently: number
  /** Whether the store still orders it. */
  isKept: boolean
  /** What is asked for one now, in the store's currency; null: it is not known. */
  price: Amount | null
  /** What one has cost, in the same currency; null: it is not known, and nothing is advised. */
  unitCost: Amount | null
}

export interface PriceHint {
  kind: HintKind
  /** Units that are to be sold within `CLEAR_DAYS`. */
  unitsToClear: number
  daysOfCover: number | null
  /** Off the price of now, as a fraction: the least step that clears it in time, or the most that the floor allows. */
  discount: number
  price: Amount
  /** The first step, where the whole of it is more than a day may take. */
  discountToday: number
  /** Units within `CLEAR_DAYS` at that price, and in one case of ten less, in one more, by the elasticity alone. */
  units: number
  unitsLow: number
  unitsHigh: number
  /** Whether that is enough. */
  clears: boolean
}

/** Days without a sale after which goods are dead. */
export const RECENT_DAYS = 28
/** Days of sales on hand beyond which there is too much, and those that are to be left. */
const OVERSTOCKED_DAYS = 90
const LEFT_DAYS = 45
export const CLEAR_DAYS = 28
export const STEP = 0.05
const MOST_DISCOUNT = 0.7
/** Of goods that sold nothing, half a unit: the rate's median is about so (Jeffreys' prior for a Poisson rate). */
const UNSEEN_UNITS = 0.5

/**
 * What the price of a shelf should come down to, so that what is too much is sold in time; null where there is no reason,
 * or price or cost is not known. Never below cost.
 */
export function hintOf(stock: StockToClear, elasticity: Elasticity): PriceHint | null {
  const { onHand, price, unitCost, soldRecently, isKept } = stock
  const demandPerDay = soldRecently > 0 ? stock.demandPerDay : UNSEEN_UNITS / RECENT_DAYS
  if (onHand <= 0 || price === null || unitCost === null || price <= 0) return null
  const daysOfCover = demandPerDay > 0 ? onHand / demandPerDay : null
  const kind = kindOf({ soldRecently, isKept, daysOfCover })
  if (kind === null) return null
  const unitsToClear = kind === 'overstocked' ? Math.ceil(onHand - LEFT_DAYS * demandPerDay) : onHand
  const sells = (discount: number, slope: number) =>
    Math.min(onHand, CLEAR_DAYS * demandPerDay * (1 - discount) ** -Math.max(0, slope))
  // Rounded down to a whole step: the floor is never crossed.
  const most = Math.min(MOST_DISCOUNT, Math.floor((1 - unitCost / price + 1e-9) / STEP) * STEP)
  if (sells(0, elasticity.mean) >= unitsToClear || most < STEP) return null
  let discount = STEP
  while (discount + STEP <= most + 1e-9 && sells(discount, elasticity.mean) < unitsToClear) discount += STEP
  discount = Math.round(discount * 100) / 100
  const { low, high } = elasticityRange(elasticity)
  return {
    kind,
    unitsToClear,
    daysOfCover: soldRecently > 0 ? daysOfCover : null,
    discount,
    price: Math.max(unitCost, Math.round(price * (1 - discount))),
    discountToday: Math.min(discount, MOST_FALL_A_DAY),
    units: sells(discount, elasticity.mean),
    unitsLow: sells(discount, low),
    unitsHigh: sells(discount, high),
    clears: sells(discount, elasticity.mean) >= unitsToClear,
  }
}

function kindOf({
  soldRecently,
  isKept,
  daysOfCover,
}: Pick<StockToClear, 'soldRecently' | 'isKept'> & { daysOfCover: number | null }): HintKind | null {
  if (!isKept) return 'leaving'
  if (soldRecently === 0) return 'dead'
  return daysOfCover !== null && daysOfCover > OVERSTOCKED_DAYS ? 'overstocked' : null
}
