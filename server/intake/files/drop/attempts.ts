import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import { MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { backoffMs } from '#platform/time.ts'
import { storableText } from '#server/intake/files/interpret/cells.ts'
import type { DroppedFile } from './look.ts'

/** After so many tries, half an hour in all, a file is left where it lies: nothing is tried for ever. */
export const MAX_TRIES = 10
const PAUSES = { firstMs: 5 * SECOND_MS, longestMs: 10 * MINUTE_MS }

/** Tries of one file with one mark, from the first until it is moved away. */
export interface Attempt {
  place: string
  fingerprint: string
  tries: number
  /** Null: none, it was given up. */
  nextTryAt: Instant | null
  /** How the last try ended; null while it goes on, or when its process died. */
  problem: string | null
  /** Its result is known: only the move is left. */
  isMoving: boolean
}

/** A try that was begun. */
export interface Try {
  tries: number
  /** The last row of `intake.files` when the file was first tried: a result after it is of this file. */
  afterFile: number
}

type Place = Pick<DroppedFile, 'dropDir' | 'place'>

export async function readAttempts(sql: Sql, dropDir: string): Promise<Map<string, Attempt>> {
  const rows = await sql<Attempt[]>`
    select place, fingerprint, tries, next_try_at as "nextTryAt", problem, is_moving as "isMoving"
    from intake.drop_attempts where drop_dir = ${dropDir}`
  return new Map(rows.map(row => [row.place, row]))
}

/**
 * Begins a try, if it is due. A file that is not the one of the tries before begins anew. To be called under the file's
 * lock. Should the process die, the try counts and the next one waits as after a failure.
 * @returns null while the pause lasts, and for ever once the file was given up
 */
export async function beginTry(sql: Sql, file: DroppedFile): Promise<Try | null> {
  const [known] = await sql<{ tries: number; afterFile: number; isDue: boolean }[]>`
    select tries, after_file as "afterFile", tries < ${MAX_TRIES} and next_try_at <= clock_timestamp() as "isDue"
    from intake.drop_attempts
    where drop_dir = ${file.dropDir} and place = ${file.place} and fingerprint = ${file.fingerprint}`
  if (known && !known.isDue) return null
  const tries = (known?.tries ?? 0) + 1
  const [begun] = await sql<{ afterFile: number }[]>`
    insert into intake.drop_attempts (drop_dir, place, fingerprint, tries, next_try_at, after_file)
    values (${file.dropDir}, ${file.place}, ${file.fingerprint}, ${tries},
      clock_timestamp() + ${pauseAfter(tries)} * interval '1 millisecond',
      coalesce(${known?.afterFile ?? null}::bigint, (select max(file) from intake.files), 0))
    on conflict (drop_dir, place) do update
    set fingerprint = excluded.fingerprint, tries = excluded.tries, next_try_at = excluded.next_try_at,
      after_file = excluded.after_file, problem = null, is_moving = false
    returning after_file as "afterFile"`
  if (!begun) throw new Error('intake.drop_attempts answered no row')
  return { tries, afterFile: begun.afterFile }
}

/** Ends a try that did not succeed. After the last one there is no next. */
export async function endTry(
  sql: Sql,
  file: Place,
  { tries, problem }: { tries: number; problem: string },
): Promise<void> {
  const pause = tries < MAX_TRIES ? pauseAfter(Math.max(1, tries)) : null
  await sql`
    update intake.drop_attempts
    set tries = ${tries}, problem = ${storableText(problem)},
      next_try_at = clock_timestamp() + ${pause}::float8 * interval '1 millisecond'
    where drop_dir = ${file.dropDir} and place = ${file.place}`
}

function pauseAfter(tries: number): number {
  return backoffMs(tries, PAUSES)
}

/** Notes that only the move is left: a mark that a crash leaves behind is known by it. */
export async function noteMoving(sql: Sql, file: Place): Promise<void> {
  await sql`
    update intake.drop_attempts set is_moving = true where drop_dir = ${file.dropDir} and place = ${file.place}`
}

/** The files are gone from their places: loaded, failed, or taken away by somebody. */
export async function forgetAttempts(sql: Sql, dropDir: string, places: readonly string[]): Promise<void> {
  if (places.length === 0) return
  await sql`delete from intake.drop_attempts where drop_dir = ${dropDir} and place = any(${places})`
}
