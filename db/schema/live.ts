import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  date,
  integer,
  jsonb,
  numeric,
  pgSchema,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'

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

/** What people ask of the batch path from a page. */
export const jobRequests = liveSchema.table('job_requests', {
  request: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  job: text().notNull(),
  fromDay: date('from_day'),
  toDay: date('to_day'),
  state: text({ enum: ['requested', 'running', 'succeeded', 'failed'] })
    .notNull()
    .default('requested'),
  detail: text(),
  requestedAt: timestamp('requested_at', { withTimezone: true }).notNull().default(sql`clock_timestamp()`),
  startedAt: timestamp('started_at', { withTimezone: true }),
  endedAt: timestamp('ended_at', { withTimezone: true }),
  attempts: integer().notNull().default(0),
  backendPid: integer('backend_pid'),
  backendStart: timestamp('backend_start', { withTimezone: true }),
})

/** What people ask of the simulators from a page or a command line. */
export const scenarioRuns = liveSchema.table('scenario_runs', {
  run: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  scenario: text().notNull(),
  state: text({ enum: ['requested', 'running', 'stopping', 'ended', 'failed'] })
    .notNull()
    .default('requested'),
  detail: text(),
  requestedAt: timestamp('requested_at', { withTimezone: true }).notNull().default(sql`clock_timestamp()`),
  startedAt: timestamp('started_at', { withTimezone: true }),
  endsAt: timestamp('ends_at', { withTimezone: true }),
  endedAt: timestamp('ended_at', { withTimezone: true }),
  minutes: integer(),
})

/** One row while simulators run: when they last said so, and what they play. */
export const simulatorHeartbeat = liveSchema.table('simulator_heartbeat', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  beatAt: timestamp('beat_at', { withTimezone: true }).notNull(),
  scenario: text().notNull(),
  speed: numeric({ precision: 10, scale: 2 }).notNull(),
  waiting: integer().notNull(),
})
