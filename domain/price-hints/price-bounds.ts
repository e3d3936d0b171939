import type { Amount } from '#domain/money.ts'

/** Off what was asked within a day, at most: what falls faster teaches customers to wait. */
export const MOST_FALL_A_DAY = 0.3
/** Above what is usual, or what was asked within a day, at most: what rises faster is told of at other tables. */
export const MOST_RISE_A_DAY = 0.15

/** What is known of a shelf's price, all in the store's currency. */
export interface PriceTerms {
  currency: string
  /** What is asked now. */
  priceNow: Amount
  /** What is asked where nobody has changed it. */
  listPrice: Amount
  /** What one has cost; null: it is not known. */
  unitCost: Amount | null
  /** The most and the least that was asked within the day before it is to hold. */
  dearest: Amount
  cheapest: Amount
}

/** Between what a person may set a price, both included; null where its cost is not known. */
export function priceBounds({
  unitCost,
  listPrice,
  dearest,
  cheapest,
}: PriceTerms): { least: Amount; most: Amount } | null {
  if (unitCost === null) return null
  return {
    least: Math.max(unitCost, Math.floor(dearest * (1 - MOST_FALL_A_DAY))),
    most: Math.max(Math.ceil(Math.max(cheapest, listPrice) * (1 + MOST_RISE_A_DAY)), unitCost),
  }
}

/**
 * Why a person may not set a price, as a sentence; null where nothing stands against it.
 * @param format says an amount of the terms' currency
 */
export function whyNotPrice(
  price: Amount,
  terms: PriceTerms,
  format: (amount: Amount) => string,
): string | null {
  const bounds = priceBounds(terms)
  if (bounds === null || terms.unitCost === null) {
    return 'What one has cost is not known, so nobody can say whether that is below it: add it with npm run costs.'
  }
  const { unitCost, priceNow, dearest } = terms
  if (price < unitCost) {
    return `${format(price)} is below what one has cost, ${format(unitCost)}: a price stays at or above cost.`
  }
  if (price === priceNow) return `${format(price)} is what is asked already.`
  if (price < bounds.least) {
    return `${format(price)} is more than ${percent(MOST_FALL_A_DAY)} below the ${format(dearest)} asked within a day: take ${format(bounds.least)} today, and the rest tomorrow.`
  }
  if (price > bounds.most) {
    return `${format(price)} is more than ${percent(MOST_RISE_A_DAY)} above what is usual: ${format(bounds.most)} is the most for a day.`
  }
  return null
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`
}
