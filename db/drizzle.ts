import { registerHooks } from 'node:module'
import type { Instant } from '#domain/instant.ts'
import type { Amount } from '#domain/money.ts'
import type { Reading } from './transaction.ts'

// Drizzle for rows: what reads and writes them by key, with their types. SQL stays SQL where SQL is the subject.
//
// All of the project takes Drizzle from here, because of how it must be loaded. For every import between its
// hundred modules Node reads the package.json above them to know their format, and Drizzle's has 179 kB: 230 MB
// of memory, of which a process keeps 160 (decision 009). The hook says the format, and 7 MB are left.
const hooks = registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('.') || !context.parentURL?.includes('/node_modules/drizzle-orm/'))
      return next(specifier, context)
    return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true }
  },
})
const [core, pg, proxy] = await Promise.all([
  import('drizzle-orm'),
  import('drizzle-orm/pg-core'),
  import('drizzle-orm/pg-proxy'),
])
hooks.deregister()

export const { and, asc, desc, eq, getTableColumns, lt, sql } = core
export const {
  bigint,
  boolean,
  date,
  doublePrecision: double,
  integer,
  numeric,
  pgSchema,
  smallint,
  text,
} = pg

/** A timestamptz, as the client gives and takes it. */
export const instant = pg.customType<{ data: Instant }>({ dataType: () => 'timestamp with time zone' })

/** Money in 1/10,000 of a unit. */
export const amount = pg.customType<{ data: Amount }>({ dataType: () => 'bigint' })

/** A jsonb, which the client writes and parses. */
export function json<Value = unknown>() {
  return pg.customType<{ data: Value }>({ dataType: () => 'jsonb' })()
}

export const bytes = pg.customType<{ data: Buffer }>({ dataType: () => 'bytea' })

/**
 * Queries by Drizzle over our own client, with its parsers; inside a transaction when given one:
 * `sql.begin(transaction => drizzle(transaction).insert(alertActions).values(action))`.
 * Columns are named in snake_case.
 */
export function drizzle(client: Reading) {
  return proxy.drizzle(
    async (query, parameters, method) => {
      const rows = client.unsafe(query, parameters)
      // Not awaited here, where Drizzle would wrap an error in its own: that one shows the parameters and hides
      // the SQLSTATE by which transient errors are told.
      return { rows: (method === 'all' ? rows.values() : rows) as unknown as unknown[] }
    },
    { casing: 'snake_case' },
  )
}
