import type { Sql } from '#db/client.ts'
import type { Rejection } from '#domain/event.ts'
import type { Instant } from '#domain/instant.ts'
import type { AppendOutcome, OrderLog } from '#server/log/order-log.ts'
import { admitEvent } from './admit.ts'
import { announceSettled } from './announce-settled.ts'
import { loadReference } from './reference.ts'

/** What became of a repaired dead letter. */
export type RequeueOutcome =
  /** In the log; each leg of a transfer has its offset. */
  | { kind: 'appended'; entries: { partition: number; offset: number }[] }
  /** The log knew it already: it counts once. */
  | { kind: 'duplicate' }
  /** Still not right: the letter stays open. */
  | { kind: 'rejected'; rejection: Rejection }
  /** The letter is not open any more, or never was. */
  | { kind: 'settled'; state: 'requeued' | 'discarded' | 'unknown' }

export interface RequeueRequest {
  /** intake.dead_letters.dead_letter */
  deadLetter: number
  /** The event as JSON, repaired; null when the world was put right instead (a store was added, say). */
  payload: string | null
}

/**
 * Sends a repaired dead letter the way every event goes, and marks it requeued with the outcome. The append
 * recognises the event, so that a second click, or a crash between append and mark, counts nothing twice.
 * @throws LogUnavailableError; then the letter is still open
 */
export async function requeueDeadLetter(
  context: { sql: Sql; log: OrderLog; clock: () => Instant },
  { deadLetter, payload }: RequeueRequest,
): Promise<RequeueOutcome> {
  const { sql, log, clock } = context
  const [letter] = await sql<
    { state: 'open' | 'requeued' | 'discarded'; fromFile: boolean; kept: Buffer | null }[]
  >`
    select state, met_in ? 'file' as "fromFile", ${payload === null ? sql`payload` : sql`null::bytea`} as kept
    from intake.dead_letters where dead_letter = ${deadLetter}`
  if (letter?.state !== 'open') return { kind: 'settled', state: letter?.state ?? 'unknown' }
  const decoded = decode(payload ?? letter.kept?.toString('utf8') ?? '')
  if ('rejection' in decoded) return { kind: 'rejected', rejection: decoded.rejection }
  const admission = admitEvent(decoded.value, {
    reference: await loadReference(sql),
    now: clock(),
    class: letter.fromFile ? 'bulk' : 'live',
  })
  if (admission.kind === 'rejected') return admission
  const entries: { partition: number; offset: number }[] = []
  for (const event of admission.events) {
    const { outcomes } = await log.append(event.partition, [event])
    const outcome = outcomes[0]
    if (outcome?.kind === 'conflict') return { kind: 'rejected', rejection: conflictOf(event) }
    entries.push(...entriesOf(outcome, event.partition))
  }
  const outcome: RequeueOutcome = entries.length > 0 ? { kind: 'appended', entries } : { kind: 'duplicate' }
  await settle(sql, deadLetter, outcome)
  return outcome
}

function decode(payload: string): { value: unknown } | { rejection: Rejection } {
  try {
    return { value: JSON.parse(payload) }
  } catch (error) {
    return {
      rejection: {
        reason: 'invalid_json',
        detail: `the event is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      },
    }
  }
}

function conflictOf({ source, id }: { source: string; id: string }): Rejection {
  return {
    reason: 'conflicting_duplicate',
    detail: `the log holds ${JSON.stringify(id)} of ${JSON.stringify(source)} with another content: the first stands. Give the correction an id of its own`,
  }
}

function entriesOf(
  outcome: AppendOutcome | undefined,
  partition: number,
): { partition: number; offset: number }[] {
  return outcome?.kind === 'appended' ? [{ partition, offset: outcome.offset }] : []
}

async function settle(sql: Sql, deadLetter: number, outcome: RequeueOutcome): Promise<void> {
  const { kind, ...rest } = outcome
  const settlement = JSON.stringify({ outcome: kind, ...rest })
  await sql.begin(async transaction => {
    const { count } = await transaction`
      update intake.dead_letters
      set state = 'requeued', settled_at = clock_timestamp(), settlement = ${settlement}::text::jsonb
      where dead_letter = ${deadLetter} and state = 'open'`
    if (count > 0) await announceSettled(transaction, { deadLetter, state: 'requeued' })
  })
}
