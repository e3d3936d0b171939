import type { Reading } from '#db/transaction.ts'
import { CHECKSUM_AUDITS } from '#server/serving/reconcile/audit-checksums.ts'
import { auditEpisodes } from '#server/serving/reconcile/audit-episodes.ts'
import {
  auditDailyInventory,
  auditInventoryChain,
  auditMonthlyInventory,
} from '#server/serving/reconcile/audit-inventory.ts'
import { auditLateness } from '#server/serving/reconcile/audit-lateness.ts'
import {
  auditDailyReviews,
  auditMonthlyCategorySales,
  auditMonthlyTenders,
} from '#server/serving/reconcile/audit-other-reports.ts'
import { auditPeriodCustomers, auditPeriodSums } from '#server/serving/reconcile/audit-periods.ts'
import {
  auditDailyProductSales,
  auditDailySales,
  auditHourlySales,
} from '#server/serving/reconcile/audit-sales-reports.ts'
import type { AuditScope } from '#server/serving/reconcile/audit-scope.ts'
import { auditStock } from '#server/serving/reconcile/audit-stock.ts'
import { auditWindows } from '#server/serving/reconcile/audit-windows.ts'
import type { FoundRow } from '#server/serving/reconcile/found-row.ts'
import type { SharedWork } from '#server/serving/reconcile/share-snapshot.ts'
import { weighFindings } from '#server/serving/reconcile/weigh-findings.ts'

type Audit = (reading: Reading, scope: AuditScope, generation: number) => Promise<FoundRow[]>

/** Those that take longest first, so that several readers end at about the same time. */
const AGAINST_THE_LOG: readonly Audit[] = [
  auditLateness,
  auditStock,
  auditDailyInventory,
  auditDailyProductSales,
  auditWindows,
  auditMonthlyTenders,
  auditPeriodCustomers,
  auditHourlySales,
  auditDailySales,
  auditDailyReviews,
  auditEpisodes,
]
const AGAINST_OTHER_REPORTS: readonly Audit[] = [
  auditMonthlyInventory,
  auditInventoryChain,
  auditPeriodSums,
  auditMonthlyCategorySales,
]

/** Does what it is given on each reader of one snapshot. */
export type Share = (work: SharedWork) => Promise<void>

/**
 * Holds every live and report row of the scope against the log at the offsets the row stands on, and names
 * those that differ. Stock and alerts are states of now: they are audited whatever the days.
 */
export async function audit(share: Share, scope: AuditScope, generation: number): Promise<FoundRow[]> {
  const found = await runAudits(
    [...AGAINST_THE_LOG, ...CHECKSUM_AUDITS, ...AGAINST_OTHER_REPORTS],
    share,
    scope,
    generation,
  )
  const foundBy = (group: readonly Audit[]) => group.flatMap(one => found.get(one) ?? [])
  return weighFindings({
    direct: foundBy(AGAINST_THE_LOG),
    derived: foundBy(AGAINST_OTHER_REPORTS),
    checksums: foundBy(CHECKSUM_AUDITS),
  })
}

/** Whether every report's rows are those that its runs took their checksums of. */
export async function areAsWritten(share: Share, scope: AuditScope, generation: number): Promise<boolean> {
  const found = await runAudits(CHECKSUM_AUDITS, share, scope, generation)
  return [...found.values()].every(rows => rows.length === 0)
}

/** The readers take the audits from one list. */
async function runAudits(
  audits: readonly Audit[],
  share: Share,
  scope: AuditScope,
  generation: number,
): Promise<Map<Audit, FoundRow[]>> {
  const waiting = [...audits]
  const found = new Map<Audit, FoundRow[]>()
  await share(async (reading, stop) => {
    for (let next = waiting.shift(); next && !stop.aborted; next = waiting.shift()) {
      found.set(next, await next(reading, scope, generation))
    }
  })
  return found
}

/** Keeps what was found, so that the dashboard and the views can tell of it. */
export async function keepFindings(
  reading: Reading,
  runId: number,
  found: readonly FoundRow[],
): Promise<void> {
  for (const { path, relation, rowKey, metric, stored, expected } of found) {
    await reading`
      insert into recon.findings (run_id, path, relation, row_key, metric, stored, expected)
      values (${runId}, ${path}, ${relation}, ${reading.json(rowKey)}, ${metric}, ${stored}, ${expected})`
  }
}
