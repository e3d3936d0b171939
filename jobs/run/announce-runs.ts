import type { Transaction } from '#db/transaction.ts'
import type { Claim } from '#jobs/ledger/claim-slots.ts'
import type { SettledRun } from '#jobs/ledger/settle-runs.ts'

/**
 * Tells whoever watches which figures have changed: one entry a set in the lane of what people and jobs do.
 * The lane is locked until the commit, so this is the last statement of its transaction.
 */
export async function announceRuns(
  transaction: Transaction,
  { job, claims, settled }: { job: string; claims: readonly Claim[]; settled: readonly SettledRun[] },
): Promise<void> {
  if (settled.length === 0) return
  const runIds = settled.map(run => run.runId)
  const done = new Set(runIds)
  const slots = claims.filter(claim => done.has(claim.runId)).map(claim => claim.slot)
  const days = slots.flatMap(slot => slot.days.map(day => day.businessDay)).sort()
  const payload = {
    jobs: [job],
    stores: new Set(slots.map(slot => slot.store)).size,
    from: days[0],
    to: days.at(-1),
    firstRunId: Math.min(...runIds),
    lastRunId: Math.max(...runIds),
    computedAt: Date.now(),
  }
  await transaction`select live.append_ops('batch_run', ${transaction.json(payload as never)})`
}
