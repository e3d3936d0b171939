import { formatInstant, type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { Receipt } from '#domain/operators/alert.ts'
import { receiptOf, rule } from '#domain/operators/rule.ts'
import { running } from '#domain/operators/windower.ts'
import { expectedByPace, NO_PACE, type Pace, withOrder } from './pace-of-orders.ts'

const KEPT_MS = 24 * 60 * MINUTE_MS

interface Selling {
  last: Receipt | null
  pace: Pace
}

/** A store that sells as it should and then sells nothing, in hours in which it always does. */
export const storeSilent = rule({
  name: 'store_silent',
  kind: 'silence',
  title: 'Store is silent',
  describe: ({ expected, minutes }) =>
    `No order for ${minutes} minutes or more, in which at least ${expected} were to be expected by the hour of the week, or by the pace of today where that is faster.`,
  source:
    'Gap of a Poisson process: with e expected events, none comes with probability exp(-e); Cox & Lewis, "The Statistical Analysis of Series of Events", 1966.',
  parameters: {
    expected: { title: 'Orders to be expected', unit: 'orders', least: 3, most: 100, initial: 10 },
    minutes: { title: 'Silent for', unit: 'minutes', least: 1, most: 240, initial: 5 },
  },
  input: event => (event.type === 'order.placed' ? { key: '', item: receiptOf(event) } : null),
  window: () =>
    running<Receipt, Selling>({
      keepMs: KEPT_MS,
      nothing: { last: null, pace: NO_PACE },
      add: ({ last, pace }, order, at) => ({
        last: last && last.eventTime > order.eventTime ? last : order,
        pace: withOrder(pace, at),
      }),
    }),
  judgeAt({ value: { last, pace }, newest }, { at, parameters, reference, store }) {
    if (last === null || at - newest < parameters.minutes * MINUTE_MS) return null
    if (!reference.isLive(store, at)) return null
    const since = reference.expectedOrders(store, newest, at)
    if (since === null) return null
    const habit = (from: Instant, to: Instant) => reference.expectedOrders(store, from, to)
    const expected = Math.max(since, expectedByPace(pace, since, habit))
    if (expected < parameters.expected) return null
    const minutes = Math.round((at - newest) / MINUTE_MS)
    return {
      score: Math.min(100, Math.round(50 + 2 * expected)),
      summary: `No order for ${minutes} minutes; ${expected.toFixed(1)} were to be expected`,
      figures: [
        { label: 'Last order', value: formatInstant(newest) },
        {
          label: 'Orders since',
          value: '0',
          limit: `${expected.toFixed(1)} by the habits of this hour of the week, or by today’s pace where that is faster`,
        },
      ],
      receipts: [last],
    }
  },
  ends: 'by itself',
})
