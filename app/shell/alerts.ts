import { formatCount, plural } from '#app/format/number.ts'
import type { KnownDetection } from '#app/socket/live-state.ts'
import type { Instant } from '#domain/instant.ts'
import { isCovered } from '#domain/shortage.ts'
import { type LiveAlert, MOST_DETECTIONS } from '#server/web/live/messages.ts'

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

/**
 * The alerts that were raised between two moments. An alert keeps its id through amendments, reconnections
 * and replays, and an episode that has ended never opens again: so each is new once.
 */
export function newlyOpened<Alert extends { alertId: string }>(
  before: ReadonlyMap<string, Alert>,
  after: ReadonlyMap<string, Alert>,
): Alert[] {
  return [...after.values()].filter(({ alertId }) => !before.has(alertId))
}

/** The same of shortages: what is on its way from the beginning, or muted, needs nobody. */
export function newShortages(before: Alerts, after: Alerts, mutes: Mutes = NO_MUTES): LiveAlert[] {
  return newlyOpened(before, after).filter(alert => !isCovered(alert) && !isMuted(alert, mutes))
}

/** A shortage in words, as a sentence begins. */
export const RULE_TITLES: Record<LiveAlert['rule'], string> = {
  out_of_stock: 'Out of stock',
  oversold: 'Oversold',
  low_stock: 'Low stock',
}

const RULE_WORDS: Record<LiveAlert['rule'], string> = {
  out_of_stock: 'out of stock',
  oversold: 'oversold',
  low_stock: 'low',
}

/** `4 out of stock, 3 low`; the worst first, nothing for none. */
export function countByRule(alerts: readonly Pick<LiveAlert, 'rule'>[]): string {
  return (['out_of_stock', 'oversold', 'low_stock'] as const)
    .map(rule => ({ rule, count: alerts.filter(alert => alert.rule === rule).length }))
    .filter(({ count }) => count > 0)
    .map(({ rule, count }) => `${count} ${RULE_WORDS[rule]}`)
    .join(', ')
}

/** What a toast says, and where it leads. */
export interface Announcement {
  /** Toasts of one id replace each other. */
  id: string
  title: string
  detail: string
  href: string
}

/** More than these at once are told as one. */
const TOLD_ONE_BY_ONE = 2
const SUMMARY_ID = 'alerts-together'

/** Names of an alert's product and store, as far as they are known. */
export type AlertNames = ReadonlyMap<string, { productName: string | null; storeName: string }>

/** Whether alerts are told one by one: only then their names are needed. */
export function isTogether(alerts: readonly unknown[]): boolean {
  return alerts.length > TOLD_ONE_BY_ONE
}

/** A few alerts speak for themselves, many are counted. @param alerts raised since one looked last */
export function announcementsOf(alerts: readonly LiveAlert[], names: AlertNames): Announcement[] {
  if (!isTogether(alerts)) return alerts.map(alert => announcementOf(alert, names))
  const title = plural(alerts.length, 'new alert')
  return [{ id: SUMMARY_ID, title, detail: countByRule(alerts), href: '/restock' }]
}

function announcementOf(
  { alertId, rule, store, sku, onHand, onOrder }: LiveAlert,
  names: AlertNames,
): Announcement {
  const { productName = null, storeName = store } = names.get(alertId) ?? {}
  return {
    id: alertId,
    title: `${RULE_TITLES[rule]}: ${productName ?? sku}`,
    detail: `${storeName}, ${formatCount(onHand)} on hand, ${formatCount(onOrder)} on order`,
    href: '/restock',
  }
}

/** Alerts of rules that wait for somebody: open, and nobody has judged them. */
export function waitingDetections(detections: ReadonlyMap<string, KnownDetection>): KnownDetection[] {
  return [...detections.values()].filter(({ isJudged }) => !isJudged)
}

/**
 * The same as `newlyOpened` of what rules found. Where more of them waited than a snapshot holds, an older one may come
 * into sight because a newer one was settled: that is no news.
 */
export function newDetections(
  before: ReadonlyMap<string, KnownDetection>,
  after: ReadonlyMap<string, KnownDetection>,
): KnownDetection[] {
  const opened = newlyOpened(before, after)
  if (before.size <= MOST_DETECTIONS) return opened
  const oldest = [...before.values()].reduce(
    (least, { openedAt }) => Math.min(least, openedAt),
    Number.POSITIVE_INFINITY,
  )
  return opened.filter(({ openedAt }) => openedAt >= oldest)
}

const DETECTIONS_SUMMARY_ID = 'detections-together'

/** The same of what rules found: its sentence says what it is. @param storeNames by id, as far as they are known */
export function detectionAnnouncements(
  detections: readonly KnownDetection[],
  storeNames: ReadonlyMap<string, string>,
): Announcement[] {
  if (isTogether(detections)) {
    const kinds = [...Map.groupBy(detections, ({ kind }) => kind)]
      .map(([kind, own]) => `${formatCount(own.length)} ${kind}`)
      .join(', ')
    const title = `${formatCount(detections.length)} new alerts of rules`
    return [{ id: DETECTIONS_SUMMARY_ID, title, detail: kinds, href: '/alerts' }]
  }
  return detections.map(({ alertId, summary, store, kind }) => ({
    id: alertId,
    title: summary,
    detail: `${storeNames.get(store) ?? store}, ${kind}`,
    href: `/alerts?alert=${encodeURIComponent(alertId)}`,
  }))
}
