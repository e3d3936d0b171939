import type { Finding } from './findings.ts'

/** A row that says something else than the log, before it is stored. */
export type FoundRow = Pick<Finding, 'path' | 'relation' | 'rowKey' | 'metric' | 'stored' | 'expected'>

/** What an audit's statement answers; values are numeric text, money as decimals. */
export type FoundColumns = Pick<FoundRow, 'rowKey' | 'metric' | 'stored' | 'expected'>

/** Most rows one relation is reported with: whoever has more has lost the table, not a row. */
export const MAX_FOUND = 1_000

/** The metric that stands for the row itself: stored 1 where it is there, expected 1 where it should be. */
export const WHOLE_ROW = 'row'

export function found(path: FoundRow['path'], relation: string, rows: readonly FoundColumns[]): FoundRow[] {
  return rows.map(({ rowKey, metric, stored, expected }) => ({
    path,
    relation,
    rowKey,
    metric,
    stored,
    expected,
  }))
}
