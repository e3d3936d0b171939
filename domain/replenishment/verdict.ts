import type { Instant } from '#domain/instant.ts'
import type { Stockout } from './stockout.ts'

/**
 * short: the shelf is empty before a delivery can help; covered: it might be, and what is on order comes in time; enough:
 * neither. Whether something is to be ordered is another question, which the policy answers: early enough, as a rule,
 * that no shelf becomes short.
 */
export type ShelfVerdict = 'short' | 'covered' | 'enough'

/**
 * Judges a shelf by time: what runs out when, against what comes when.
 * @param stockout of what is on hand, if nothing comes
 * @param nextDeliveryAt of what is on order; null: nothing is, or nobody knows when
 * @param orderArrivesAt if it were ordered now; null: no lead time is known
 */
export function judgeShelf({
  stockout: { at, early },
  nextDeliveryAt,
  orderArrivesAt,
}: {
  stockout: Stockout
  nextDeliveryAt: Instant | null
  orderArrivesAt: Instant | null
}): ShelfVerdict {
  const helpAt = nextDeliveryAt ?? orderArrivesAt
  if (helpAt === null || at === null) return 'enough'
  if (at < helpAt) return 'short'
  // But for what is on its way an order of now would come too late, in one case of ten.
  const isInDoubt = early !== null && orderArrivesAt !== null && early < orderArrivesAt
  return nextDeliveryAt !== null && isInDoubt ? 'covered' : 'enough'
}
