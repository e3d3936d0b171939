import type { Sql } from '#db/client.ts'
import { partId } from '#domain/derived-id.ts'
import { type DeadLetter, insertDeadLetters } from '#server/intake/dead-letters.ts'

/** Most dead letters of one file: past these, its file of rejects tells the rest. */
const MAX_DEAD_LETTERS = 1_000

export type FileDeadLetter = Omit<DeadLetter, 'metIn'> & { row: number }

/** The dead letters of one file. */
export interface FileDeadLetters {
  add(letter: FileDeadLetter): void
  /** Keeps the dead letters, but those that an earlier import of the same file has kept already. */
  keep(sql: Sql): Promise<void>
}

/** @param sha256 of the file, in hex: by it the same file is known again */
export function createFileDeadLetters({ file, sha256 }: { file: string; sha256: string }): FileDeadLetters {
  const letters: FileDeadLetter[] = []
  return {
    add(letter) {
      if (letters.length < MAX_DEAD_LETTERS) letters.push(letter)
    },
    async keep(sql) {
      if (letters.length === 0) return
      const kept = await sql<{ row: number }[]>`
        select (met_in ->> 'row')::bigint as row from intake.dead_letters
        where met_in ->> 'sha256' = ${sha256}`
      const known = new Set(kept.map(letter => letter.row))
      await insertDeadLetters(
        sql,
        letters
          .filter(({ row }) => !known.has(row))
          .map(({ row, ...letter }) => ({ ...letter, metIn: { file, sha256, row } })),
      )
    },
  }
}

/** Most open dead letters that a file may mend. */
const MAX_OPEN_DEAD_LETTERS = 10_000

/** Open dead letters of files: an event that reaches the log under such a name has been mended. */
export interface OpenDeadLetters {
  /** To be told of every event that is new to the log. */
  meet(source: string, id: string): void
  /** Settles the dead letters whose event was met. */
  settle(sql: Sql): Promise<void>
}

/** @param file that is about to be loaded */
export async function readOpenDeadLetters(sql: Sql, file: string): Promise<OpenDeadLetters> {
  const rows = await sql<{ letter: number; source: string; id: string }[]>`
    select dead_letter as letter, source, event_id as id from intake.dead_letters
    where state = 'open' and met_in ? 'file' and source is not null and event_id is not null
    order by dead_letter desc limit ${MAX_OPEN_DEAD_LETTERS}`
  const deadLettersOf = new Map<string, number[]>()
  for (const { letter, source, id } of rows) {
    const key = nameOf(source, id)
    deadLettersOf.set(key, [...(deadLettersOf.get(key) ?? []), letter])
  }
  const met: number[] = []
  return {
    meet(source, id) {
      if (deadLettersOf.size > 0) met.push(...(deadLettersOf.get(nameOf(source, id)) ?? []))
    },
    async settle(sql) {
      if (met.length === 0) return
      await sql`
        update intake.dead_letters
        set state = 'requeued', settled_at = clock_timestamp(),
          settlement = jsonb_build_object('outcome', 'imported', 'file', ${file}::text)
        where state = 'open' and dead_letter = any(${met})`
    },
  }
}

function nameOf(source: string, id: string): string {
  return JSON.stringify([source, id])
}

const PARTS = [partId('', 'adjust'), partId('', 'return')] as const

/** Settles dead letters of earlier files whose document has reached the log since, repaired. */
export async function settleRepaired(sql: Sql, source: string, file: string): Promise<void> {
  await sql`
    update intake.dead_letters d
    set state = 'requeued', settled_at = clock_timestamp(),
      settlement = jsonb_build_object('outcome', 'imported', 'file', ${file}::text)
    where d.state = 'open' and d.source = ${source} and d.met_in ? 'file' and d.reason <> 'conflicting_duplicate'
      and exists (
        select from log.event_keys k
        where k.source = d.source
          and k.id in (d.event_id, d.event_id || ${PARTS[0]}, d.event_id || ${PARTS[1]}))`
}
