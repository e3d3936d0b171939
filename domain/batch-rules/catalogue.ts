import type { AnyBatchRule, AnyHourlyRule, AnyKeyedRule } from './batch-rule.ts'
import { cardInTwoStores } from './card-in-two-stores.ts'
import { productEverywhere } from './product-everywhere.ts'
import { refundBeyondPurchase } from './refund-beyond-purchase.ts'
import { refundOfUnknownOrder } from './refund-of-unknown-order.ts'

/** Rules over the documents of an order or a card: a new one is a file of this folder and a line here. */
export const KEYED_RULES: readonly AnyKeyedRule[] = [
  refundBeyondPurchase,
  refundOfUnknownOrder,
  cardInTwoStores,
]

/** Rules over what stores sell of a product. */
export const HOURLY_RULES: readonly AnyHourlyRule[] = [productEverywhere]

/** Every rule that the batch path judges by. */
export const BATCH_RULES: readonly AnyBatchRule[] = [...KEYED_RULES, ...HOURLY_RULES]
