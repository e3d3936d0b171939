import { plural } from '#app/format/number.ts'
import { formatAge } from '#app/format/time.ts'
import type { Instant } from '#domain/instant.ts'
import type { LiveStand } from '#server/web/live/messages.ts'

/** `connecting` until the first snapshot; `reconnecting` while what is shown may be out of date. */
export type Connection = 'connecting' | 'live' | 'reconnecting'

/**
 * How far figures may be trusted. `unknown`: there are none yet. `aging`: for a moment nothing has proven them;
 * `old`: they are those of a past moment, and are shown as such.
 */
export type Level = 'unknown' | 'fresh' | 'aging' | 'old'

const AGING_MS = 5_000
const OLD_MS = 15_000

/** What the server last said of how far its figures reach, and when this browser heard it. */
export interface HeardStand extends LiveStand {
  /** This browser's clock; null while the page is only rendered: no time has passed then. */
  heardAt: Instant | null
}

/** A question that the page asks again and again, and that is not answered any more. */
export interface Failing {
  /** In words, without a full stop. */
  what: string
  /** This browser's clock when its last answer came. */
  answeredAt: Instant
}

export interface Freshness {
  level: Level
  /** Whether more is told as it comes: figures of a moment ago are no live ones. */
  isLive: boolean
  /** What stands in the way, or that nothing does. Changes only with the state: it is announced. */
  state: string
  /** How far it is behind, counting on. */
  detail: string
  /** Server's clock: up to then the figures are known; null: nothing is. */
  knownUpTo: Instant | null
  /** Server's clock now; null: not known. */
  serverNow: Instant | null
}

/**
 * How fresh the live figures are. Counts on from what was last known: a server that says nothing more, a stream that
 * reads nothing and a question that fails all let the age grow, whether or not anything is heard of it.
 * @param now this browser's clock; null while the page is only rendered
 */
export function judgeFreshness(
  {
    connection,
    stand,
    failing,
  }: { connection: Connection; stand: HeardStand | null; failing: Failing | null },
  now: Instant | null,
): Freshness {
  if (stand === null) {
    const state = failing ? 'Server does not answer' : CONNECTIONS[connection]
    return {
      level: 'unknown',
      isLive: false,
      state,
      detail: 'nothing known yet',
      knownUpTo: null,
      serverNow: null,
    }
  }
  const silentMs = now === null || stand.heardAt === null ? 0 : Math.max(0, now - stand.heardAt)
  const serverNow = stand.now + silentMs
  const failingMs = now === null || failing === null ? 0 : Math.max(0, now - failing.answeredAt)
  const ageMs = Math.max(serverNow - stand.knownUpTo, failingMs)
  const level = ageMs <= AGING_MS ? 'fresh' : ageMs <= OLD_MS ? 'aging' : 'old'
  return {
    level,
    isLive: level === 'fresh' && connection === 'live',
    state: stateOf({ connection, level, silentMs, failing, failingMs, stand, serverNow }),
    detail: level === 'fresh' ? freshDetail(connection, stand) : `figures of ${formatAge(ageMs)} ago`,
    knownUpTo: serverNow - ageMs,
    serverNow,
  }
}

const CONNECTIONS: Record<Connection, string> = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
}

function stateOf({
  connection,
  level,
  silentMs,
  failing,
  failingMs,
  stand,
  serverNow,
}: {
  connection: Connection
  level: Level
  silentMs: number
  failing: Failing | null
  failingMs: number
  stand: HeardStand
  serverNow: Instant
}): string {
  if (level === 'fresh') return CONNECTIONS[connection]
  if (failing !== null && failingMs > AGING_MS) return failing.what
  if (connection !== 'live') return connection === 'connecting' ? 'Not connected' : 'Reconnecting'
  if (silentMs > AGING_MS) return 'No word from the server'
  if (stand.heldBy === 'archive') return 'The archive stands'
  const hasWrittenLately = stand.processedAt !== null && serverNow - stand.processedAt <= AGING_MS
  return hasWrittenLately ? 'The stream is behind' : 'The stream stands'
}

function freshDetail(connection: Connection, { lagEvents, now, knownUpTo }: HeardStand): string {
  if (connection !== 'live') return 'figures of a moment ago'
  return lagEvents === 0
    ? 'up to date'
    : `${plural(lagEvents, 'event')} not read, ${formatAge(now - knownUpTo)}`
}
