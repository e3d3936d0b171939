import { countByRule, RULE_TITLES } from '#app/alerts/waiting-alerts.ts'
import { formatCount, plural } from '#app/format/number.ts'
import type { LiveAlert } from '#server/web/live/messages.ts'

/** What a toast says. */
export interface Announcement {
  /** Toasts of one id replace each other. */
  id: string
  title: string
  detail: string
}

/** More than these at once are told as one. */
const TOLD_ONE_BY_ONE = 2
const SUMMARY_ID = 'alerts-together'

/** Names of an alert's product and store, as far as they are known. */
export type AlertNames = ReadonlyMap<string, { productName: string | null; storeName: string }>

/** Whether alerts are told one by one: only then their names are needed. */
export function isTogether(alerts: readonly LiveAlert[]): boolean {
  return alerts.length > TOLD_ONE_BY_ONE
}

/** A few alerts speak for themselves, many are counted. @param alerts raised since one looked last */
export function announcementsOf(alerts: readonly LiveAlert[], names: AlertNames): Announcement[] {
  if (!isTogether(alerts)) return alerts.map(alert => announcementOf(alert, names))
  return [{ id: SUMMARY_ID, title: plural(alerts.length, 'new alert'), detail: countByRule(alerts) }]
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
  }
}
