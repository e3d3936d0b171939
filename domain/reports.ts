import { type Grain, PERIOD_COLUMNS } from './calendar.ts'
import { MEASURE_COLUMNS } from './measures.ts'

/*
 * The catalogue of the batch path: every job there is, as data. The planner plans by it, the ledger and the tables are
 * named after it, the pages list it. What a report's figures are is SQL, in jobs/reports.
 *
 *   log ─┬─> daily_sales ──────────┬─> weekly_sales, monthly_sales, monthly_tenders
 *        ├─> hourly_sales          │
 *        ├─> daily_product_sales ──┴─> monthly_product_sales ─┬─> monthly_category_sales
 *        ├─> daily_inventory ⟲ ────────────────────────────── ┴─> monthly_inventory
 *        └─> daily_reviews, completeness                          (⟲ a day opens where the day before closed)
 */

/** What of the log a report reads itself: new entries there make its periods dirty. */
export type LogPart = 'events' | 'till-reports'

/**
 * Which business days of a store a report covers.
 * - with-events: days on which the log has anything
 * - carried: those from the store's first receipt or count on, and the days between them: stock that is known is there
 *   also when nobody sells
 * - expected: days with events or Z reports, and days whose journal should have come
 */
export type CoveredDays = 'with-events' | 'carried' | 'expected'

/** Reference data with one fingerprint for all periods. */
export type Fingerprinted = 'categories'

/** Reference data whose change makes a report dirty: all of it, or the periods that a store's change concerns. */
export type ReferenceName = Fingerprinted | 'stores'

export interface JobEntry {
  name: string
  /** One sentence for people. */
  summary: string
  /** What a run covers; null for jobs that fill no report. */
  grain: Grain | null
  /** Whether it is asked for with business days, from and to. */
  takesRange: boolean
}

/** A report of the batch path: table `batch.<name>`, view `reports.<name>`, filled by the job of that name. */
export interface ReportEntry extends JobEntry {
  grain: Grain
  /** every-tick: also while the day goes on. day-ended: once the cut-over has passed, and by hand for any day. */
  cadence: 'every-tick' | 'day-ended'
  days: CoveredDays
  reads: readonly LogPart[]
  /** Reports it is computed from: it waits for them, and runs again when a checksum of theirs changed. */
  inputs: readonly string[]
  references: readonly ReferenceName[]
  /** A day begins where the day before ended: its input is its own report of the day before. */
  isChained: boolean
  /** Its first run after a day's end publishes the day. */
  isPublishing: boolean
  /** Its rows are converted by the exchange rate of their day, and keep it: another rate makes the day dirty. */
  isConverted: boolean
  /** More events never make rows fewer: a run with fewer than the one before has lost something. */
  isGrowing: boolean
  /** The column of a row's period. */
  periodColumn: (typeof PERIOD_COLUMNS)[Grain]
  /** Columns that tell the rows of a store's period apart. */
  key: readonly string[]
  /** Columns of its figures; amounts are integers of 1/10,000. */
  values: readonly string[]
}

const SALES = MEASURE_COLUMNS
/** What an hour's net is made of; the rest is counted by the day. */
const HOURLY = ['orders', 'units', 'gross', 'discounts', 'returns']
/** What a report also tells in the reporting currency, and which that is. */
const CONVERTED = ['reporting_currency', 'net_in_reporting_currency'] as const
/** What has a product, of the lines of documents. */
const PRODUCT_SALES = ['units', 'gross', 'discounts', 'returns', 'units_returned']
/** What a shelf held and what moved it, of a day or month. */
export const STOCK_MOVES = [
  'opening',
  'received',
  'sold',
  'returned',
  'adjusted',
  'transferred',
  'count_correction',
  'closing',
  'stockout_minutes',
] as const
/** What a month says of them beside. */
export const STOCK_RATIOS = [
  'average_on_hand',
  'turnover',
  'sell_through',
  'days_of_cover',
  'abc_class',
] as const

