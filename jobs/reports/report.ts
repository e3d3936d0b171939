import type { Fragment, Transaction } from '#db/transaction.ts'
import type { ReportEntry } from '#domain/reports.ts'
import type { SetReading } from './set-reading.ts'

/** How a report's rows come about. */
export interface ReportDefinition {
  /** Raised with every change of code that may change a figure: all its periods run again. */
  version: string
  /**
   * One SELECT over all days of a set, answering store, period, then key and values of the catalogue, in that
   * order. Its rows depend on nothing but the log up to the set's basis and the reports it is computed from.
   */
  figures(reading: SetReading): Fragment
  /** Beyond those that every report gets. */
  checks?: readonly OutputCheck[]
}

/** A report of the batch path: its entry in the catalogue, and how its rows come about. */
export type Report = ReportEntry & ReportDefinition

/** What a run has computed, before anybody sees it: table `staged`, and what it is computed for. */
export interface StagedRows {
  sql: Transaction
  report: ReportEntry & { version: string }
  /** FROM item `slot`: run_id, store, period, partition, through_offset, days (a JSON array of its business days). */
  slots(): Fragment
}

/**
 * A check of staged rows: a SELECT of (store, period, problem), one row for each fault, over `staged` and `slot`. A
 * period with a fault keeps its old rows and its run fails; the other periods of the set go on.
 */
export type OutputCheck = (staged: StagedRows) => Fragment

/** Columns that tell a report's rows apart. */
export function keyColumns({ periodColumn, key }: ReportEntry): string[] {
  return ['store', periodColumn, ...key]
}
