/** Records a read asks for near the log's end. */
const SMALLEST_READ = 2_000
/** Far behind: one upsert then stands for many events. Past this, memory grows and nothing gets faster. */
const LARGEST_READ = 20_000
/** Lines a batch should hold at most: documents of thousands of lines make smaller batches. */
const LINES_PER_BATCH = 200_000

/** What the last read told. */
export interface LastRead {
  limit: number
  records: number
  lines: number
}

/** How many records to read next: more after every full read, few again at the log's end. */
export function nextReadLimit(last: LastRead | null): number {
  if (last === null || last.records < last.limit) return SMALLEST_READ
  const linesPerRecord = Math.max(1, last.lines / last.records)
  const roomFor = Math.floor(LINES_PER_BATCH / linesPerRecord)
  return Math.max(1, Math.min(last.limit * 2, LARGEST_READ, roomFor))
}

/** Least and most time between the starts of two batches at the log's end. */
const SHORTEST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 200

/**
 * How long to let events gather after a batch that reached the log's end: as long as the batch took, so a
 * busy partition works in larger batches at half its capacity, and a quiet one answers at once.
 */
export function pauseMs(batchMs: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, batchMs))
}

const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 2_000

/**
 * Wait before another try: doubling with each failure in a row, and jittered so that partitions which lost
 * the same database do not all come back at once.
 * @param failures in a row, at least 1
 * @param random in [0, 1)
 */
export function retryMs(failures: number, random: number): number {
  const due = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1))
  return Math.round(due / 2 + (due / 2) * random)
}
