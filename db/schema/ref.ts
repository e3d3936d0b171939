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

/** Reference data: stores, products, stock policies, exchange rates, settings. */
export const refSchema = pgSchema('ref')

export const stores = refSchema.table('stores', {
  store: text().primaryKey(),
  name: text().notNull(),
  zone: text().notNull(),
  cutOverHour: smallint('cut_over_hour').notNull(),
  currency: text().notNull(),
  taxInclusive: boolean('tax_inclusive').notNull(),
  channel: text({ enum: ['pos', 'online'] }).notNull(),
  input: text({ enum: ['live', 'journal'] }).notNull(),
  partition: smallint().notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})

export const products = refSchema.table('products', {
  sku: text().primaryKey(),
  name: text(),
  category: text(),
  holdsStock: boolean('holds_stock').notNull().default(true),
  updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
})

export const stockPolicies = refSchema.table(
  'stock_policies',
  {
    store: text().notNull(),
    sku: text().notNull(),
    validFrom: timestamp('valid_from', { withTimezone: true }).notNull(),
    reorderPoint: bigint('reorder_point', { mode: 'number' }).notNull(),
    orderUpTo: bigint('order_up_to', { mode: 'number' }),
    leadTimeDays: numeric('lead_time_days', { precision: 8, scale: 2 }),
  },
  table => [primaryKey({ columns: [table.store, table.sku, table.validFrom] })],
)

export const suppliers = refSchema.table('suppliers', {
  supplier: text().primaryKey(),
  name: text().notNull(),
})

export const supplyTerms = refSchema.table(
  'supply_terms',
  {
    sku: text().notNull(),
    validFrom: timestamp('valid_from', { withTimezone: true }).notNull(),
    supplier: text().notNull(),
    unitCost: bigint('unit_cost', { mode: 'number' }).notNull(),
    currency: text().notNull(),
    packSize: integer('pack_size').notNull().default(1),
    leadTimeDays: numeric('lead_time_days', { precision: 8, scale: 2 }).notNull(),
  },
  table => [primaryKey({ columns: [table.sku, table.validFrom] })],
)

export const policyRevision = refSchema.table('policy_revision', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  revision: bigint({ mode: 'number' }).notNull(),
})

export const exchangeRates = refSchema.table(
  'exchange_rates',
  {
    currency: text().notNull(),
    reportingCurrency: text('reporting_currency').notNull(),
    validFrom: date('valid_from').notNull(),
    rate: numeric({ precision: 20, scale: 10 }).notNull(),
  },
  table => [primaryKey({ columns: [table.currency, table.reportingCurrency, table.validFrom] })],
)

export const settings = refSchema.table('settings', {
  name: text().primaryKey(),
  value: jsonb().notNull(),
})
