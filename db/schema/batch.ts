import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  date,
  integer,
  jsonb,
  numeric,
  pgSchema,
  primaryKey,
  smallint,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'

/** Results of the batch path: planner, ledger, report tables. Amounts in 1/10,000. */
export const batchSchema = pgSchema('batch')

export const plannerCheckpoints = batchSchema.table('planner_checkpoints', {
  partition: smallint().primaryKey(),
  offset: bigint({ mode: 'number' }).notNull(),
  appendedAt: timestamp('appended_at', { withTimezone: true }).notNull(),
})

export const heartbeat = batchSchema.table('heartbeat', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  beatAt: timestamp('beat_at', { withTimezone: true }).notNull(),
  nextTickAt: timestamp('next_tick_at', { withTimezone: true }).notNull(),
})

export const dayHead = batchSchema.table(
  'day_head',
  {
    store: text().notNull(),
    businessDay: date('business_day').notNull(),
    partition: smallint().notNull(),
    firstOffset: bigint('first_offset', { mode: 'number' }).notNull(),
    firstAppendedAt: timestamp('first_appended_at', { withTimezone: true }).notNull(),
    lastOffset: bigint('last_offset', { mode: 'number' }).notNull(),
    lastAppendedAt: timestamp('last_appended_at', { withTimezone: true }).notNull(),
    events: bigint({ mode: 'number' }).notNull(),
    bulkEvents: bigint('bulk_events', { mode: 'number' }).notNull().default(0),
    appendDays: date('append_days').array().notNull().default([]),
  },
  table => [primaryKey({ columns: [table.store, table.businessDay] })],
)

export const tillHead = batchSchema.table(
  'till_head',
  {
    store: text().notNull(),
    businessDay: date('business_day').notNull(),
    register: text().notNull(),
    partition: smallint().notNull(),
    lastOffset: bigint('last_offset', { mode: 'number' }).notNull(),
    appendDays: date('append_days').array().notNull(),
  },
  table => [primaryKey({ columns: [table.store, table.businessDay, table.register] })],
)

