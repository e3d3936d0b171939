/** Upper bounds of the buckets, in ms; one more bucket holds what lies above them all. */
export const BOUNDS_MS: readonly number[] = [
  1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000,
  7_000, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000,
  21_600_000, 86_400_000,
]

/** How many values lie in each bucket: of `BOUNDS_MS`, and above them. Histograms add up bucket by bucket. */
export type Histogram = number[]

export function emptyHistogram(): Histogram {
  return new Array<number>(BOUNDS_MS.length + 1).fill(0)
}

/** Counts a value, in place. @param ms what lies below zero, as clocks of two machines may make it, counts as none */
export function observe(histogram: Histogram, ms: number, times = 1): void {
  let bucket = 0
  let past = BOUNDS_MS.length
  while (bucket < past) {
    const middle = (bucket + past) >> 1
    if (ms > (BOUNDS_MS[middle] ?? 0)) bucket = middle + 1
    else past = middle
  }
  histogram[bucket] = (histogram[bucket] ?? 0) + times
}

/** Adds another histogram, in place. */
export function addHistogram(histogram: Histogram, other: readonly number[]): void {
  other.forEach((count, bucket) => {
    histogram[bucket] = (histogram[bucket] ?? 0) + count
  })
}

export function countOf(histogram: readonly number[]): number {
  return histogram.reduce((sum, count) => sum + count, 0)
}

/**
 * The value at or below which that share of the values lies, taken to be spread evenly within its bucket, as
 * Prometheus' `histogram_quantile` does: off by a bucket's width at most.
 * @returns ms; the last bound for what lies above it, null where nothing was counted
 */
export function quantileOf(histogram: readonly number[], share: number): number | null {
  const all = countOf(histogram)
  if (all === 0) return null
  const rank = share * all
  let below = 0
  for (const [bucket, count] of histogram.entries()) {
    const upper = BOUNDS_MS[bucket]
    if (upper === undefined) break
    if (count > 0 && below + count >= rank) {
      const lower = BOUNDS_MS[bucket - 1] ?? 0
      return lower + (upper - lower) * Math.max(0, (rank - below) / count)
    }
    below += count
  }
  return BOUNDS_MS.at(-1) ?? null
}
