import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import * as schema from '#db/schema/schema.ts'
import type { Serving } from '#server/serving/serving.ts'

type Rows = PostgresJsDatabase<typeof schema>

const opened = new WeakMap<Serving['rowsClient'], Rows>()

/**
 * Plain reads of rows, by Drizzle. Apart from `serving.ts`, which the web server loads outside the pages' bundle:
 * reading Drizzle's modules there would cost the process more memory than all else it does (decision 009).
 */
export function rowsOf({ rowsClient }: Pick<Serving, 'rowsClient'>): Rows {
  const rows = opened.get(rowsClient) ?? drizzle(rowsClient, { schema })
  opened.set(rowsClient, rows)
  return rows
}
