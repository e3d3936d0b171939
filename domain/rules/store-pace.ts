import { HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import { rule } from '#domain/operators/rule.ts'
import { running } from '#domain/operators/windower.ts'

const BUCKET_MS = 5 * MINUTE_MS
const KEPT_MS = 3 * HOUR_MS
/** Orders of people come in clumps: their variance is larger than that of a Poisson process by about this. */
const OVERDISPERSION = 2

interface Hours {
  /** Of the first order: what lies before it nobody has looked at. */
  first: Instant
  /** Orders by the end of their five minutes. */
  buckets: [end: Instant, orders: number][]
}

/** A store that sells far less, or far more, than its habits let expect of this hour. */
export const storePace = rule({
  name: 'store_pace',
  kind: 'pace',
  title: 'Pace far from what is usual',
  describe: ({ deviations, expected }) =>
    `Orders of the last hour more than ${deviations} standard deviations from what the hour of the week lets expect, where that is ${expected} or more.`,
  source:
    'Control chart for counts with overdispersion: Montgomery, "Introduction to Statistical Quality Control", chapter 7.',
  parameters: {
    deviations: { title: 'Deviations', unit: 'deviations', least: 2, most: 20, initial: 4 },
    expected: { title: 'Orders to be expected', unit: 'orders', least: 5, most: 1_000, initial: 20 },
  },
  input: event => (event.type === 'order.placed' ? { key: '', item: null } : null),
  window: () =>
    running<null, Hours>({
      keepMs: KEPT_MS,
      nothing: { first: Number.POSITIVE_INFINITY, buckets: [] },
      add({ first, buckets }, _, at) {
        const end = Math.floor(at / BUCKET_MS + 1) * BUCKET_MS
        const newest = Math.max(end, buckets.at(-1)?.[0] ?? end)
        const known = buckets.find(([own]) => own === end)?.[1] ?? 0
        const others = buckets.filter(([own]) => own !== end && own > newest - KEPT_MS)
        const all: [Instant, number][] = [...others, [end, known + 1]]
        return { first: Math.min(first, at), buckets: all.sort(([one], [other]) => one - other) }
      },
    }),
  judgeAt({ value: { first, buckets } }, { at, parameters, reference, store }) {
    // Whole buckets alone: half of one would be held against the whole of it.
    const to = Math.floor(at / BUCKET_MS) * BUCKET_MS
    const from = to - HOUR_MS
    if (first > from || !reference.isLive(store, at)) return null
    const expected = reference.expectedOrders(store, from, to)
    if (expected === null || expected < parameters.expected) return null
    const orders = buckets.reduce((sum, [end, own]) => (end > from && end <= to ? sum + own : sum), 0)
    // That nothing comes at all is another rule's to say.
    if (orders === 0) return null
    const deviation = Math.sqrt(OVERDISPERSION * expected)
    const deviations = (orders - expected) / deviation
    if (Math.abs(deviations) <= parameters.deviations) return null
    const reach = parameters.deviations * deviation
    const range = `${Math.max(0, Math.round(expected - reach))} to ${Math.round(expected + reach)}`
    return {
      score: Math.min(100, Math.round(40 + 5 * (Math.abs(deviations) - parameters.deviations))),
      summary: `${orders} orders in the last hour; ${expected.toFixed(0)} were to be expected, ${range} would be usual`,
      figures: [
        { label: 'Orders of the last hour', value: String(orders), limit: range },
        { label: 'To be expected', value: expected.toFixed(1) },
      ],
      receipts: [],
    }
  },
  ends: 'by itself',
})
