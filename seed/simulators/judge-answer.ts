import { SECOND_MS } from '#domain/instant.ts'

/** What came back from the intake for one request. */
export type Answer =
  | { kind: 'unreachable'; detail: string }
  | {
      kind: 'answered'
      status: number
      retryAfterMs: number | null
      accepted: number
      duplicates: number
      rejected: Rejected[]
    }

export interface Rejected {
  /** Of the event in its request. */
  index: number
  id: string | null
  reason: string
  detail: string
}

export type Verdict =
  /** Everything that can be stored is stored. */
  | { kind: 'delivered'; rejected: Rejected[] }
  /** The whole request again, in its place: what was stored is recognised. */
  | { kind: 'again'; afterMs: number; isAway: boolean }
  /** The same would be refused again. */
  | { kind: 'refused'; detail: string }
  /** Nothing we send will be taken: wrong key, a shop that is not known. */
  | { kind: 'hopeless'; detail: string }

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 10 * SECOND_MS
const MOST_RETRY_AFTER_MS = 60 * SECOND_MS

/**
 * What a till does after an answer.
 * @param attempt how often this request was sent, from 1
 * @param jitter in [0, 1): keeps tills that failed together from coming back together
 */
export function judgeAnswer(answer: Answer, attempt: number, jitter: number): Verdict {
  if (answer.kind === 'unreachable')
    return { kind: 'again', afterMs: backoffMs(attempt, jitter), isAway: true }
  const { status, retryAfterMs, rejected } = answer
  if (status === 200 || status === 422) {
    const unknown = rejected.find(({ reason }) => reason === 'unknown_store')
    return unknown
      ? {
          kind: 'hopeless',
          detail: `${unknown.detail}. To set up the made-up stores: npm run seed -- --days 0`,
        }
      : { kind: 'delivered', rejected }
  }
  if (status === 401 || status === 403) {
    return {
      kind: 'hopeless',
      detail: `the intake refuses our key (${status}): set INTAKE_KEY to the one it was started with`,
    }
  }
  if (status === 429 || status >= 500) {
    const wanted = retryAfterMs === null ? 0 : Math.min(retryAfterMs, MOST_RETRY_AFTER_MS)
    return {
      kind: 'again',
      afterMs: Math.max(wanted, backoffMs(attempt, jitter)),
      // Busy is not away: it answers.
      isAway: status !== 429,
    }
  }
  return { kind: 'refused', detail: `the intake answered ${status}` }
}

/** Doubles from half a second to ten, and then takes between half of it and all of it. */
function backoffMs(attempt: number, jitter: number): number {
  const full = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt - 1, 10))
  return Math.round(full * (0.5 + jitter / 2))
}
