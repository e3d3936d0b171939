import type { Instant } from '#domain/instant.ts'
import type { LiveAlert } from '#server/web/live/messages.ts'

type Alerts = ReadonlyMap<string, LiveAlert>

/** Whether an alert still waits for somebody: nobody has acknowledged it, and it is not (or no longer) snoozed. */
export function isWaiting({ handling }: LiveAlert, now: Instant): boolean {
  if (!handling) return true
  return handling.until !== null && handling.until <= now
}

export function waitingAlerts(alerts: Alerts, now: Instant): LiveAlert[] {
  return [...alerts.values()].filter(alert => isWaiting(alert, now))
}

/**
 * The alerts that were raised between two moments. An alert keeps its id through amendments, reconnections
 * and replays, and an episode that has ended never opens again: so each is new once.
 */
export function newlyOpened(before: Alerts, after: Alerts): LiveAlert[] {
  return [...after.values()].filter(({ alertId }) => !before.has(alertId))
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
