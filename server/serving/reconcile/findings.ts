import type { Reading } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'

/*
 * Invariant: whatever keeps "every cent explained" from being true is a finding, and a finding turns everything that
 * gives a verdict: the exit code of `npm run reconcile`, the state of the job's run, the page Checks.
 *
 *   audit row             a row of a live or report table says something else than the log
 *   re-derived            a row of the log says something else than its own lines, its store's calendar, or its sender
 *   z report              a till's own totals differ from the log, or are missing after the day has closed
 *   report not published  a report that is due has no run that succeeded
 *   cannot be digested    an event of the log that a path has set aside
 *
 * Beside them stand figures that hold something unexplained (`recon.reconciliation`), and the days that lie outside
 * the range: those are named, so that nobody takes a verdict for more than it is about.
 */

/** What is reconciled. Both days are included; no stores means all. */
export interface AuditScope {
  from: BusinessDay
  to: BusinessDay
  stores: readonly string[]
}

export const FINDING_KINDS = [
  'audit row',
  're-derived',
  'z report',
  'report not published',
  'cannot be digested',
] as const
export type FindingKind = (typeof FINDING_KINDS)[number]

/** Whose figure is doubted: a path's, or what the intake wrote. */
export const FINDING_PATHS = ['log', 'batch', 'stream'] as const

/** What was found, before it is kept. */
export interface FoundRow {
  kind: FindingKind
  path: (typeof FINDING_PATHS)[number]
  /** Table the row stands in, e.g. 'stream.windows'; of what is missing, where it should stand. */
  relation: string
  /** Columns that name the row; `store` and `business_day` among them where it has any. */
  rowKey: Record<string, string | number>
  /** Column that differs; 'row' for the row itself. */
  metric: string
  /** As text, money as decimals. Null: the row is not there. */
  stored: string | null
  /** Null: no such row should be there. */
  expected: string | null
  /** A sentence for people where the values do not say it. */
  detail: string | null
}

/**
 * Looks for one kind of finding in a range, in the snapshot of `reading`. It reads what both paths and the log keep, and
 * writes nothing.
 */
export type FindingSource = (reading: Reading, scope: AuditScope) => Promise<FoundRow[]>

/** Keeps what was found, so that the dashboard and the views can tell of it. */
export async function keepFindings(
  reading: Reading,
  runId: number,
  found: readonly FoundRow[],
): Promise<void> {
  for (const { kind, path, relation, rowKey, metric, stored, expected, detail } of found) {
    await reading`
      insert into recon.findings (run_id, kind, path, relation, row_key, metric, stored, expected, detail)
      values (${runId}, ${kind}, ${path}, ${relation}, ${reading.json(rowKey)}, ${metric}, ${stored}, ${expected},
        ${detail})`
  }
}

/** A finding for people, without its row's name: what is there and what should be. */
export function describeFinding({ metric, stored, expected, detail }: FoundRow): string {
  if (detail !== null) return detail
  if (metric === 'checksum') return 'its rows are not those its run computed'
  return `${metric} is ${stored ?? 'nothing'}, the log says ${expected ?? 'nothing'}`
}
