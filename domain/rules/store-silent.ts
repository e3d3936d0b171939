import { formatInstant, MINUTE_MS } from '#domain/instant.ts'
import type { Receipt } from '#domain/operators/alert.ts'
import { receiptOf, rule } from '#domain/operators/rule.ts'
import { running } from '#domain/operators/windower.ts'

const KEPT_MS = 24 * 60 * MINUTE_MS

/** A store that sells as it should and then sells nothing, in hours in which it always does. */
export const storeSilent = rule({
  name: 'store_silent',
  kind: 'silence',
  title: 'Store is silent',
  describe: ({ expected, minutes }) =>
    `No order for ${minutes} minutes or more, in which at least ${expected} were to be expected by the hour of the week.`,
  source:
    'Gap of a Poisson process: with e expected events, none comes with probability exp(-e); Cox & Lewis, "The Statistical Analysis of Series of Events", 1966.',
  parameters: {
    expected: { title: 'Orders to be expected', unit: 'orders', least: 3, most: 100, initial: 12 },
    minutes: { title: 'Silent for', unit: 'minutes', least: 1, most: 240, initial: 5 },
  },
  input: event => (event.type === 'order.placed' ? { key: '', item: receiptOf(event) } : null),
  window: () =>
    running<Receipt, Receipt | null>({
      keepMs: KEPT_MS,
      nothing: null,
      add: (last, order) => (last && last.eventTime > order.eventTime ? last : order),
    }),
  judgeAt({ value: last, newest }, { at, parameters, reference, store }) {
    if (last === null || at - newest < parameters.minutes * MINUTE_MS) return null
    if (!reference.isLive(store, at)) return null
    const expected = reference.expectedOrders(store, newest, at)
    if (expected === null || expected < parameters.expected) return null
    const minutes = Math.round((at - newest) / MINUTE_MS)
    return {
      score: Math.min(100, Math.round(50 + 2 * expected)),
      summary: `No order for ${minutes} minutes; ${expected.toFixed(1)} were to be expected`,
      figures: [
        { label: 'Last order', value: formatInstant(newest) },
        {
          label: 'Orders since',
          value: '0',
          limit: `${expected.toFixed(1)} by the habits of this hour of the week`,
        },
      ],
      receipts: [last],
    }
  },
  ends: 'by itself',
})
