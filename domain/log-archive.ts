import { z } from 'zod'
import { DAY_MS, HOUR_MS, type Instant } from './instant.ts'

/*
 * The archive of the order log, as data: an append day (UTC) is one Parquet file with a manifest beside it.
 *
 *   log.json                                 which log this is
 *   append_day=2026-11-20/manifest.json      what the day holds, and its checksums; written last
 *   append_day=2026-11-20/events-….parquet   the day, to the last bit; named by its bytes
 *   append_day=2026-11-20/lines-….parquet    its sales again, a row a line, for reports; made from the events
 */

/** Raised when a reader of before would misunderstand what is written now. */
export const ARCHIVE_FORMAT = 1

/** A day of UTC, 'YYYY-MM-DD', by append time: the log is cut into these, and so is its archive. */
export type AppendDay = string

const DAY = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)
const SHA256 = z.string().regex(/^[0-9a-f]{64}$/)
const COUNT = z.number().int().nonnegative()
const INSTANT = z.iso.datetime({ offset: true })

const archivedPartition = z.strictObject({
  partition: COUNT,
  /** The last one before this day; 0: there is none. */
  previousOffset: COUNT,
  firstOffset: COUNT,
  lastOffset: COUNT,
  rows: COUNT,
  firstAppendedAt: INSTANT,
  lastAppendedAt: INSTANT,
})

/** The lines of a day's sales, for reports: what they say the events say, and nothing is restored from them. */
const archivedLines = z.strictObject({
  file: z.string().regex(/^lines-[0-9a-f]{16}\.parquet$/),
  bytes: COUNT,
  sha256: SHA256,
  rows: COUNT,
})

const dayManifest = z.strictObject({
  format: z.literal(ARCHIVE_FORMAT),
  /** `log.identity`: a day of another log is no day of this one. */
  log: z.uuid(),
  appendDay: DAY,
  file: z.string().regex(/^events-[0-9a-f]{16}\.parquet$/),
  bytes: COUNT,
  sha256: SHA256,
  rows: COUNT,
  /** Sum of a digest of every row: the same whatever order the rows stand in. */
  contents: z.string().regex(/^\d+$/),
  /** Those with entries on that day, in order. */
  partitions: z.array(archivedPartition),
  /** Of the events that both paths can count; null where there is none. */
  businessDays: z.strictObject({ first: DAY, last: DAY }).nullable(),
  /** Not there: not made yet, the day is of an older version. Null: a line of the day cannot stand in such a file. */
  lines: archivedLines.nullable().optional(),
  /** Versions of the rules in its rows, and of what wrote the file. */
  versions: z.strictObject({ rules: z.array(z.number().int()), duckdb: z.string() }),
  writtenAt: INSTANT,
})

/** What is written beside the file of a day. */
export type DayManifest = z.infer<typeof dayManifest>

const logManifest = z.strictObject({
  format: z.literal(ARCHIVE_FORMAT),
  log: z.uuid(),
  partitions: COUNT,
  /** Whether offsets of a partition follow each other without a hole; those of Kafka do not. */
  offsets: z.enum(['dense', 'gaps']),
  reference: z
    .strictObject({
      file: z.string().regex(/^reference-[0-9a-f]{16}\.ndjson\.gz$/),
      sha256: SHA256,
      at: INSTANT,
    })
    .nullable(),
})

/** What is written once for the whole archive. */
export type LogManifest = z.infer<typeof logManifest>

/** The archive is not what it should be: cut short, changed, of another log, or a day of it is missing. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError'
}

export const LOG_MANIFEST = 'log.json'

export function folderOfDay(day: AppendDay): string {
  return `append_day=${day}`
}

export function manifestOfDay(day: AppendDay): string {
  return `${folderOfDay(day)}/manifest.json`
}

/** The append day whose manifest a name is; null for any other name. */
export function dayOfManifest(name: string): AppendDay | null {
  return /^append_day=(\d{4}-\d{2}-\d{2})\/manifest\.json$/.exec(name)?.[1] ?? null
}

/** @throws ArchiveError naming the file and what is wrong with it */
export function parseDayManifest(text: string, name: string): DayManifest {
  return parse(dayManifest, text, name)
}

/** @throws ArchiveError naming the file and what is wrong with it */
export function parseLogManifest(text: string): LogManifest {
  return parse(logManifest, text, LOG_MANIFEST)
}

function parse<Value>(schema: z.ZodType<Value>, text: string, name: string): Value {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new ArchiveError(`${name} is no JSON: it was cut short or changed`)
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new ArchiveError(`${name} is no manifest: ${issue?.path.join('.') || 'it'}: ${issue?.message}`)
}

/** How long after its end a day is left alone: a clock that is set back would still write into it. */
export const SETTLED_AFTER_MS = HOUR_MS

/**
 * The append days that are over and settled, of those the log has, oldest first.
 * @param now the database's, whose clock gives the append times
 */
export function completeDays(days: readonly AppendDay[], now: Instant): AppendDay[] {
  return days.filter(day => Date.parse(`${day}T00:00:00Z`) + DAY_MS + SETTLED_AFTER_MS <= now).sort()
}

/**
 * Asserts that days follow each other in every partition, from its start: each says which offset came before it.
 * @throws ArchiveError naming the partition and the offsets between which entries are missing
 */
export function assertWhole(manifests: readonly DayManifest[]): void {
  const last = new Map<number, { offset: number; day: AppendDay | null }>()
  for (const { appendDay, partitions } of manifests.toSorted((a, b) =>
    a.appendDay < b.appendDay ? -1 : 1,
  )) {
    for (const { partition, previousOffset, lastOffset } of partitions) {
      const before = last.get(partition) ?? { offset: 0, day: null }
      if (previousOffset !== before.offset) {
        throw new ArchiveError(
          `the archive is not whole: before ${appendDay} partition ${partition} was at offset ${previousOffset}, and the ` +
            `archive ends at ${before.offset}: a day ${before.day === null ? 'before' : `between ${before.day} and`} ${appendDay} is missing`,
        )
      }
      last.set(partition, { offset: lastOffset, day: appendDay })
    }
  }
}
