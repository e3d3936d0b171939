import { HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import { rule } from '#domain/operators/rule.ts'
import { running } from '#domain/operators/windower.ts'

const BUCKET_MS = 5 * MINUTE_MS
const MOST_HOURS = 4
const KEPT_MS = (MOST_HOURS + 1) * HOUR_MS
/**
 * Orders scatter around what is expected as a Poisson process does, and days around their like by such a share of it,
 * which makes the two negative binomial. An offer, a feast or a season lifts a day by more than anything ordinary
 * lowers it.
 */
const DAY_VARIATION = { below: 0.15, above: 0.3 }
/** Past it the habits are those of another store: what it was before a move, or a test. They say nothing then. */
const MOST_TIMES = 4.5

interface Hours {
  /** Of the first order: what lies before it nobody has looked at. */
  first: Instant
  /** The newest five minutes: nearly every order is in them, and costs no copy of the others. */
  end: Instant
  orders: number
  /** Orders of those before, by the end of their five minutes. */
  buckets: readonly (readonly [end: Instant, orders: number])[]
}

/** @param hours states written before the newest five minutes stood apart have them among the others */
function withOrder(
  { first, end = 0, orders = 0, buckets }: Partial<Hours> & Pick<Hours, 'first' | 'buckets'>,
  at: Instant,
): Hours {
  const own = Math.floor(at / BUCKET_MS + 1) * BUCKET_MS
  const since = Math.min(first, at)
  if (own === end) return { first: since, end, orders: orders + 1, buckets }
  if (own > end) {
    const kept = buckets.filter(([one]) => one > own - KEPT_MS)
    return { first: since, end: own, orders: 1, buckets: orders > 0 ? [...kept, [end, orders]] : kept }
  }
  // A late one.
  if (own <= end - KEPT_MS) return { first: since, end, orders, buckets }
  const known = buckets.find(([one]) => one === own)?.[1] ?? 0
  const others = buckets.filter(([one]) => one !== own)
  return { first: since, end, orders, buckets: [...others, [own, known + 1]] }
}

/** A store that sells far less, or far more, than its habits let expect of these hours. */
export const storePace = rule({
  name: 'store_pace',
  kind: 'pace',
  title: 'Pace far from what is usual',
  describe: ({ deviations, hours, expected }) =>
    `Orders of the last ${hours} hours more than ${deviations} standard deviations from what the hours of the week let expect, where that is ${expected} or more.`,
  source:
    'Control chart for counts with overdispersion: Montgomery, "Introduction to Statistical Quality Control", chapter 7; negative binomial variance: Hilbe, "Negative Binomial Regression", 2011.',
  parameters: {
    deviations: { title: 'Deviations', unit: 'deviations', least: 2, most: 20, initial: 3 },
    hours: { title: 'Within', unit: 'hours', least: 1, most: MOST_HOURS, initial: 2 },
    expected: { title: 'Orders to be expected', unit: 'orders', least: 5, most: 1_000, initial: 20 },
  },
  input: event => (event.type === 'order.placed' ? { key: '', item: null } : null),
  window: () =>
    running<null, Hours>({
      keepMs: KEPT_MS,
      nothing: { first: Number.POSITIVE_INFINITY, end: 0, orders: 0, buckets: [] },
      add: (hours, _, at) => withOrder(hours, at),
    }),
  judgeAt(
    { value: { first, end: newest, orders: ofNewest, buckets } },
    { at, parameters, reference, store },
  ) {
    // Whole buckets alone: half of one would be held against the whole of it.
    const to = Math.floor(at / BUCKET_MS) * BUCKET_MS
    const from = to - parameters.hours * HOUR_MS
    if (first > from || !reference.isLive(store, at)) return null
    const expected = reference.expectedOrders(store, from, to)
    if (expected === null || expected < parameters.expected) return null
    const orders = buckets.reduce(
      (sum, [end, own]) => (end > from && end <= to ? sum + own : sum),
      newest > from && newest <= to ? ofNewest : 0,
    )
    // That nothing comes at all is another rule's to say.
    if (orders === 0 || orders > MOST_TIMES * expected) return null
    const reachOf = (share: number) => {
      const ofDays = share * expected
      return parameters.deviations * Math.sqrt(expected + ofDays * ofDays)
    }
    const least = expected - reachOf(DAY_VARIATION.below)
    const most = expected + reachOf(DAY_VARIATION.above)
    if (orders >= least && orders <= most) return null
    const reach = orders < least ? expected - least : most - expected
    const deviations = (parameters.deviations * Math.abs(orders - expected)) / reach
    const range = `${Math.max(0, Math.round(least))} to ${Math.round(most)}`
    return {
      score: Math.min(100, Math.round(40 + 5 * (deviations - parameters.deviations))),
      summary: `${orders} orders in the last ${parameters.hours} hours; ${expected.toFixed(0)} were to be expected, ${range} would be usual`,
      figures: [
        { label: `Orders of the last ${parameters.hours} hours`, value: String(orders), limit: range },
        { label: 'To be expected', value: expected.toFixed(1) },
      ],
      receipts: [],
    }
  },
  ends: 'by itself',
})
