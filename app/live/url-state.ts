import {
  createLoader,
  parseAsArrayOf,
  parseAsNumberLiteral,
  parseAsString,
  parseAsStringLiteral,
} from 'nuqs/server'

export const FEED_KINDS = ['all', 'orders', 'returns', 'voids', 'late'] as const
export type FeedKind = (typeof FEED_KINDS)[number]

/** What the address of the live page says. What it does not say, the server chooses. */
export const liveUrlState = {
  /** Ids; empty for all. */
  store: parseAsArrayOf(parseAsString).withDefault([]),
  currency: parseAsString,
  /** What the minutes show, and how many of them. */
  metric: parseAsStringLiteral(['net', 'orders'] as const).withDefault('net'),
  minutes: parseAsNumberLiteral([60, 120] as const).withDefault(60),
  /** Which sales the feed shows. */
  feed: parseAsStringLiteral(FEED_KINDS).withDefault('all'),
  /** Minutes the top products are of. */
  products: parseAsNumberLiteral([15, 60] as const).withDefault(15),
}

export const loadLiveUrlState = createLoader(liveUrlState)
