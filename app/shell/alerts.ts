import type { KnownDetection } from '#app/socket/live-state.ts'
import type { Instant } from '#domain/instant.ts'
import { isCovered } from '#domain/shortage.ts'
import type { LiveAlert } from '#server/web/live/messages.ts'

type Alerts = ReadonlyMap<string, LiveAlert>

/** Shortages that nobody wants to hear of: of a store or all, of some products or all. */
export type Mutes = readonly { store: string | null; skus: readonly string[] | null }[]

export const NO_MUTES: Mutes = []

function isMuted({ store, sku }: Pick<LiveAlert, 'store' | 'sku'>, mutes: Mutes): boolean {
  return mutes.some(
    mute => (mute.store === null || mute.store === store) && (mute.skus === null || mute.skus.includes(sku)),
  )
}

/**
 * Whether an alert still waits for somebody: what is on order does not end it, nobody has acknowledged it, and it is not
 * (or no longer) snoozed, dismissed or muted.
 */
export function isWaiting(alert: LiveAlert, now: Instant, mutes: Mutes = NO_MUTES): boolean {
  const { handling } = alert
  if (isCovered(alert) || isMuted(alert, mutes)) return false
  if (!handling) return true
  return handling.until !== null && handling.until <= now
}

export function waitingAlerts(alerts: Alerts, now: Instant, mutes: Mutes): LiveAlert[] {
  return [...alerts.values()].filter(alert => isWaiting(alert, now, mutes))
}

/** Alerts of rules that wait for somebody: open, and nobody has judged them. */
export function waitingDetections(detections: ReadonlyMap<string, KnownDetection>): KnownDetection[] {
  return [...detections.values()].filter(({ isJudged }) => !isJudged)
}
