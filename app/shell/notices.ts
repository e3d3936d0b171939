import { isWaiting } from '#app/shell/alerts.ts'
import type { LiveState } from '#app/socket/live-state.ts'
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

/**
 * Whether a notice is still news when it is its turn: a shortage that is over or that somebody has taken on, or what
 * somebody has judged, is none.
 */
export function isStillNews({ kind, alertId }: Notice, state: LiveState, now: Instant): boolean {
  switch (kind) {
    case 'test':
      return true
    case 'shortage': {
      const alert = state.alerts.get(alertId)
      // What the nightly plan named first is not among the stream's.
      return alert === undefined ? alertId.startsWith('plan/') : isWaiting(alert, now)
    }
    default:
      // What has happened and is over is no longer among them, and news all the same.
      return state.detections.get(alertId)?.isJudged !== true
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
