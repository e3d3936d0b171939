import {
  amount,
  bigint,
  boolean,
  bytes,
  date,
  double,
  instant,
  integer,
  json,
  numeric,
  pgSchema,
  smallint,
  sql,
  text,
} from './drizzle.ts'

// The tables that are queried through Drizzle, column by column as db/migrations makes them (a test compares).
// A table that only SQL reads and writes is not here. Row types: `typeof products.$inferSelect`, `$inferInsert`.

const ref = pgSchema('ref')
const intake = pgSchema('intake')
const batch = pgSchema('batch')
const live = pgSchema('live')
const recon = pgSchema('recon')

/** An offset, a count, a number that the database gives. */
const count = () => bigint({ mode: 'number' })
const identity = () => count().primaryKey().generatedAlwaysAsIdentity()
/** When the row was written. */
const written = () => instant().notNull().default(sql`clock_timestamp()`)

export const products = ref.table('products', {
  sku: text().primaryKey(),
  name: text(),
  category: text(),
  holdsStock: boolean().notNull().default(true),
  updatedAt: written(),
})

/** A policy holds from `validFrom` until the next of the same store and sku. */
export const stockPolicies = ref.table('stock_policies', {
  store: text().notNull(),
  sku: text().notNull(),
  validFrom: instant().notNull(),
  reorderPoint: count().notNull(),
  orderUpTo: count(),
  leadTimeDays: numeric({ precision: 8, scale: 2, mode: 'number' }),
  source: text({ enum: ['file', 'computed'] })
    .notNull()
    .default('file'),
  serviceLevel: double(),
  safetyStock: count(),
  abcClass: text({ enum: ['A', 'B', 'C'] }),
})

export const suppliers = ref.table('suppliers', {
  supplier: text().primaryKey(),
  name: text().notNull(),
})

export const supplyTerms = ref.table('supply_terms', {
  sku: text().notNull(),
  validFrom: instant().notNull(),
  supplier: text().notNull(),
  unitCost: amount().notNull(),
  currency: text().notNull(),
  packSize: integer().notNull().default(1),
  leadTimeDays: numeric({ precision: 8, scale: 2, mode: 'number' }).notNull(),
})

/** One unit of `currency` is `rate` units of `reportingCurrency` from `validFrom` on. */
export const exchangeRates = ref.table('exchange_rates', {
  currency: text().notNull(),
  reportingCurrency: text().notNull(),
  validFrom: date().notNull(),
  rate: numeric({ precision: 20, scale: 10 }).notNull(),
  saidAt: written(),
})

export const deadLetters = intake.table('dead_letters', {
  deadLetter: identity(),
  metAt: written(),
  metIn: json().notNull(),
  source: text(),
  eventId: text(),
  store: text(),
  reason: text().notNull(),
  detail: text().notNull(),
  payload: bytes().notNull(),
  state: text({ enum: ['open', 'requeued', 'discarded'] })
    .notNull()
    .default('open'),
  settledAt: instant(),
  settlement: json(),
})

export const runs = batch.table('runs', {
  runId: identity(),
  job: text().notNull(),
  store: text().notNull(),
  period: date().notNull(),
  state: text({ enum: ['running', 'succeeded', 'failed', 'abandoned'] }).notNull(),
  trigger: text({ enum: ['schedule', 'manual', 'backfill', 'request'] }).notNull(),
  attempt: integer().notNull(),
  codeVersion: text().notNull(),
  rulesVersion: smallint().notNull(),
  partition: smallint().notNull(),
  throughOffset: count(),
  throughAppendedAt: instant(),
  rowCount: integer(),
  checksum: text(),
  startedAt: written(),
  finishedAt: instant(),
  error: text(),
  backendPid: integer().notNull(),
  backendStart: instant().notNull(),
  reason: text(),
  rangeTo: date(),
  depth: text({ enum: ['figures', 'rows'] }),
})

export const alertActions = live.table('alert_actions', {
  action: identity(),
  alertId: text().notNull(),
  kind: text({ enum: ['acknowledge', 'snooze', 'dismiss', 'reopen', 'assign', 'verdict'] }).notNull(),
  snoozedUntil: instant(),
  actedBy: text(),
  actedAt: written(),
  assignee: text(),
  verdict: text({ enum: ['fraud', 'false', 'unsure'] }),
  note: text(),
})

export const findings = recon.table('findings', {
  finding: identity(),
  runId: count().notNull(),
  path: text({ enum: ['log', 'batch', 'stream'] }).notNull(),
  relation: text().notNull(),
  rowKey: json<Record<string, string | number>>().notNull(),
  metric: text().notNull(),
  stored: text(),
  expected: text(),
  foundAt: written(),
  kind: text({
    enum: ['audit row', 're-derived', 'z report', 'report not published', 'cannot be digested'],
  }).notNull(),
  detail: text(),
})
