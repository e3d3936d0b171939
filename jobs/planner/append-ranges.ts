import { addDays } from '#domain/business-day.ts'

/** A half-open stretch of append time, as UTC days 'YYYY-MM-DD': [from, to). */
export interface AppendRange {
  from: string
  to: string
}

/**
 * The stretches of append time that hold all of the given UTC days, neighbours joined. The log is stored by
 * append day, so a late event of last month costs the reading of two days, not of all between.
 */
export function appendRanges(days: Iterable<string>): AppendRange[] {
  const ranges: AppendRange[] = []
  for (const day of [...new Set(days)].sort()) {
    const last = ranges.at(-1)
    if (last?.to === day) last.to = addDays(day, 1)
    else ranges.push({ from: day, to: addDays(day, 1) })
  }
  return ranges
}
