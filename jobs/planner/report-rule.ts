import type { ReportEntry } from '#domain/reports.ts'

/** What the planner has to know of a report. */
export type ReportRule = ReportEntry & {
  /** Raised with every change of code that may change a figure: all its periods run again. */
  version: string
}

/** Checksums of what a run was computed from, by report (or reference) and period. */
export type Inputs = Readonly<Record<string, Readonly<Record<string, string>>>>
