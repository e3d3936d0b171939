import type { Reading } from '#db/transaction.ts'
import { addDays } from '#domain/calendar.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import type { AppendDay } from '#domain/log-archive.ts'
import type { AuditScope } from './findings.ts'

/**
 * How much of the log there is to hold rows against.
 * - whole: all of it
 * - scope: retention has dropped days, but none in which an event of the scope can lie
 * - none: days that the scope needs lie in the archive alone
 */
export type LogReach = 'whole' | 'scope' | 'none'

/** Nothing is appended before it happened, and a source that was silent for a day is forgotten: so much before the scope. */
const DAYS_BEFORE = 3

/** Append days that the log has no longer: only the archive's checksums say what they were. */
export interface HeldByArchive {
  first: AppendDay
  last: AppendDay
  entries: number
  /** When the file was read back that waits for it longest. */
  readBackAt: Instant | null
}

/** @returns null where the log has all its days */
export async function readHeldByArchive(reading: Reading): Promise<HeldByArchive | null> {
  const [alone] = await reading<HeldByArchive[]>`
    select min(append_day) as first, max(append_day) as last, sum(rows)::bigint as entries,
      min(verified_at) as "readBackAt"
    from log.archived_days where dropped_at is not null having count(*) > 0`
  return alone ?? null
}

/**
 * What can be audited of a scope, and in a sentence what can not, and what holds it meanwhile. An audit reads the log
 * itself, and no archive.
 */
export async function reachOf(
  reading: Reading,
  { from }: AuditScope,
): Promise<{ reach: LogReach; notAudited: string | null }> {
  const alone = await readHeldByArchive(reading)
  if (alone === null) return { reach: 'whole', notAudited: null }
  const { first, last, entries, readBackAt } = alone
  const bringBack = `"npm run archive -- restore --from ${first} --to ${last}" brings them back.`
  const held =
    `of append days ${first} to ${last} ${entries} entries lie in the archive alone, held by their checksums ` +
    `(the file read back longest ago: ${readBackAt === null ? 'never' : formatInstant(readBackAt).slice(0, 10)})`
  if (addDays(from, -DAYS_BEFORE) > last) {
    return {
      reach: 'scope',
      notAudited:
        `Not held against the log: stock on hand and on order, transfers, alerts, sessions, prices and lateness, which ` +
        `follow from all of it: ${held}. ${bringBack}`,
    }
  }
  return {
    reach: 'none',
    notAudited:
      `Rows are not held against the log: ${held}. Both paths' figures are compared, and reports held against the ` +
      `checksums of their runs. ${bringBack}`,
  }
}
