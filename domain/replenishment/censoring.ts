/*
 * What an empty shelf hides. A day on which the shelf was empty for a part tells of demand only while it was not: its units
 * stand against that share of the day. For arrivals at a rate, units over exposure is the most likely rate even though the
 * shelf ran out *because* much was sold: stopping at a count is no bias (Conrad, "Sales data and the estimation of demand",
 * 1976; Cox & Oakes, "Analysis of Survival Data", 1984, §3.2).
 */

/** A shelf on one business day, as its books say. */
export interface ShelfDay {
  /** Minutes with nothing on hand. */
  stockoutMinutes: number
  opening: number
  closing: number
}

const DAY_MINUTES = 1_440

/**
 * The share of a day's demand that the shelf could serve.
 * @param cumulative share of a day's demand up to the beginning of each of its 24 hours, from the cut-over on; 25 numbers,
 *   from 0 to 1
 */
export function servedShare(
  { stockoutMinutes, opening, closing }: ShelfDay,
  cumulative: ArrayLike<number>,
): number {
  if (stockoutMinutes <= 0) return 1
  if (stockoutMinutes >= DAY_MINUTES - 1) return 0
  const isEmptyFirst = opening <= 0
  const isEmptyLast = closing <= 0
  // The books say how long, and by their ends when: of a day that began and ended empty both halves.
  const first = isEmptyFirst ? (isEmptyLast ? stockoutMinutes / 2 : stockoutMinutes) : 0
  const last = isEmptyLast ? stockoutMinutes - first : 0
  if (first + last === 0) return 1 - stockoutMinutes / DAY_MINUTES
  const missed = shareUpTo(cumulative, first) + 1 - shareUpTo(cumulative, DAY_MINUTES - last)
  return Math.min(1, Math.max(0, 1 - missed))
}

function shareUpTo(cumulative: ArrayLike<number>, minutes: number): number {
  const hour = Math.min(23, Math.floor(minutes / 60))
  const before = cumulative[hour] ?? 0
  return before + ((cumulative[hour + 1] ?? 1) - before) * (minutes / 60 - hour)
}

/** Units that customers did not get, with their standard deviation. */
export interface MissedSales {
  units: number
  spread: number
}

/**
 * Estimates what an empty shelf could not serve: the rate times the share of days that was missed. It is unsure twice: by
 * what those customers would have bought, a count of variance `dispersion` times its mean, and by the rate itself, which is
 * known as from `memoryDays` days.
 * @param missedDays shares of days that were missed, each times its weekday's factor, added up
 */
export function missedSales({
  missedDays,
  rate,
  dispersion,
  memoryDays,
}: {
  missedDays: number
  rate: number
  dispersion: number
  memoryDays: number
}): MissedSales {
  const units = rate * missedDays
  if (units <= 0) return { units: 0, spread: 0 }
  const ofRate = (missedDays ** 2 * dispersion * rate) / Math.max(1, memoryDays)
  return { units, spread: Math.sqrt(dispersion * units + ofRate) }
}