/** Every report, in order of dependency: each comes after those it is computed from or checked against. */
export const REPORTS = [
  report({
    name: 'daily_sales',
    summary: 'sales per business day, store and channel; its first run after a day publishes the day',
    cadence: 'every-tick',
    isPublishing: true,
    isConverted: true,
    key: ['channel', 'currency'],
    values: [...SALES, 'tax', 'customers', ...CONVERTED, 'exchange_rate'],
  }),
  report({
    name: 'hourly_sales',
    summary: 'sales per hour of a business day, store and channel',
    cadence: 'every-tick',
    key: ['hour_start', 'channel', 'currency', 'hour_known'],
    values: HOURLY,
  }),
  report({
    name: 'daily_product_sales',
    summary: 'sales per business day, store, channel and product, from the lines of the documents',
    cadence: 'every-tick',
    key: ['channel', 'sku', 'currency'],
    values: PRODUCT_SALES,
  }),
  report({
    name: 'daily_inventory',
    summary: 'stock per business day, store and product: opening, movements, counts, closing',
    days: 'carried',
    inputs: ['daily_inventory'],
    isChained: true,
    key: ['sku'],
    values: STOCK_MOVES,
  }),
  report({
    name: 'daily_reviews',
    summary: 'customer reviews per business day, store and product',
    key: ['sku'],
    values: ['reviews', 'rating_sum'],
  }),
  report({
    name: 'completeness',
    summary: 'Z reports of the tills against the log, per business day, store and register',
    days: 'expected',
    reads: ['events', 'till-reports'],
    isGrowing: false,
    references: ['stores'],
    key: ['register'],
    values: [
      'currency',
      'z_orders',
      'z_units',
      'z_net',
      'log_orders',
      'log_units',
      'log_net',
      'state',
      'tenders',
      'opening_float',
      'counted_cash',
      'log_cash',
      'first_receipt',
      'last_receipt',
      'missing_receipts',
    ],
  }),
  report({
    name: 'weekly_sales',
    summary: 'sales per week (from Monday), store and channel',
    grain: 'week',
    inputs: ['daily_sales'],
    key: ['channel', 'currency'],
    values: [...SALES, ...CONVERTED, 'customers'],
  }),
  report({
    name: 'monthly_sales',
    summary: 'sales per month, store and channel',
    grain: 'month',
    inputs: ['daily_sales'],
    key: ['channel', 'currency'],
    values: [...SALES, ...CONVERTED, 'customers'],
  }),
  report({
    name: 'monthly_product_sales',
    summary: 'sales per month, store, channel and product',
    grain: 'month',
    reads: [],
    // The days' sales for their exchange rates.
    inputs: ['daily_product_sales', 'daily_sales'],
    key: ['channel', 'sku', 'currency'],
    values: [...PRODUCT_SALES, ...CONVERTED],
  }),
  report({
    name: 'monthly_category_sales',
    summary: 'sales per month, store, channel and product category',
    grain: 'month',
    reads: [],
    inputs: ['monthly_product_sales'],
    references: ['categories'],
    isGrowing: false,
    key: ['channel', 'category', 'currency'],
    values: [...PRODUCT_SALES, ...CONVERTED],
  }),
  report({
    name: 'monthly_tenders',
    summary: 'what was paid and paid back per month, store, channel and means of payment',
    grain: 'month',
    // For their exchange rates, and the list of days it took in.
    inputs: ['daily_sales'],
    references: ['stores'],
    key: ['channel', 'tender', 'currency'],
    values: ['documents', 'amount', 'reporting_currency', 'amount_in_reporting_currency'],
  }),
  report({
    name: 'monthly_inventory',
    summary: 'stock per month, store and product, with turnover, sell-through, cover and ABC class',
    grain: 'month',
    days: 'carried',
    reads: [],
    inputs: ['daily_inventory', 'monthly_product_sales'],
    references: ['stores'],
    key: ['sku'],
    values: [...STOCK_MOVES, ...STOCK_RATIOS],
  }),
]

