import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  date,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  smallint,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'

/** Results of the stream path, per generation. Amounts in 1/10,000. */
export const streamSchema = pgSchema('stream')

export const generations = streamSchema.table('generations', {
  generation: integer().primaryKey(),
  state: text({ enum: ['building', 'active', 'retired'] }).notNull(),
  rulesVersion: smallint('rules_version').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().default(sql`clock_timestamp()`),
  activatedAt: timestamp('activated_at', { withTimezone: true }),
})

export const activeGeneration = streamSchema.table('active_generation', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  generation: integer().notNull(),
})

export const checkpoints = streamSchema.table(
  'checkpoints',
  {
    generation: integer().notNull(),
    partition: smallint().notNull(),
    offset: bigint({ mode: 'number' }).notNull(),
    appendedAt: timestamp('appended_at', { withTimezone: true }).notNull(),
    watermark: timestamp({ withTimezone: true }),
    epoch: bigint({ mode: 'number' }).notNull(),
    events: bigint({ mode: 'number' }).notNull().default(0),
    lateEvents: bigint('late_events', { mode: 'number' }).notNull().default(0),
    processedAt: timestamp('processed_at', { withTimezone: true }).notNull(),
  },
  table => [primaryKey({ columns: [table.generation, table.partition] })],
)

export const sources = streamSchema.table(
  'sources',
  {
    generation: integer().notNull(),
    partition: smallint().notNull(),
    source: text().notNull(),
    maxEventTime: timestamp('max_event_time', { withTimezone: true }).notNull(),
    lastAppendedAt: timestamp('last_appended_at', { withTimezone: true }).notNull(),
  },
  table => [primaryKey({ columns: [table.generation, table.partition, table.source] })],
)

export const windows = streamSchema.table(
  'windows',
  {
    generation: integer().notNull(),
    store: text().notNull(),
    channel: text().notNull(),
    currency: text().notNull(),
    windowStart: timestamp('window_start', { withTimezone: true }).notNull(),
    partition: smallint().notNull(),
    businessDay: date('business_day').notNull(),
    orders: bigint({ mode: 'number' }).notNull(),
    units: bigint({ mode: 'number' }).notNull(),
    gross: bigint({ mode: 'number' }).notNull(),
    discounts: bigint({ mode: 'number' }).notNull(),
    returns: bigint({ mode: 'number' }).notNull(),
    returnDocuments: bigint('return_documents', { mode: 'number' }).notNull(),
    unitsReturned: bigint('units_returned', { mode: 'number' }).notNull(),
    lateNet: bigint('late_net', { mode: 'number' }).notNull(),
    revision: bigint({ mode: 'number' }).notNull(),
    bulkEvents: bigint('bulk_events', { mode: 'number' }).notNull(),
    lastOffset: bigint('last_offset', { mode: 'number' }).notNull(),
    processedAt: timestamp('processed_at', { withTimezone: true }).notNull(),
  },
  table => [
    primaryKey({
      columns: [table.generation, table.store, table.windowStart, table.channel, table.currency],
    }),
  ],
)

export const stock = streamSchema.table(
  'stock',
  {
    generation: integer().notNull(),
    store: text().notNull(),
    sku: text().notNull(),
    partition: smallint().notNull(),
    onHand: bigint('on_hand', { mode: 'number' }),
    onOrder: bigint('on_order', { mode: 'number' }).notNull(),
    anchorKind: text('anchor_kind', { enum: ['count', 'opening'] }),
    anchorTime: timestamp('anchor_time', { withTimezone: true }),
    anchorOffset: bigint('anchor_offset', { mode: 'number' }),
    maxDeltaTime: timestamp('max_delta_time', { withTimezone: true }),
    reorderPoint: bigint('reorder_point', { mode: 'number' }),
    asOf: timestamp('as_of', { withTimezone: true }).notNull(),
    lastOffset: bigint('last_offset', { mode: 'number' }).notNull(),
    processedAt: timestamp('processed_at', { withTimezone: true }).notNull(),
  },
  table => [primaryKey({ columns: [table.generation, table.store, table.sku] })],
)

export const episodes = streamSchema.table(
  'episodes',
  {
    generation: integer().notNull(),
    alertId: text('alert_id').notNull(),
    store: text().notNull(),
    sku: text().notNull(),
    partition: smallint().notNull(),
    rule: text({ enum: ['low_stock', 'out_of_stock', 'oversold'] }).notNull(),
    ruleVersion: smallint('rule_version').notNull(),
    severity: text().notNull(),
    state: text({ enum: ['open', 'resolved'] }).notNull(),
    openedAt: timestamp('opened_at', { withTimezone: true }).notNull(),
    openedOffset: bigint('opened_offset', { mode: 'number' }).notNull(),
    amendedAt: timestamp('amended_at', { withTimezone: true }).notNull(),
    amendedOffset: bigint('amended_offset', { mode: 'number' }).notNull(),
    resolvedAt: timestamp('resolved_at', { withTimezone: true }),
    onHand: bigint('on_hand', { mode: 'number' }).notNull(),
    onOrder: bigint('on_order', { mode: 'number' }).notNull(),
    reorderPoint: bigint('reorder_point', { mode: 'number' }),
    suggestedUnits: bigint('suggested_units', { mode: 'number' }),
    projectedStockoutAt: timestamp('projected_stockout_at', { withTimezone: true }),
    processedAt: timestamp('processed_at', { withTimezone: true }).notNull(),
  },
  table => [primaryKey({ columns: [table.generation, table.alertId] })],
)

export const changes = streamSchema.table(
  'changes',
  {
    generation: integer().notNull(),
    partition: smallint().notNull(),
    throughOffset: bigint('through_offset', { mode: 'number' }).notNull(),
    previousOffset: bigint('previous_offset', { mode: 'number' }).notNull(),
    previousAppendedAt: timestamp('previous_appended_at', { withTimezone: true }).notNull(),
    throughAppendedAt: timestamp('through_appended_at', { withTimezone: true }).notNull(),
    watermark: timestamp({ withTimezone: true }),
    sales: integer().notNull(),
    windows: jsonb().notNull(),
    stock: jsonb().notNull(),
    alerts: jsonb().notNull(),
    processedAt: timestamp('processed_at', { withTimezone: true }).notNull(),
  },
  table => [primaryKey({ columns: [table.generation, table.partition, table.throughOffset] })],
)
