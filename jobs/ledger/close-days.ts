import type { Transaction } from '#db/transaction.ts'
import type { Claim } from '#jobs/ledger/claim-slots.ts'

/** Publishes the days whose runs close them. From here on a changed figure is a restatement. */
export async function closeDays(transaction: Transaction, claims: readonly Claim[]): Promise<void> {
  const closing = claims.filter(claim => claim.slot.closes !== null)
  if (closing.length === 0) return
  await transaction`
    insert into batch.closed_days (store, business_day, run_id, incomplete)
    select store, business_day, run_id, closing = 'incomplete'
    from unnest(
      ${closing.map(claim => claim.slot.store)}::text[], ${closing.map(claim => claim.slot.period)}::date[],
      ${closing.map(claim => claim.runId)}::bigint[], ${closing.map(claim => claim.slot.closes)}::text[]
    ) as closing(store, business_day, run_id, closing)
    on conflict do nothing`
}
