import { sql } from 'drizzle-orm'
import { bigint, customType, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core'

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' })

/** What could not be processed, and the files that were loaded. */
export const intakeSchema = pgSchema('intake')

export const deadLetters = intakeSchema.table('dead_letters', {
  deadLetter: bigint('dead_letter', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  metAt: timestamp('met_at', { withTimezone: true }).notNull().default(sql`clock_timestamp()`),
  metIn: jsonb('met_in').notNull(),
  source: text(),
  eventId: text('event_id'),
  store: text(),
  reason: text().notNull(),
  detail: text().notNull(),
  payload: bytea().notNull(),
  state: text({ enum: ['open', 'requeued', 'discarded'] })
    .notNull()
    .default('open'),
  settledAt: timestamp('settled_at', { withTimezone: true }),
  settlement: jsonb(),
})

export const files = intakeSchema.table('files', {
  file: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  mapping: text().notNull(),
  name: text().notNull(),
  sha256: text().notNull(),
  state: text({ enum: ['loading', 'loaded', 'failed'] }).notNull(),
  startedAt: timestamp('started_at', { withTimezone: true }).notNull().default(sql`clock_timestamp()`),
  finishedAt: timestamp('finished_at', { withTimezone: true }),
  summary: jsonb(),
})
