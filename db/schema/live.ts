import { sql } from 'drizzle-orm'
import { bigint, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core'

/** What people and jobs change: the lane beside the stream's. */
export const liveSchema = pgSchema('live')

export const alertActions = liveSchema.table('alert_actions', {
  action: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  alertId: text('alert_id').notNull(),
  kind: text({ enum: ['acknowledge', 'snooze', 'reopen'] }).notNull(),
  snoozedUntil: timestamp('snoozed_until', { withTimezone: true }),
  actedBy: text('acted_by'),
  actedAt: timestamp('acted_at', { withTimezone: true }).notNull().default(sql`clock_timestamp()`),
})

export const opsLane = liveSchema.table('ops_lane', {
  sequence: bigint({ mode: 'number' }).primaryKey(),
  kind: text().notNull(),
  payload: jsonb().notNull(),
  at: timestamp({ withTimezone: true }).notNull(),
})
