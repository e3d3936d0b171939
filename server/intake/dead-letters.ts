import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import type { Rejection } from '#domain/event.ts'
import type { Instant } from '#domain/instant.ts'
import { admit, decodeText, type Entry, textField } from './admit.ts'
import type { Appender } from './append/appender.ts'
import type { Outcome } from './outcome.ts'
import { loadReference } from './stores/reference.ts'

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

/** What the dead letter of a rejected entry holds, but for the place where it was met. */
export function deadLetterOf(
  entry: Entry | undefined,
  { reason, detail }: Rejection,
  payload: Uint8Array,
): Omit<DeadLetter, 'metIn'> {
  return {
    source: textField(entry, 'source'),
    eventId: textField(entry, 'id'),
    store: textField(entry, 'store'),
    reason,
    detail,
    payload,
  }
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
      letters.map(letter => storable(letter.source?.slice(0, MAX_IDENTIFIER))),
      letters.map(letter => storable(letter.eventId?.slice(0, MAX_IDENTIFIER))),
      letters.map(letter => storable(letter.store?.slice(0, MAX_IDENTIFIER))),
      letters.map(letter => letter.reason),
      letters.map(letter => storable(letter.detail.slice(0, MAX_DETAIL))),
      letters.map(letter => Buffer.from(letter.payload).toString('base64')),
    ],
  )
}

/** Postgres text and jsonb hold no NUL and no half characters. */
function storable(text: string | undefined): string | null {
  return text?.replaceAll('\u0000', '\u2400').toWellFormed() ?? null
}

/** The letter is not open any more, or never was. */
export interface SettledBefore {
  kind: 'settled'
  state: 'requeued' | 'discarded' | 'unknown'
}

/**
 * Sends a repaired dead letter the way every event goes, and marks it requeued with the outcome. The letter stays
 * locked meanwhile, so that nobody discards what is being counted. The append recognises the event: a second click,
 * or a crash between append and mark, counts nothing twice.
 * @param sql holds a connection until the append has committed: not one that others wait for
 * @param request.payload the event as JSON, repaired; null when the world was put right instead (a store was added, say)
 * @returns with a rejection the letter stays open
 * @throws OverloadedError, LogUnavailableError; then the letter is still open
 */
export async function requeueDeadLetter(
  { sql, appender, clock }: { sql: Sql; appender: Pick<Appender, 'append'>; clock(): Instant },
  { deadLetter, payload }: { deadLetter: number; payload: string | null },
): Promise<Outcome | SettledBefore> {
  return sql.begin(async (transaction): Promise<Outcome | SettledBefore> => {
    const [letter] = await transaction<{ state: LetterState; isFromFile: boolean; kept: Buffer | null }[]>`
      select state, met_in ? 'file' as "isFromFile", case when ${payload === null} then payload end as kept
      from intake.dead_letters where dead_letter = ${deadLetter} for update`
    if (letter?.state !== 'open') return { kind: 'settled', state: letter?.state ?? 'unknown' }
    const text = payload ?? letter.kept?.toString('utf8') ?? ''
    const admission = admit(decodeText(text, 'event'), {
      reference: await loadReference(transaction),
      now: clock(),
      class: letter.isFromFile ? 'bulk' : 'live',
    })
    const [outcome] = await appender.append([admission], text.length)
    if (!outcome) throw new Error('the append told no outcome')
    if ('rejection' in outcome) return outcome
    const { kind, ...more } = outcome
    await settle(transaction, deadLetter, { state: 'requeued', settlement: { outcome: kind, ...more } })
    return outcome
  })
}

/** Longest reason that is kept. */
export const MAX_DISCARD_REASON = 500

/** Sets an open dead letter aside for good. Its payload stays, with the reason. */
export async function discardDeadLetter(
  sql: Sql,
  { deadLetter, reason }: { deadLetter: number; reason: string },
): Promise<{ kind: 'discarded' } | SettledBefore> {
  return sql.begin(async (transaction): Promise<{ kind: 'discarded' } | SettledBefore> => {
    // Waits for a requeue that is under way.
    const [letter] = await transaction<{ state: LetterState }[]>`
      select state from intake.dead_letters where dead_letter = ${deadLetter} for update`
    if (letter?.state !== 'open') return { kind: 'settled', state: letter?.state ?? 'unknown' }
    const settlement = { outcome: 'discarded', reason: storable(reason) }
    await settle(transaction, deadLetter, { state: 'discarded', settlement })
    return { kind: 'discarded' }
  })
}

type LetterState = 'open' | 'requeued' | 'discarded'
/** Marks an open letter that is locked, and tells open pages: their lane is locked from here to the commit. */
async function settle(
  transaction: Transaction,
  deadLetter: number,
  { state, settlement }: { state: 'requeued' | 'discarded'; settlement: Record<string, unknown> },
): Promise<void> {
  await transaction`
    update intake.dead_letters
    set state = ${state}, settled_at = clock_timestamp(), settlement = ${JSON.stringify(settlement)}::text::jsonb
    where dead_letter = ${deadLetter}`
  await transaction`
    select pg_notify('ops_changed', ''),
      live.append_ops('dead_letter', ${transaction.json({ deadLetter, state })})`
}
