import type { AnyRule } from '#domain/operators/rule.ts'
import { highDiscount } from './high-discount.ts'
import { oddAmount } from './odd-amount.ts'
import { refundsAtRegister, refundsByCashier } from './refund-burst.ts'
import { storePace } from './store-pace.ts'
import { storeSilent } from './store-silent.ts'
import { tillSilent } from './till-silent.ts'
import { cardVelocity, customerVelocity } from './velocity.ts'
import { voidAfterCash } from './void-after-cash.ts'

/** Every rule that the stream judges by: a new one is a file of this folder and a line here. */
export const STREAM_RULES: readonly AnyRule[] = [
  cardVelocity,
  customerVelocity,
  refundsByCashier,
  refundsAtRegister,
  voidAfterCash,
  highDiscount,
  oddAmount,
  storeSilent,
  tillSilent,
  storePace,
]