export const runs = batchSchema.table('runs', {
  runId: bigint('run_id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  job: text().notNull(),
  store: text().notNull(),
  period: date().notNull(),
  state: text({ enum: ['running', 'succeeded', 'failed', 'abandoned'] }).notNull(),
  trigger: text({ enum: ['schedule', 'manual', 'backfill', 'request'] }).notNull(),
  attempt: integer().notNull(),
  codeVersion: text('code_version').notNull(),
  rulesVersion: smallint('rules_version').notNull(),
  partition: smallint().notNull(),
  throughOffset: bigint('through_offset', { mode: 'number' }),
  throughAppendedAt: timestamp('through_appended_at', { withTimezone: true }),
  rowCount: integer('row_count'),
  checksum: text(),
  startedAt: timestamp('started_at', { withTimezone: true }).notNull().default(sql`clock_timestamp()`),
  finishedAt: timestamp('finished_at', { withTimezone: true }),
  error: text(),
  backendPid: integer('backend_pid').notNull(),
  backendStart: timestamp('backend_start', { withTimezone: true }).notNull(),
  reason: text(),
})

export const currentRuns = batchSchema.table(
  'current_runs',
  {
    job: text().notNull(),
    store: text().notNull(),
    period: date().notNull(),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
    codeVersion: text('code_version').notNull(),
    rulesVersion: smallint('rules_version').notNull(),
    partition: smallint().notNull(),
    throughOffset: bigint('through_offset', { mode: 'number' }).notNull(),
    throughAppendedAt: timestamp('through_appended_at', { withTimezone: true }).notNull(),
    rowCount: integer('row_count').notNull(),
    checksum: text().notNull(),
    computedAt: timestamp('computed_at', { withTimezone: true }).notNull(),
    inputs: jsonb().$type<Record<string, Record<string, string>>>().notNull().default({}),
  },
  table => [primaryKey({ columns: [table.job, table.store, table.period] })],
)

export const hourlySales = batchSchema.table(
  'hourly_sales',
  {
    businessDay: date('business_day').notNull(),
    hourStart: timestamp('hour_start', { withTimezone: true }).notNull(),
    store: text().notNull(),
    channel: text().notNull(),
    currency: text().notNull(),
    orders: bigint({ mode: 'number' }).notNull(),
    units: bigint({ mode: 'number' }).notNull(),
    gross: bigint({ mode: 'number' }).notNull(),
    discounts: bigint({ mode: 'number' }).notNull(),
    returns: bigint({ mode: 'number' }).notNull(),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
  },
  table => [
    primaryKey({ columns: [table.store, table.businessDay, table.hourStart, table.channel, table.currency] }),
  ],
)

export const dailySales = batchSchema.table(
  'daily_sales',
  {
    businessDay: date('business_day').notNull(),
    store: text().notNull(),
    channel: text().notNull(),
    currency: text().notNull(),
    orders: bigint({ mode: 'number' }).notNull(),
    units: bigint({ mode: 'number' }).notNull(),
    gross: bigint({ mode: 'number' }).notNull(),
    discounts: bigint({ mode: 'number' }).notNull(),
    returns: bigint({ mode: 'number' }).notNull(),
    returnDocuments: bigint('return_documents', { mode: 'number' }).notNull(),
    unitsReturned: bigint('units_returned', { mode: 'number' }).notNull(),
    tax: bigint({ mode: 'number' }).notNull(),
    customers: bigint({ mode: 'number' }).notNull(),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
  },
  table => [primaryKey({ columns: [table.store, table.businessDay, table.channel, table.currency] })],
)

export const dailyProductSales = batchSchema.table(
  'daily_product_sales',
  {
    businessDay: date('business_day').notNull(),
    store: text().notNull(),
    channel: text().notNull(),
    sku: text().notNull(),
    currency: text().notNull(),
    units: bigint({ mode: 'number' }).notNull(),
    gross: bigint({ mode: 'number' }).notNull(),
    discounts: bigint({ mode: 'number' }).notNull(),
    returns: bigint({ mode: 'number' }).notNull(),
    unitsReturned: bigint('units_returned', { mode: 'number' }).notNull(),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
  },
  table => [
    primaryKey({ columns: [table.store, table.businessDay, table.channel, table.sku, table.currency] }),
  ],
)

export const weeklySales = batchSchema.table(
  'weekly_sales',
  {
    week: date().notNull(),
    store: text().notNull(),
    channel: text().notNull(),
    currency: text().notNull(),
    orders: bigint({ mode: 'number' }).notNull(),
    units: bigint({ mode: 'number' }).notNull(),
    gross: bigint({ mode: 'number' }).notNull(),
    discounts: bigint({ mode: 'number' }).notNull(),
    returns: bigint({ mode: 'number' }).notNull(),
    returnDocuments: bigint('return_documents', { mode: 'number' }).notNull(),
    unitsReturned: bigint('units_returned', { mode: 'number' }).notNull(),
    customers: bigint({ mode: 'number' }).notNull(),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
  },
  table => [primaryKey({ columns: [table.store, table.week, table.channel, table.currency] })],
)

export const monthlySales = batchSchema.table(
  'monthly_sales',
  {
    month: date().notNull(),
    store: text().notNull(),
    channel: text().notNull(),
    currency: text().notNull(),
    orders: bigint({ mode: 'number' }).notNull(),
    units: bigint({ mode: 'number' }).notNull(),
    gross: bigint({ mode: 'number' }).notNull(),
    discounts: bigint({ mode: 'number' }).notNull(),
    returns: bigint({ mode: 'number' }).notNull(),
    returnDocuments: bigint('return_documents', { mode: 'number' }).notNull(),
    unitsReturned: bigint('units_returned', { mode: 'number' }).notNull(),
    customers: bigint({ mode: 'number' }).notNull(),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
  },
  table => [primaryKey({ columns: [table.store, table.month, table.channel, table.currency] })],
)

export const monthlyProductSales = batchSchema.table(
  'monthly_product_sales',
  {
    month: date().notNull(),
    store: text().notNull(),
    channel: text().notNull(),
    sku: text().notNull(),
    currency: text().notNull(),
    units: bigint({ mode: 'number' }).notNull(),
    gross: bigint({ mode: 'number' }).notNull(),
    discounts: bigint({ mode: 'number' }).notNull(),
    returns: bigint({ mode: 'number' }).notNull(),
    unitsReturned: bigint('units_returned', { mode: 'number' }).notNull(),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
  },
  table => [primaryKey({ columns: [table.store, table.month, table.channel, table.sku, table.currency] })],
)

export const monthlyCategorySales = batchSchema.table(
  'monthly_category_sales',
  {
    month: date().notNull(),
    store: text().notNull(),
    channel: text().notNull(),
    category: text().notNull(),
    currency: text().notNull(),
    units: bigint({ mode: 'number' }).notNull(),
    gross: bigint({ mode: 'number' }).notNull(),
    discounts: bigint({ mode: 'number' }).notNull(),
    returns: bigint({ mode: 'number' }).notNull(),
    unitsReturned: bigint('units_returned', { mode: 'number' }).notNull(),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
  },
  table => [
    primaryKey({ columns: [table.store, table.month, table.channel, table.category, table.currency] }),
  ],
)

export const monthlyTenders = batchSchema.table(
  'monthly_tenders',
  {
    month: date().notNull(),
    store: text().notNull(),
    channel: text().notNull(),
    tender: text().notNull(),
    currency: text().notNull(),
    documents: bigint({ mode: 'number' }).notNull(),
    amount: bigint({ mode: 'number' }).notNull(),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
  },
  table => [primaryKey({ columns: [table.store, table.month, table.channel, table.tender, table.currency] })],
)

export const dailyInventory = batchSchema.table(
  'daily_inventory',
  {
    businessDay: date('business_day').notNull(),
    store: text().notNull(),
    sku: text().notNull(),
    opening: bigint({ mode: 'number' }).notNull(),
    received: bigint({ mode: 'number' }).notNull(),
    sold: bigint({ mode: 'number' }).notNull(),
    returned: bigint({ mode: 'number' }).notNull(),
    adjusted: bigint({ mode: 'number' }).notNull(),
    transferred: bigint({ mode: 'number' }).notNull(),
    countCorrection: bigint('count_correction', { mode: 'number' }).notNull(),
    closing: bigint({ mode: 'number' }).notNull(),
    stockoutMinutes: integer('stockout_minutes').notNull(),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
  },
  table => [primaryKey({ columns: [table.store, table.businessDay, table.sku] })],
)

export const monthlyInventory = batchSchema.table(
  'monthly_inventory',
  {
    month: date().notNull(),
    store: text().notNull(),
    sku: text().notNull(),
    opening: bigint({ mode: 'number' }).notNull(),
    received: bigint({ mode: 'number' }).notNull(),
    sold: bigint({ mode: 'number' }).notNull(),
    returned: bigint({ mode: 'number' }).notNull(),
    adjusted: bigint({ mode: 'number' }).notNull(),
    transferred: bigint({ mode: 'number' }).notNull(),
    countCorrection: bigint('count_correction', { mode: 'number' }).notNull(),
    closing: bigint({ mode: 'number' }).notNull(),
    stockoutMinutes: integer('stockout_minutes').notNull(),
    averageOnHand: numeric('average_on_hand', { precision: 20, scale: 4 }),
    turnover: numeric({ precision: 20, scale: 4 }),
    sellThrough: numeric('sell_through', { precision: 20, scale: 4 }),
    daysOfCover: numeric('days_of_cover', { precision: 20, scale: 4 }),
    abcClass: text('abc_class'),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
  },
  table => [primaryKey({ columns: [table.store, table.month, table.sku] })],
)

export const dailyReviews = batchSchema.table(
  'daily_reviews',
  {
    businessDay: date('business_day').notNull(),
    store: text().notNull(),
    sku: text().notNull(),
    reviews: bigint({ mode: 'number' }).notNull(),
    ratingSum: bigint('rating_sum', { mode: 'number' }).notNull(),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
  },
  table => [primaryKey({ columns: [table.store, table.businessDay, table.sku] })],
)

export const completeness = batchSchema.table(
  'completeness',
  {
    businessDay: date('business_day').notNull(),
    store: text().notNull(),
    register: text().notNull(),
    currency: text(),
    zOrders: bigint('z_orders', { mode: 'number' }),
    zNet: bigint('z_net', { mode: 'number' }),
    logOrders: bigint('log_orders', { mode: 'number' }).notNull(),
    logNet: bigint('log_net', { mode: 'number' }).notNull(),
    state: text({ enum: ['complete', 'missing', 'different', 'awaiting journal'] }).notNull(),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
  },
  table => [primaryKey({ columns: [table.store, table.businessDay, table.register] })],
)

export const closedDays = batchSchema.table(
  'closed_days',
  {
    store: text().notNull(),
    businessDay: date('business_day').notNull(),
    closedAt: timestamp('closed_at', { withTimezone: true }).notNull().default(sql`clock_timestamp()`),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
    incomplete: boolean().notNull().default(false),
  },
  table => [primaryKey({ columns: [table.store, table.businessDay] })],
)

export const restatements = batchSchema.table('restatements', {
  restatement: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  businessDay: date('business_day').notNull(),
  store: text().notNull(),
  channel: text().notNull(),
  currency: text().notNull(),
  metric: text().notNull(),
  oldValue: numeric('old_value', { precision: 20, scale: 4 }).notNull(),
  newValue: numeric('new_value', { precision: 20, scale: 4 }).notNull(),
  cause: text().notNull(),
  runId: bigint('run_id', { mode: 'number' }).notNull(),
  restatedAt: timestamp('restated_at', { withTimezone: true }).notNull().default(sql`clock_timestamp()`),
})
