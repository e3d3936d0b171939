import type { Sql } from '#db/client.ts'
import { drizzle, eq, sql } from '#db/drizzle.ts'
import { deadLetters } from '#db/schema.ts'
import type { Reading, Transaction } from '#db/transaction.ts'
import type { Rejection } from '#domain/event.ts'
import type { Instant } from '#domain/instant.ts'
import { textArray } from '#platform/pg-array.ts'
import { admit, decodeDocumentEvent, decodeText, type Entry, textField } from './admit.ts'
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

/**
 * Keeps dead letters, in one statement. Committed when it resolves. Arrays, not rows of Drizzle: a flood of bad events
 * comes by the thousand, and took five times the CPU and three times the time as rows (83 ms and 590 ms a thousand).
 */
export async function insertDeadLetters(reading: Reading, letters: readonly DeadLetter[]): Promise<void> {
  if (letters.length === 0) return
  const column = (value: (letter: DeadLetter) => string | null) => textArray(letters, value)
  await reading`
    insert into intake.dead_letters (met_in, source, event_id, store, reason, detail, payload)
    select met_in::jsonb, source, event_id, store, reason, detail, decode(payload, 'base64')
    from unnest(
      ${column(letter => JSON.stringify(letter.metIn))}::text::text[],
      ${column(letter => identifier(letter.source))}::text::text[],
      ${column(letter => identifier(letter.eventId))}::text::text[],
      ${column(letter => identifier(letter.store))}::text::text[],
      ${column(letter => letter.reason)}::text::text[],
      ${column(letter => storable(letter.detail.slice(0, MAX_DETAIL)))}::text::text[],
      ${column(letter => Buffer.from(letter.payload).toString('base64'))}::text::text[]
    ) as letter(met_in, source, event_id, store, reason, detail, payload)`
}

function identifier(text: string | null): string | null {
  return text === null ? null : storable(text.slice(0, MAX_IDENTIFIER))
}

/** Postgres text and jsonb hold no NUL and no half characters. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\u2400').toWellFormed()
}

/** The dead letter is not open any more, or never was. */
export interface SettledBefore {
  kind: 'settled'
  state: 'requeued' | 'discarded' | 'unknown'
}

/**
 * Sends a repaired dead letter the way every event goes, and marks it requeued with the outcome. The letter stays
 * locked meanwhile, so that nobody discards what is being counted. The append recognises the event: a second click,
 * or a crash between append and mark, counts nothing twice.
 * @param client holds a connection until the append has committed: not one that others wait for
 * @param request.payload the event as JSON, repaired; null when the world was put right instead (a store was added, say)
 * @returns with a rejection the dead letter stays open
 * @throws OverloadedError, LogUnavailableError; then the dead letter is still open
 */
export async function requeueDeadLetter(
  { client, appender, clock }: { client: Sql; appender: Pick<Appender, 'append'>; clock(): Instant },
  { deadLetter, payload }: { deadLetter: number; payload: string | null },
): Promise<Outcome | SettledBefore> {
  return client.begin(async (transaction): Promise<Outcome | SettledBefore> => {
    const letter = await lock(transaction, deadLetter)
    if (letter?.state !== 'open') return { kind: 'settled', state: letter?.state ?? 'unknown' }
    const text = payload ?? letter.payload.toString('utf8')
    const { entry, part } = letter.isFromFile
      ? decodeDocumentEvent(text)
      : { entry: decodeText(text, 'event'), part: undefined }
    const admission = admit(entry, {
      reference: await loadReference(transaction),
      now: clock(),
      class: letter.isFromFile ? 'bulk' : 'live',
      part,
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
  client: Sql,
  { deadLetter, reason }: { deadLetter: number; reason: string },
): Promise<{ kind: 'discarded' } | SettledBefore> {
  return client.begin(async (transaction): Promise<{ kind: 'discarded' } | SettledBefore> => {
    // Waits for a requeue that is under way.
    const letter = await lock(transaction, deadLetter)
    if (letter?.state !== 'open') return { kind: 'settled', state: letter?.state ?? 'unknown' }
    const settlement = { outcome: 'discarded', reason: storable(reason) }
    await settle(transaction, deadLetter, { state: 'discarded', settlement })
    return { kind: 'discarded' }
  })
}

/** The dead letter, which nobody else settles before the transaction ends. */
async function lock(transaction: Transaction, deadLetter: number) {
  const [letter] = await drizzle(transaction)
    .select({
      state: deadLetters.state,
      payload: deadLetters.payload,
      isFromFile: sql<boolean>`met_in ? 'file'`,
    })
    .from(deadLetters)
    .where(eq(deadLetters.deadLetter, deadLetter))
    .for('update')
  return letter
}

/** Marks a locked dead letter, and tells open pages: their lane is locked from here to the commit. */
async function settle(
  transaction: Transaction,
  deadLetter: number,
  { state, settlement }: { state: 'requeued' | 'discarded'; settlement: Record<string, unknown> },
): Promise<void> {
  await drizzle(transaction)
    .update(deadLetters)
    .set({ state, settlement, settledAt: sql`clock_timestamp()` })
    .where(eq(deadLetters.deadLetter, deadLetter))
  await transaction`
    select pg_notify('ops_changed', ''),
      live.append_ops('dead_letter', ${transaction.json({ deadLetter, state })})`
}
