/** What all stores together sold of a product on a business day. */
export interface ProductDay {
  units: number
  /** Amounts of one unit of money: what they are in does not matter. */
  gross: number
  discounts: number
  /** Stores that sold it, and those of them that took at least `LEAST_DISCOUNT` off. */
  stores: number
  discounting: number
}

/** Of what is below: days that were judged by another version are judged again. */
export const OFFER_RULE_VERSION = 1

/** Of gross: what a loyalty card or a dented tin takes off is less, over all that was sold. */
export const LEAST_DISCOUNT = 0.05
/** One reduced piece says nothing of a day's price. */
const LEAST_UNITS = 3
const LEAST_STORES = 2 / 3

/**
 * Whether a product was on offer: nearly all stores that sold it took something off. Its day then says nothing of ordinary
 * demand, in any store: where it sold nothing though it was cheap it would say least of all.
 */
export function isOnOffer({ units, gross, discounts, stores, discounting }: ProductDay): boolean {
  return (
    units >= LEAST_UNITS &&
    gross > 0 &&
    discounts >= LEAST_DISCOUNT * gross &&
    discounting >= LEAST_STORES * stores
  )
}
