import { sql } from 'drizzle-orm'
import {
  bigint,
  date,
  jsonb,
  numeric,
  pgSchema,
  primaryKey,
  smallint,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'

/** What comparing both paths with the log has found. */
export const reconSchema = pgSchema('recon')

export const reconciliation = reconSchema.table(
  'reconciliation',
  {
    businessDay: date('business_day').notNull(),
    store: text().notNull(),
    currency: text().notNull(),
    metric: text().notNull(),
    batch: bigint({ mode: 'number' }).notNull(),
    stream: bigint({ mode: 'number' }).notNull(),
    afterBatch: bigint('after_batch', { mode: 'number' }).notNull(),
    beforeStream: bigint('before_stream', { mode: 'number' }).notNull(),
    ruleVersion: bigint('rule_version', { mode: 'number' }).notNull(),
    unexplained: bigint({ mode: 'number' }).notNull(),
    afterBatchEvents: bigint('after_batch_events', { mode: 'number' }).notNull(),
    beforeStreamEvents: bigint('before_stream_events', { mode: 'number' }).notNull(),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
    batchThrough: bigint('batch_through', { mode: 'number' }).notNull(),
    streamThrough: bigint('stream_through', { mode: 'number' }).notNull(),
    partition: smallint().notNull(),
    computedAt: timestamp('computed_at', { withTimezone: true }).notNull(),
  },
  table => [primaryKey({ columns: [table.store, table.businessDay, table.currency, table.metric] })],
)

export const findings = reconSchema.table('findings', {
  finding: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  runId: bigint('run_id', { mode: 'number' }).notNull(),
  path: text({ enum: ['batch', 'stream'] }).notNull(),
  relation: text().notNull(),
  rowKey: jsonb('row_key').$type<Record<string, string | number>>().notNull(),
  metric: text().notNull(),
  stored: numeric({ precision: 20, scale: 4 }),
  expected: numeric({ precision: 20, scale: 4 }),
  foundAt: timestamp('found_at', { withTimezone: true }).notNull().default(sql`clock_timestamp()`),
})
