import { DAY_MS, type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { ALERT_KINDS } from '#domain/operators/alert.ts'
import type { Severity } from '#domain/shortage.ts'
import { instantOfLocal, zoneShifts } from '#domain/zone.ts'

export const WAYS = ['app', 'browser', 'push', 'email', 'webhook'] as const
/** How a message reaches somebody. */
export type Way = (typeof WAYS)[number]

export const NEWS_KINDS = ['shortage', ...ALERT_KINDS] as const
/** What an alert is about: a shortage of stock, or what a rule found. */
export type NewsKind = (typeof NEWS_KINDS)[number]

/** Hours, by the clocks of a zone, in which somebody wants to be left alone. `'HH:MM'`; over midnight where `from` is later. */
export interface QuietHours {
  from: string
  to: string
  zone: string
}

/** What somebody wants to hear of, and when. Empty lists mean all. */
export interface Wishes {
  stores: readonly string[]
  categories: readonly string[]
  suppliers: readonly string[]
  kinds: readonly NewsKind[]
  leastSeverity: Severity
  quiet: QuietHours | null
  /** Critical alerts wait for the end of quiet hours too. */
  quietForCritical: boolean
  digestMinutes: number
}

/** An alert that needs a person, as far as it decides who hears of it. */
export interface News {
  alertId: string
  kind: NewsKind
  rule: string
  severity: Severity
  store: string
  /** Of a shortage; null where the catalogue does not say, and for what rules found. */
  category: string | null
  supplier: string | null
}

/**
 * Whether somebody wants to hear of an alert. Categories and suppliers narrow shortages alone: what a rule finds is about
 * no product.
 */
export function wants(wishes: Wishes, news: News): boolean {
  const { stores, categories, suppliers, kinds, leastSeverity } = wishes
  return (
    (leastSeverity === 'warning' || news.severity === 'critical') &&
    isAmong(stores, news.store) &&
    isAmong(kinds, news.kind) &&
    (news.kind !== 'shortage' || (isAmong(categories, news.category) && isAmong(suppliers, news.supplier)))
  )
}

function isAmong(wanted: readonly string[], value: string | null): boolean {
  return wanted.length === 0 || (value !== null && wanted.includes(value))
}

/** What comes within this time of each other is told in one, unless it is critical. */
export const GATHER_MS = SECOND_MS

/**
 * When a message is to go: critical ones at once, others when the time of the digest has passed since the last, none of
 * which waits within quiet hours.
 * @param lastToldAt when something was last told by this subscription; null: never
 */
export function dueAt(
  wishes: Pick<Wishes, 'quiet' | 'quietForCritical' | 'digestMinutes'>,
  { severity, now, lastToldAt }: { severity: Severity; now: Instant; lastToldAt: Instant | null },
): Instant {
  const isCritical = severity === 'critical'
  const due = isCritical
    ? now
    : Math.max(now + GATHER_MS, (lastToldAt ?? 0) + wishes.digestMinutes * MINUTE_MS)
  if (wishes.quiet === null || (isCritical && !wishes.quietForCritical)) return due
  return quietEnd(wishes.quiet, due) ?? due
}

/**
 * When the quiet hours that an instant lies in end; null where it lies in none. `from` is within, `to` is not; equal ones
 * are a whole day, which ends at the next `to`. On the day the clocks change they end when the clocks show `to`.
 */
export function quietEnd({ from, to, zone }: QuietHours, instant: Instant): Instant | null {
  const [shift] = zoneShifts(zone, { from: instant, to: instant })
  const local = instant + (shift?.offsetSeconds ?? 0) * SECOND_MS
  const midnight = local - (((local % DAY_MS) + DAY_MS) % DAY_MS)
  const ofDay = local - midnight
  const [begin, end] = [clockMs(from), clockMs(to)]
  const isWithin = begin < end ? ofDay >= begin && ofDay < end : ofDay >= begin || ofDay < end
  if (!isWithin) return null
  const endsTomorrow = ofDay >= end
  const { instant: ends } = instantOfLocal(zone, midnight + (endsTomorrow ? DAY_MS : 0) + end)
  // Of an end that the clocks show twice the first is meant.
  return ends > instant ? ends : null
}

/** Milliseconds of `'HH:MM'` after midnight. */
function clockMs(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number)
  return (hours * 60 + minutes) * MINUTE_MS
}
