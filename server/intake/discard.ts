import type { Sql } from '#db/client.ts'
import { announceSettled } from './announce-settled.ts'

export type DiscardOutcome =
  | { kind: 'discarded' }
  /** The letter is not open any more, or never was. */
  | { kind: 'settled'; state: 'requeued' | 'discarded' | 'unknown' }

/** Longest reason that is kept. */
export const MAX_DISCARD_REASON = 500

/** Sets an open dead letter aside for good. Its payload stays, with the reason. */
export async function discardDeadLetter(
  sql: Sql,
  { deadLetter, reason }: { deadLetter: number; reason: string },
): Promise<DiscardOutcome> {
  const settlement = JSON.stringify({ outcome: 'discarded', reason: storable(reason) })
  return sql.begin(async (transaction): Promise<DiscardOutcome> => {
    const { count } = await transaction`
      update intake.dead_letters
      set state = 'discarded', settled_at = clock_timestamp(), settlement = ${settlement}::text::jsonb
      where dead_letter = ${deadLetter} and state = 'open'`
    if (count > 0) {
      await announceSettled(transaction, { deadLetter, state: 'discarded' })
      return { kind: 'discarded' }
    }
    const [letter] = await transaction<{ state: 'requeued' | 'discarded' }[]>`
      select state from intake.dead_letters where dead_letter = ${deadLetter}`
    return { kind: 'settled', state: letter?.state ?? 'unknown' }
  })
}

/** Postgres keeps neither NUL nor half characters in jsonb. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\u2400').toWellFormed()
}
