import type { Amount } from '#domain/money.ts'
import { demandAtLeast } from '#domain/replenishment/quantiles.ts'
import type { Elasticity } from './elasticity.ts'
import { STEP } from './markdown.ts'
import { MOST_FALL_A_DAY, MOST_RISE_A_DAY, type PriceTerms, priceBounds } from './price-bounds.ts'
import { type ForecastUnits, type ForeseenUnits, unitsAtPrice } from './price-effect.ts'

// What the stream sees of a shelf within the day, as a price that helps: of one that is empty before the next delivery, and
// of one whose goods have stopped to sell.

/** end offer: it sells too fast at a price that was brought down; raise: at its own; flash: a promotion of two days. */
export type LiveHintKind = 'end offer' | 'raise' | 'flash'

export interface LivePriceHint {
  kind: LiveHintKind
  price: Amount
  /** As a fraction of the price of now; below zero: it falls. */
  change: number
  /** Of the time that counts (until help, or two days): at the price of now, and at that of the hint. */
  unitsNow: number
  units: ForeseenUnits
  /** Whether the goods last until help, or sell as they were foreseen to. */
  isEnough: boolean
}

/** So many times as fast as foreseen, at least, before a price rises for it. */
const RUSH_AT_LEAST = 1.5
/** Of a promotion that begins at once. */
export const FLASH_HOURS = 48
/** What a shelf holds is too much from so many days of sales on, at the speed of now. */
const FLASH_COVER_DAYS = 21
/** So rare must so few sales be by chance, and so far below what was foreseen. */
const RARE = 0.001
const SLOW_AT_MOST = 0.5
/** Units that the forecast itself counts for when it is held against what is seen (as of a rush). */
const UNITS_OF_FORECAST = 2

/**
 * A shelf that will be empty before help.
 * @param untilHelp units that are wanted until then at the price of now, the rush on the way
 * @param rush how many times as fast it sells as foreseen
 * @param offer what an offer of the calendar takes off, as a fraction; 0: none runs
 * @returns null where no price helps, or may
 */
export function rushHint({
  onHand,
  untilHelp,
  rush,
  offer,
  terms,
  elasticity,
}: {
  onHand: number
  untilHelp: ForecastUnits
  rush: number
  offer: number
  terms: PriceTerms
  elasticity: Elasticity
}): LivePriceHint | null {
  const bounds = priceBounds(terms)
  const paid = Math.round(terms.priceNow * (1 - offer))
  if (onHand <= 0 || untilHelp.mean <= onHand || bounds === null || paid <= 0) return null
  const at = (price: Amount): LivePriceHint => {
    const units = unitsAtPrice(untilHelp, { oldPrice: paid, newPrice: price, elasticity })
    const kind = price <= terms.listPrice ? 'end offer' : 'raise'
    return {
      ...{ kind, price, change: price / paid - 1 },
      ...{ unitsNow: untilHelp.mean, units, isEnough: units.units <= onHand },
    }
  }
  if (paid < terms.listPrice) return at(terms.listPrice)
  if (rush < RUSH_AT_LEAST) return null
  let hint: LivePriceHint | null = null
  for (let rise = STEP; rise <= MOST_RISE_A_DAY + 1e-9; rise += STEP) {
    const price = Math.round(terms.priceNow * (1 + rise))
    if (price > bounds.most) break
    // It is sold at a loss: only a step that ends this is one.
    if (price < bounds.least) continue
    hint = at(price)
    if (hint.isEnough) break
  }
  return hint
}

/** Silences of a product in all stores, or of a store in all products, added up: what they tell, and of how many shelves. */
export interface Silences {
  told: number
  shelves: number
}

/**
 * What it tells of a shelf that nothing was sold for a while: the units that were foreseen for that time. Who buys three at
 * once comes a third as often: what scatters more tells less.
 * @param foreseen units since the last that was sold or came
 */
export function toldBySilence({ mean, variance }: ForecastUnits): number {
  return mean > 0 ? mean / Math.max(1, variance / mean) : 0
}

/**
 * How fast a product sells in proportion to its forecast, where that is slower than chance makes it. Where customers come as
 * foreseen, the time since the last one, told in what was foreseen for it, is exponential with mean 1, and over k stores the
 * sum is Gamma with shape k: it exceeds s with the probability of at most k − 1 in a Poisson count of mean s (Ross,
 * "Introduction to Probability Models", 11th ed. 2014, §5.3). One shelf sells too few within a day to tell; all stores
 * together tell within hours. The pace is the posterior mean of a Gamma prior worth two units, as of a rush.
 * @param silences of the product
 * @returns null: it sells as foreseen, as far as can be told
 */
export function slowPace({ told, shelves }: Silences): number | null {
  const pace = (UNITS_OF_FORECAST + shelves) / (UNITS_OF_FORECAST + told)
  if (shelves === 0 || pace > SLOW_AT_MOST) return null
  return 1 - demandAtLeast({ mean: told, variance: told, units: shelves }) <= RARE ? pace : null
}

/**
 * How quiet a store is as a whole: by how much what was foreseen for its silences is too much, 1 at most. A store that is
 * closed, or whose line is down, is no sign of a product.
 */
export function quietness({ told, shelves }: Silences): number {
  return told <= 0 ? 1 : Math.min(1, shelves / told)
}

/**
 * A shelf of a product that sells slowly: what would bring it back to what was foreseen.
 * @param perDay units that are foreseen of the shelf
 * @param twoDays the same of the two days that come
 * @param pace of the product, below 1
 */
export function slowHint({
  onHand,
  perDay,
  twoDays,
  pace,
  terms,
  elasticity,
}: {
  onHand: number
  perDay: number
  twoDays: ForecastUnits
  pace: number
  terms: PriceTerms
  elasticity: Elasticity
}): LivePriceHint | null {
  const bounds = priceBounds(terms)
  if (bounds === null || terms.priceNow <= 0 || perDay <= 0) return null
  if (onHand < FLASH_COVER_DAYS * perDay * pace) return null
  // Somebody has brought it down already.
  if (terms.priceNow < terms.listPrice) return null
  const now = { mean: twoDays.mean * pace, variance: twoDays.variance * pace }
  let hint: LivePriceHint | null = null
  for (let fall = STEP; fall <= MOST_FALL_A_DAY + 1e-9; fall += STEP) {
    const price = Math.round(terms.priceNow * (1 - fall))
    if (price < bounds.least) break
    const units = unitsAtPrice(now, { oldPrice: terms.priceNow, newPrice: price, elasticity }, onHand)
    hint = {
      ...{ kind: 'flash' as const, price, change: price / terms.priceNow - 1 },
      ...{ unitsNow: now.mean, units, isEnough: units.units >= Math.min(onHand, twoDays.mean) },
    }
    if (hint.isEnough) break
  }
  return hint
}
