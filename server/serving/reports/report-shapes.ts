import type { BusinessDay, Grain } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import type { Comparison, FigureName, ViewName } from '#domain/report-views.ts'
import type { Change } from '#server/serving/reports/change.ts'
import type { DayRange } from '#server/serving/reports/periods.ts'

export type { Change }

/** Figures by name: exact decimals as text, words as they are, null where there is none. */
export type Figures = Partial<Record<FigureName, string | null>>

/**
 * How settled store-days are. `open`: the day is not over. `awaiting-journal`: it is, and the store's journal has
 * not come. `unclosed`: over, not published yet. `incomplete`: published without all Z reports or journals.
 */
export type DayState = 'open' | 'awaiting-journal' | 'unclosed' | 'incomplete' | 'closed'

/** The store-days behind a row, by state. The least settled of them gives the row its own. */
export interface Settlement {
  state: DayState
  storeDays: number
  counts: Record<DayState, number>
  /** Closed days whose published figures changed afterwards. */
  restated: number
  /** Store-days that no run of the report has computed: what the figures leave out. */
  uncovered: number
}

/** The runs that a figure stands on. */
export interface ReportBasis {
  job: string
  runs: number
  oldestRunId: number | null
  newestRunId: number | null
  oldestComputedAt: Instant | null
  newestComputedAt: Instant | null
  /** Offset read per partition: the lowest of the runs, so each read at least this. */
  through: Record<string, number>
}

export interface ReportRow extends Change {
  /** What it stands for: `period`, `store`, `sku`, `category`; of a product also its `name`. */
  key: Record<string, string>
  figures: Figures
  /** Null for rows that belong to no period. */
  settlement: Settlement | null
  /** The newest run behind it, and when that committed. */
  runId: number | null
  computedAt: Instant | null
  /** The period that `before` is of, for rows of periods. */
  comparedPeriod: BusinessDay | null
}

export interface Report {
  view: ViewName
  grain: Grain
  currency: string
  /** What amounts are in: the currency asked for, or the reporting currency. */
  unit: string
  /** Whole periods. */
  range: DayRange
  comparison: Comparison
  compared: DayRange | null
  metric: FigureName
  /** The order of the rows. */
  sort: { by: string; descending: boolean }
  rows: ReportRow[]
  /** Over all rows, not only those of this page. */
  rowCount: number
  page: number
  pages: number
  totals: Figures
  /** What the totals are held against, figure by figure; empty without comparison. */
  changes: Partial<Record<FigureName, Change>>
  settlement: Settlement
  basis: ReportBasis
  comparedBasis: ReportBasis | null
}
