import { type Failing, type Freshness, type HeardStand, judgeFreshness } from '#app/socket/freshness.ts'
import { useLive } from '#app/socket/live.tsx'
import { ageOf, useNow } from '#app/ui/clock.ts'
import { describeFailure } from '#app/ui/failure.tsx'
import type { Instant } from '#domain/instant.ts'
import type { LiveStand } from '#server/web/live/messages.ts'

/** The part of a TanStack query that says whether its answers still come. */
interface AskedAgain {
  data: object | undefined
  /** Of the attempt under way, as soon as it has failed once. */
  failureReason: unknown
  /** Of the attempt before, until one succeeds. */
  error: unknown
  fetchStatus: 'fetching' | 'paused' | 'idle'
}

/** How fresh a page is: what the socket last said, and the answers to what the page asks again and again. */
export function useFreshness({
  queries,
  told = [],
  answered = null,
}: {
  /** Those without which the page is not what it says, asked again by the clock. */
  queries: readonly AskedAgain[]
  /** Such that are only asked again when the socket says that something has changed. */
  told?: readonly AskedAgain[]
  /** Where the page's figures are read by asking: the stand of the last answer. It keeps them fresh without a socket. */
  answered?: LiveStand | null | undefined
}): Freshness {
  const { connection, stand } = useLive()
  const now = useNow()
  return judgeFreshness(
    {
      connection,
      stand: newerOf(stand, answered && heard(answered, answered, now)),
      failing: longestFailing({ asked: queries, told }, now),
    },
    now,
  )
}

/** The same of a page about the pipeline itself: it is old when it is not answered any more, not when the stream stands. */
export function useAnswersFreshness(query: AskedAgain & { data: { now: Instant } | undefined }): Freshness {
  const { connection } = useLive()
  const now = useNow()
  const { data } = query
  const stand = data ? heard(data, ofNow(data), now) : null
  const freshness = judgeFreshness(
    { connection, stand, failing: longestFailing({ asked: [query], told: [] }, now) },
    now,
  )
  // That the answer is of now does not say that the pipeline is up to date: the page itself says how far it is.
  return freshness.level === 'fresh' ? { ...freshness, detail: 'read a moment ago' } : freshness
}

/**
 * The same of a page of batch figures: the socket tells when there are newer ones, and only then they are asked for. They
 * are old when nobody would tell, or when asking for them fails; that the stream stands changes nothing of them.
 */
export function useToldFreshness(query: AskedAgain & { data: { now: Instant } | undefined }): Freshness {
  const { connection, stand } = useLive()
  const now = useNow()
  const { data } = query
  const told = stand && { ...ofNow(stand), heardAt: stand.heardAt }
  const answered = data ? heard(data, ofNow(data), now) : null
  const freshness = judgeFreshness(
    {
      connection,
      stand: newerOf(told, answered),
      failing: longestFailing({ asked: [], told: [query] }, now),
    },
    now,
  )
  return freshness.level === 'fresh' ? { ...freshness, detail: 'read anew after every run' } : freshness
}

/** Up to when what the socket has told is known, by the server's clock; null before it is. Stands still with the stream. */
export function useKnownUpTo(): Instant | null {
  const { connection, stand } = useLive()
  return judgeFreshness({ connection, stand, failing: null }, useNow()).knownUpTo
}

/** A stand that is as far as it was told: of figures that are known whatever the stream does. */
function ofNow({ now }: { now: Instant }): LiveStand {
  return { now, knownUpTo: now, lagEvents: 0, processedAt: now }
}

/** @param answer that said it, as it came: its age is that of the object, and one made anew would never grow old */
function heard(answer: object, stand: LiveStand, now: Instant | null): HeardStand {
  return { ...stand, heardAt: now === null ? null : now - ageOf(answer, now) }
}

function newerOf(stand: HeardStand | null, answered: HeardStand | null): HeardStand | null {
  if (answered === null || (stand !== null && stand.now >= answered.now)) return stand
  return answered
}

/** Of questions that are not answered any more the one whose last answer is the oldest. */
export function longestFailing(
  { asked, told }: { asked: readonly AskedAgain[]; told: readonly AskedAgain[] },
  now: Instant | null,
): Failing | null {
  const failures = [
    ...asked.flatMap(query => failingOf(query, data => (now ?? 0) - ageOf(data, now))),
    ...told.flatMap(query => failingOf(query, data => heldUntil(data, now))),
  ]
  return failures.reduce<Failing | null>(
    (longest, failing) => (longest === null || failing.answeredAt < longest.answeredAt ? failing : longest),
    null,
  )
}

/** When the question of an answer was first seen to fail, by this browser's clock. */
const failingSince = new WeakMap<object, Instant>()

/**
 * What is asked only when something has changed held until then, however long ago it was answered: it is as old as the
 * question fails, not as the answer is.
 */
function heldUntil(data: object, now: Instant | null): Instant {
  if (now === null) return 0
  const since = failingSince.get(data) ?? now
  failingSince.set(data, since)
  return since
}

function failingOf(query: AskedAgain, answeredAt: (data: object) => Instant): Failing[] {
  const { data } = query
  // One that was never answered says so in its card.
  if (data === undefined) return []
  const what = failureOf(query)
  if (what !== null) return [{ what, answeredAt: answeredAt(data) }]
  failingSince.delete(data)
  return []
}

/** A question that is asked once more is not answered by that: what its last attempt failed of stands until it is. */
function failureOf({ failureReason, error, fetchStatus }: AskedAgain): string | null {
  // Not asked at all: the browser says that it has no network.
  if (fetchStatus === 'paused') return 'This browser is offline'
  const failure = failureReason ?? error
  return failure ? describeFailure(failure).what.replace(/\.$/, '') : null
}