export type ReportName = (typeof REPORTS)[number]['name']

/** Most reports are daily, run once a day has ended, and are computed from the events of the log. */
function report<const Name extends string>(
  entry: { name: Name } & Pick<ReportEntry, 'summary' | 'key' | 'values'> & Partial<ReportEntry>,
): ReportEntry & { name: Name } {
  return {
    grain: 'day',
    takesRange: true,
    cadence: 'day-ended',
    days: 'with-events',
    reads: ['events'],
    inputs: [],
    references: [],
    isChained: false,
    isPublishing: false,
    isConverted: false,
    isGrowing: true,
    periodColumn: PERIOD_COLUMNS[entry.grain ?? 'day'],
    ...entry,
  }
}

/** A job that fills no report: when it runs by itself, for people, and whether it is asked for with days. */
export interface OtherJobEntry extends JobEntry {
  runs: string
  grain: null
}

/** The jobs that fill no report. */
export const OTHER_JOBS = [
  {
    name: 'reconciliation',
    summary: 'stream against batch, every difference explained; fails when one is not',
    runs: 'after a tick that changed figures; every row once an hour',
    grain: null,
    takesRange: true,
  },
  {
    name: 'journal_import',
    summary: 'loads the journal files that lie ready in the drop folder',
    runs: 'at every tick, when files lie ready',
    grain: null,
    takesRange: false,
  },
  {
    name: 'reviews_import',
    summary: "loads the review files that lie ready in the drop folder's reviews",
    runs: 'every half hour, when files lie ready',
    grain: null,
    takesRange: false,
  },
  {
    name: 'expected_sales',
    summary:
      "what stores' habits let expect, for the rules of the stream: orders by hour of week, sizes of orders",
    runs: 'once a day',
    grain: null,
    takesRange: false,
  },
  {
    name: 'replenishment',
    summary: 'what each store will sell, when its shelves run out, and what to order',
    runs: "once a store's day has ended and its stock is computed",
    grain: null,
    takesRange: false,
  },
  {
    name: 'price_hints',
    summary: 'what lies on shelves and does not sell, and the price that would clear it in time',
    runs: 'once a day',
    grain: null,
    takesRange: false,
  },
  {
    name: 'batch_rules',
    summary: 'rules over orders, cards and products of all stores: what the stream cannot see, as alerts',
    runs: 'at every tick, when the log has grown',
    grain: null,
    takesRange: false,
  },
  {
    name: 'archive',
    summary: 'writes append days of the log that are over to the archive, as Parquet, and reads them back',
    runs: 'once a night, where an archive is set',
    grain: null,
    takesRange: false,
  },
  {
    name: 'log_retention',
    summary: 'drops append days of the log that are old, verified in the archive, and needed by nobody',
    runs: 'once a night, where LOG_KEEP_DAYS is set',
    grain: null,
    takesRange: false,
  },
  {
    name: 'ledger_retention',
    summary: 'removes old attempts from the ledger, and what was told of them',
    runs: 'once a day',
    grain: null,
    takesRange: false,
  },
] as const satisfies readonly OtherJobEntry[]

export type OtherJobName = (typeof OTHER_JOBS)[number]['name']

/** What the schedule does before any job runs. It is in the ledger when it fails, of one store or ('all') of every one. */
export const PLANNING: JobEntry = {
  name: 'planning',
  summary: 'works out at every tick which reports are due',
  grain: null,
  takesRange: false,
}

/** Every job, in order of dependency. */
export const JOBS: readonly JobEntry[] = [...REPORTS, ...OTHER_JOBS]

/** Asks for every report of a range at once, in order of dependency. */
export const ALL_JOBS = 'all'

export function findJob(name: string): JobEntry | undefined {
  return JOBS.find(job => job.name === name)
}
