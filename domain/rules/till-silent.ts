import { formatInstant, type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { Receipt } from '#domain/operators/alert.ts'
import { receiptOf, rule } from '#domain/operators/rule.ts'
import { running } from '#domain/operators/windower.ts'
import { expectedByPace, NO_PACE, type Pace, withOrder } from './pace-of-orders.ts'

const KEPT_MS = 7 * 24 * 60 * MINUTE_MS
/** Fewer orders tell too little of a till's share. */
const LEAST_ORDERS = 30
/** Past as many, the older half of what is counted is forgotten: a till's share changes. */
const MOST_ORDERS = 2_000

interface Share {
  /** Since when its orders are counted, and how many there were. */
  first: Instant
  orders: number
  last: Receipt | null
  pace: Pace
}

/** A till that takes its share of a store's orders, and then takes none. */
export const tillSilent = rule({
  name: 'till_silent',
  kind: 'silence',
  title: 'Till is silent',
  describe: ({ expected, minutes }) =>
    `No order from a till for ${minutes} minutes or more, in which at least ${expected} were to be expected by its share of the store's, or by its pace of today where that is faster.`,
  source:
    'Gap of a Poisson process: with e expected events, none comes with probability exp(-e); Cox & Lewis, "The Statistical Analysis of Series of Events", 1966.',
  parameters: {
    expected: { title: 'Orders to be expected', unit: 'orders', least: 3, most: 100, initial: 10 },
    minutes: { title: 'Silent for', unit: 'minutes', least: 1, most: 240, initial: 5 },
  },
  // A web shop has no tills: that it is silent is another rule's to say.
  input: event =>
    event.type === 'order.placed' && event.channel !== 'online'
      ? { key: event.register ?? event.source, item: receiptOf(event) }
      : null,
  window: () =>
    running<Receipt, Share>({
      keepMs: KEPT_MS,
      nothing: { first: 0, orders: 0, last: null, pace: NO_PACE },
      add({ first, orders, last, pace: before }, order, at) {
        const pace = withOrder(before, at)
        const newest = last && last.eventTime > order.eventTime ? last : order
        if (orders === 0) return { first: at, orders: 1, last: newest, pace }
        if (orders < MOST_ORDERS)
          return { first: Math.min(first, at), orders: orders + 1, last: newest, pace }
        return { first: (first + newest.eventTime) / 2, orders: MOST_ORDERS / 2, last: newest, pace }
      },
    }),
  judgeAt({ value: { first, orders, last, pace }, newest }, { at, parameters, reference, store, key }) {
    if (last === null || orders < LEAST_ORDERS || at - newest < parameters.minutes * MINUTE_MS) return null
    if (!reference.isLive(store, at)) return null
    const since = reference.expectedOrders(store, newest, at)
    if (since === null) return null
    const byPace = expectedByPace(pace, since, (from, to) => reference.expectedOrders(store, from, to))
    // No share is more than the whole: most minutes end here, before a week is added up.
    if (Math.max(since, byPace) < parameters.expected) return null
    const before = reference.expectedOrders(store, first, newest) ?? 0
    const share = before > 0 ? Math.min(1, orders / before) : 0
    const expected = Math.max(since * share, byPace)
    if (expected < parameters.expected) return null
    const minutes = Math.round((at - newest) / MINUTE_MS)
    return {
      score: Math.min(100, Math.round(45 + 2 * expected)),
      summary: `No order from till ${key} for ${minutes} minutes; ${expected.toFixed(1)} were to be expected`,
      figures: [
        { label: 'Last order', value: formatInstant(newest) },
        { label: 'Orders since', value: '0', limit: `${expected.toFixed(1)} by its share of the store's` },
        { label: 'Share of the store', value: `${Math.round(100 * share)}%` },
      ],
      receipts: [last],
    }
  },
  ends: 'by itself',
})
