import type { Reading } from '#server/serving/reading.ts'
import { auditChecksums } from '#server/serving/reconcile/audit-checksums.ts'
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
import { weighFindings } from '#server/serving/reconcile/weigh-findings.ts'

/**
 * Holds every live and report row of the scope against the log at the offsets the row stands on, and names
 * those that differ. Stock and alerts are states of now: they are audited whatever the days.
 */
export async function audit(reading: Reading, scope: AuditScope, generation: number): Promise<FoundRow[]> {
  const direct = [
    await auditWindows(reading, scope, generation),
    await auditLateness(reading, scope, generation),
    await auditStock(reading, scope, generation),
    await auditEpisodes(reading, scope, generation),
    await auditDailySales(reading, scope),
    await auditHourlySales(reading, scope),
    await auditDailyProductSales(reading, scope),
    await auditPeriodCustomers(reading, scope),
    await auditDailyInventory(reading, scope),
    await auditDailyReviews(reading, scope),
    await auditMonthlyTenders(reading, scope),
  ].flat()
  const derived = [
    await auditPeriodSums(reading, scope),
    await auditInventoryChain(reading, scope),
    await auditMonthlyInventory(reading, scope),
    await auditMonthlyCategorySales(reading, scope),
  ].flat()
  return weighFindings({ direct, derived, checksums: await auditChecksums(reading, scope) })
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
