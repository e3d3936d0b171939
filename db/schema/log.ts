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
  uuid,
} from 'drizzle-orm/pg-core'

/** The order log and who owns its partitions. Header totals are positive magnitudes in 1/10,000. */
export const logSchema = pgSchema('log')

export const partitions = logSchema.table('partitions', {
  partition: smallint().primaryKey(),
})

export const eventLog = logSchema.table('event_log', {
  offset: bigint({ mode: 'number' }).notNull(),
  appendedAt: timestamp('appended_at', { withTimezone: true }).notNull(),
  eventTime: timestamp('event_time', { withTimezone: true }).notNull(),
  totalUnits: bigint('total_units', { mode: 'number' }).notNull().default(0),
  totalGross: bigint('total_gross', { mode: 'number' }).notNull().default(0),
  totalDiscounts: bigint('total_discounts', { mode: 'number' }).notNull().default(0),
  totalReturns: bigint('total_returns', { mode: 'number' }).notNull().default(0),
  totalTax: bigint('total_tax', { mode: 'number' }).notNull().default(0),
  businessDay: date('business_day'),
  partition: smallint().notNull(),
  rulesVersion: smallint('rules_version').notNull(),
  type: text().notNull(),
  class: text().notNull(),
  source: text(),
  id: text(),
  store: text(),
  channel: text(),
  register: text(),
  currency: text(),
  orderId: text('order_id'),
  customer: text(),
  tender: text(),
  skus: text().array(),
  units: integer().array(),
  unitPrices: bigint('unit_prices', { mode: 'number' }).array(),
  discounts: bigint({ mode: 'number' }).array(),
  taxes: bigint({ mode: 'number' }).array(),
  refunds: bigint({ mode: 'number' }).array(),
  stocked: boolean().array(),
  details: jsonb(),
  attributes: jsonb(),
})

export const eventKeys = logSchema.table(
  'event_keys',
  {
    source: text().notNull(),
    id: text().notNull(),
    offset: bigint({ mode: 'number' }).notNull(),
    bodyHash: uuid('body_hash').notNull(),
    partition: smallint().notNull(),
  },
  table => [primaryKey({ columns: [table.source, table.id] })],
)

export const owners = logSchema.table(
  'owners',
  {
    consumer: text().notNull(),
    partition: smallint().notNull(),
    epoch: bigint({ mode: 'number' }).notNull(),
    owner: text().notNull(),
    backendPid: integer('backend_pid').notNull(),
    backendStart: timestamp('backend_start', { withTimezone: true }).notNull(),
    takenAt: timestamp('taken_at', { withTimezone: true }).notNull().default(sql`clock_timestamp()`),
  },
  table => [primaryKey({ columns: [table.consumer, table.partition] })],
)
