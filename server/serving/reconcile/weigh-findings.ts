import type { FoundRow } from '#server/serving/reconcile/found-row.ts'

/** Reports whose rows are held against other reports' rows, and not against the log itself. */
const COMPUTED_FROM: Readonly<Record<string, string>> = {
  'batch.weekly_sales': 'batch.daily_sales',
  'batch.monthly_sales': 'batch.daily_sales',
  'batch.monthly_product_sales': 'batch.daily_product_sales',
  'batch.monthly_category_sales': 'batch.monthly_product_sales',
  'batch.monthly_inventory': 'batch.daily_inventory',
  'batch.daily_inventory': 'batch.daily_inventory',
}

export interface Findings {
  /** Rows held against the log, or against themselves. */
  direct: readonly FoundRow[]
  /** Rows held against the report they are computed from. */
  derived: readonly FoundRow[]
  /** Periods whose rows are not those their run took the checksum of. */
  checksums: readonly FoundRow[]
}

/**
 * Leaves out what only follows from another finding: a row whose own period is as its run left it, held
 * against one that was changed since, is right and the other is wrong; and a checksum says nothing where a
 * row of its period is named.
 */
export function weighFindings({ direct, derived, checksums }: Findings): FoundRow[] {
  const changed = new Set(checksums.map(periodKey))
  const changedReports = new Set(checksums.map(reportKey))
  const blamed = derived.filter(row => {
    const base = COMPUTED_FROM[row.relation]
    return (
      changed.has(periodKey(row)) ||
      base === undefined ||
      !changedReports.has(reportKey({ ...row, relation: base }))
    )
  })
  const named = [...direct, ...blamed]
  const namedPeriods = new Set(named.map(periodKey))
  return [...named, ...checksums.filter(row => !namedPeriods.has(periodKey(row)))]
}

function reportKey({ relation, rowKey }: Pick<FoundRow, 'relation' | 'rowKey'>): string {
  return `${relation} ${rowKey.store}`
}

function periodKey(row: FoundRow): string {
  const { business_day: day, week, month } = row.rowKey
  return `${reportKey(row)} ${day ?? week ?? month}`
}
