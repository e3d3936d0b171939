import type { AskedAlerts } from '#app/url-state.ts'
import { DAY_MS, HOUR_MS, type Instant } from '#domain/instant.ts'

/** What to ask the list for. A store that is gone is dropped, as on the other pages. */
export function alertScopeOf(
  { view, store, kind, rule, of, days }: AskedAlerts,
  stores: readonly { store: string }[],
  now: Instant,
) {
  const chosen = chosenStores(store, stores)
  const kinds = kind === null ? [] : [kind]
  // What waits, waits however old it is.
  if (view === 'waiting') return { stores: chosen, kinds, rule, of: 'waiting' as const }
  return { stores: chosen, kinds, rule, of, ...rangeOf(days, now) }
}

export function chosenStores(asked: readonly string[], stores: readonly { store: string }[]): string[] {
  return stores.map(({ store }) => store).filter(store => asked.includes(store))
}

/** Days back from the end of this hour, which is therefore one question for an hour. The end is exclusive. */
export function rangeOf(days: number, now: Instant): { from: Instant; to: Instant } {
  const to = Math.ceil(now / HOUR_MS) * HOUR_MS
  return { from: Math.max(0, to - days * DAY_MS), to }
}
