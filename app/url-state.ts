import {
  createLoader,
  createParser,
  createSerializer,
  type inferParserType,
  parseAsBoolean,
  parseAsInteger,
  parseAsNumberLiteral,
  parseAsString,
  parseAsStringLiteral,
} from 'nuqs/server'
import { GRAINS, isBusinessDay } from '#domain/calendar.ts'
import { parseIds, writeIds } from '#domain/id-list.ts'
import { ALERT_KINDS } from '#domain/operators/alert.ts'
import { COMPARISONS, FIGURE_NAMES } from '#domain/report-views.ts'

/**
 * What the address of each page says: a link shows what its sender saw. What it does not say, the page chooses;
 * what does not exist shows as if it were not said.
 */

/** What charts and explanations can be about, in the order of their cards. */
export const METRICS = ['net', 'orders', 'units', 'returns'] as const
export type Metric = (typeof METRICS)[number]

/** A day that exists: an address with 30 February shows the default, not an error. */
const parseAsDay = createParser({
  parse: text => (isBusinessDay(text) ? text : null),
  serialize: (day: string) => day,
})

/** Ids, of whatever characters; empty for all. */
const store = createParser({
  parse: parseIds,
  serialize: (ids: string[]) => writeIds(ids),
  eq: (one, other) => writeIds(one) === writeIds(other),
}).withDefault([])

/** First and last day, both included. Without `to` it is one day; without both the page's usual ones. */
const days = { from: parseAsDay, to: parseAsDay }

export const sideBySideState = {
  ...days,
  store,
  currency: parseAsString,
  /** What the charts and the explanation are about. */
  metric: parseAsStringLiteral(METRICS).withDefault('net'),
}
export const loadSideBySideState = createLoader(sideBySideState)
export const sideBySideAddress = createSerializer(sideBySideState)

const FEED_KINDS = ['all', 'orders', 'returns', 'voids', 'late'] as const
export type FeedKind = (typeof FEED_KINDS)[number]

export const liveState = {
  store,
  currency: parseAsString,
  /** What the minutes show, and how many of them. */
  metric: parseAsStringLiteral(['net', 'orders'] as const).withDefault('net'),
  minutes: parseAsNumberLiteral([60, 120] as const).withDefault(60),
  /** Which sales the feed shows. */
  feed: parseAsStringLiteral(FEED_KINDS).withDefault('all'),
  /** Minutes the top products are of. */
  products: parseAsNumberLiteral([15, 60] as const).withDefault(15),
}
export const loadLiveState = createLoader(liveState)

export const REPORTS = ['sales', 'inventory', 'products', 'returns', 'reviews'] as const
export type ReportName = (typeof REPORTS)[number]

const SORT_KEYS = ['key', 'before', 'change', ...FIGURE_NAMES] as const

interface Sort {
  by: (typeof SORT_KEYS)[number]
  descending: boolean
}

/** An order as a table asks for it, when it is one the address can say. */
export function asSort({ by, descending }: { by: string; descending: boolean }): Sort | null {
  const known = SORT_KEYS.find(key => key === by)
  return known === undefined ? null : { by: known, descending }
}

/** A column to sort by, largest first with a minus before it: `-net`. */
const parseAsSort = createParser({
  parse: text => asSort({ by: text.replace(/^-/, ''), descending: text.startsWith('-') }),
  serialize: ({ by, descending }: Sort) => `${descending ? '-' : ''}${by}`,
  eq: (one, other) => one.by === other.by && one.descending === other.descending,
})

/** What another report would not understand: it begins with its own. */
const ownOfReport = {
  /** The figure that is drawn and compared. */
  metric: parseAsStringLiteral(FIGURE_NAMES),
  /** Order of the table by period, and of the one by store or product. */
  order: parseAsSort,
  sort: parseAsSort,
  page: parseAsInteger.withDefault(1),
  /** Part of a product's name or code. */
  q: parseAsString.withDefault(''),
  /** Only rows whose stock ran out. */
  stockout: parseAsBoolean.withDefault(false),
}
export const NOTHING_OWN = {
  metric: null,
  order: null,
  sort: null,
  page: null,
  q: null,
  stockout: null,
} as const

export const reportsState = {
  report: parseAsStringLiteral(REPORTS).withDefault('sales'),
  ...days,
  store,
  /** A code, or `all` for the reporting currency. */
  currency: parseAsString,
  grain: parseAsStringLiteral(GRAINS).withDefault('day'),
  compare: parseAsStringLiteral(COMPARISONS).withDefault('before'),
  ...ownOfReport,
}
export type AskedReport = inferParserType<typeof reportsState>
export const loadReportsState = createLoader(reportsState)
export const reportsAddress = createSerializer(reportsState)

export const restockState = {
  view: parseAsStringLiteral(['alerts', 'order', 'deliveries', 'prices', 'history'] as const).withDefault(
    'alerts',
  ),
  store,
  severity: parseAsStringLiteral(['all', 'critical', 'low'] as const).withDefault('all'),
  /** Id; null for all. */
  supplier: parseAsString,
}
export type AskedRestock = inferParserType<typeof restockState>
export const loadRestockState = createLoader(restockState)
export const orderFileAddress = createSerializer(restockState)

const ALERT_VIEWS = ['waiting', 'history', 'rates', 'rules'] as const

export const ALERT_DAYS = [7, 28, 90] as const

export const alertsState = {
  view: parseAsStringLiteral(ALERT_VIEWS).withDefault('waiting'),
  store,
  kind: parseAsStringLiteral(ALERT_KINDS),
  /** Name of a rule; null for all. */
  rule: parseAsString,
  /** Of the history. */
  of: parseAsStringLiteral(['all', 'settled', 'over'] as const).withDefault('all'),
  /** Of history, rates and what a rule is tried on: how far back from now. */
  days: parseAsNumberLiteral(ALERT_DAYS).withDefault(28),
  /** The one that is open over the list. */
  alert: parseAsString,
}
export type AskedAlerts = inferParserType<typeof alertsState>
export const loadAlertsState = createLoader(alertsState)

export const notificationsState = {
  view: parseAsStringLiteral(['subscriptions', 'told', 'deliveries', 'outbox'] as const).withDefault(
    'subscriptions',
  ),
  /** The one that is open over the list. */
  delivery: parseAsInteger,
}

/** The parts of the pipeline's page, in their order. */
export const PARTS = ['overview', 'lag', 'stream', 'jobs', 'costs', 'letters', 'checks', 'scenarios'] as const
export type Part = (typeof PARTS)[number]

export const pipelineState = {
  part: parseAsStringLiteral(PARTS).withDefault('overview'),
  /** Of the ledger and of the dead letters: what they are filtered by. */
  job: parseAsString,
  state: parseAsString,
  reason: parseAsString,
  /** '' for letters that name none. */
  source: parseAsString,
}
