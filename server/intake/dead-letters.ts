import type { Sql } from '#db/client.ts'

/** Where something was met that could not be processed. */
export type MetIn =
  | { request: string; index: number; remote: string | null }
  /** `row` counts as a spreadsheet does: the header is row 1. */
  | { file: string; sha256: string; row: number }

/** Something that could not be processed, with its raw bytes: it may hold NUL or half characters. */
export interface DeadLetter {
  metIn: MetIn
  source: string | null
  eventId: string | null
  store: string | null
  /** A RejectionReason, or what the importer found wrong with a row. */
  reason: string
  detail: string
  payload: Uint8Array
}

const MAX_DETAIL = 1_000
const MAX_IDENTIFIER = 256

/** Keeps dead letters, in one statement. Committed when it resolves. */
export async function insertDeadLetters(
  sql: Pick<Sql, 'unsafe'>,
  letters: readonly DeadLetter[],
): Promise<void> {
  if (letters.length === 0) return
  await sql.unsafe(
    `insert into intake.dead_letters (met_in, source, event_id, store, reason, detail, payload)
     select met_in::jsonb, source, event_id, store, reason, detail, decode(payload, 'base64')
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
       as letter(met_in, source, event_id, store, reason, detail, payload)`,
    [
      letters.map(letter => JSON.stringify(letter.metIn)),
      letters.map(letter => storable(letter.source, MAX_IDENTIFIER)),
      letters.map(letter => storable(letter.eventId, MAX_IDENTIFIER)),
      letters.map(letter => storable(letter.store, MAX_IDENTIFIER)),
      letters.map(letter => letter.reason),
      letters.map(letter => storable(letter.detail, MAX_DETAIL)),
      letters.map(letter => Buffer.from(letter.payload).toString('base64')),
    ],
    { prepare: true },
  )
}

/** The sender's field if it is text, for finding the letter again; whatever else it is stays in the payload. */
export function textField(value: unknown, field: string): string | null {
  if (typeof value !== 'object' || value === null) return null
  const entry = (value as Record<string, unknown>)[field]
  return typeof entry === 'string' ? entry : null
}

/** Postgres text holds no NUL and no half characters. */
function storable(text: string | null, max: number): string | null {
  return text === null ? null : text.slice(0, max).replaceAll('\u0000', '\u2400').toWellFormed()
}
