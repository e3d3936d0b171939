import { isWaiting } from '#app/shell/alerts.ts'
import type { LiveState } from '#app/socket/live-state.ts'
import type { LiveView } from '#app/socket/live-store.ts'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import type { Instant } from '#domain/instant.ts'
import { TOLD_ONE_BY_ONE, tellTogether } from '#domain/notify/words.ts'

/** What pages were told of an alert. */
export type Notice = RouterOutputs['notifications']['notices']['notices'][number]

/** What a toast, or a notification of the system, says, and where it leads. */
export interface Announcement {
  /** Toasts of one id replace each other. */
  id: string
  title: string
  detail: string
  href: string
}

const TOGETHER_ID = 'alerts-together'

/** A few notices speak for themselves, many are counted. @param notices what was told, oldest first */
export function announcementsOf(notices: readonly Notice[]): Announcement[] {
  // Of an alert that has become critical the last stands.
  const newest = [...new Map(notices.map(notice => [notice.alertId, notice])).values()]
  if (newest.length > TOLD_ONE_BY_ONE) return [{ id: TOGETHER_ID, ...tellTogether(newest) }]
  return newest.map(({ alertId, title, detail, href }) => ({ id: alertId, title, detail, href }))
}

/** `unheard`: the alert itself has not been heard of yet, so that nobody can tell. */
export type Novelty = 'news' | 'over' | 'unheard'

/**
 * Whether a notice is still news when it is its turn: a shortage that is over or that somebody has taken on, or what
 * somebody has judged, is none. A notice may be read before the page hears of its alert, by the other lane: what is not
 * among the alerts is over only where all is heard of that was there when it was told.
 */
export function noveltyOf(
  { kind, alertId, toldAt }: Notice,
  { state, stand }: Pick<LiveView, 'state' | 'stand'>,
  now: Instant,
): Novelty {
  switch (kind) {
    case 'test':
      return 'news'
    case 'shortage': {
      const alert = state.alerts.get(alertId)
      if (alert !== undefined) return isWaiting(alert, now) ? 'news' : 'over'
      // What the nightly plan named first is not among the stream's.
      if (alertId.startsWith('plan/')) return 'news'
      // By one clock, the database's.
      return stand !== null && stand.now >= toldAt ? 'over' : 'unheard'
    }
    default:
      // What has happened and is over is no longer among them, and news all the same.
      return state.detections.get(alertId)?.isJudged === true ? 'over' : 'news'
  }
}

/** Whoever looks is not interrupted more often than this, unless it is critical: what comes meanwhile is shown in one. */
export const DIGEST_MS = 30_000

/** How long what waits is to wait on; 0: it is shown now. @param shownAt when something was last shown; null: not yet */
export function waitBeforeShowing(
  waiting: readonly Pick<Notice, 'severity' | 'isTest'>[],
  { shownAt, now }: { shownAt: Instant | null; now: Instant },
): number {
  if (shownAt === null || waiting.some(({ severity, isTest }) => severity === 'critical' || isTest)) return 0
  return Math.max(0, shownAt + DIGEST_MS - now)
}

/** What was open as a page began: whoever loads it sees that, so it is no news, though it may be told a moment later. */
export function openAtBeginning({ alerts, detections }: LiveState): (notice: Notice) => boolean {
  const open = new Set(
    [...alerts.values(), ...detections.values()].map(({ alertId, severity }) => `${severity} ${alertId}`),
  )
  return ({ alertId, severity }) => open.has(`${severity} ${alertId}`)
}
