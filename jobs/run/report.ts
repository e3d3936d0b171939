import type { Fragment } from '#db/transaction.ts'
import type { ReportRule } from '#jobs/planner/report-rule.ts'
import type { OutputCheck } from './output-check.ts'
import type { SetReading } from './set-reading.ts'

/** Where a report's rows stand: `batch.<name>`, keyed by store, period and `key`. */
export interface ReportTable {
  name: string
  /** Column of the business day, or of the first day of the week or month. */
  period: 'business_day' | 'week' | 'month'
  key: readonly string[]
  values: readonly string[]
}

/** A report of the batch path: what the planner has to know of it, and how its rows come about. */
export interface Report extends ReportRule {
  /** One sentence for people. */
  summary: string
  table: ReportTable
  /**
   * One SELECT over all days of a set, answering store, period, then key and values of the table, in that
   * order. Its rows depend on nothing but the log up to the set's basis and the reports it is computed from.
   */
  figures(reading: SetReading): Fragment
  /** Beyond those that every report gets. */
  checks: readonly OutputCheck[]
  /** More events never make rows fewer: a run with fewer than the one before has lost something. */
  isGrowing: boolean
}
