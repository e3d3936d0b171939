import { createWriteStream } from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Sql } from '#db/client.ts'
import type { DayRange } from '#domain/calendar.ts'
import { type DuckDb, literal } from '#platform/duckdb.ts'
import type { ReportReference } from './report-statements.ts'

/** A table of reference data as DuckDB gets it: its columns and types, and the rows as Postgres says them. */
interface Table {
  columns: Record<string, string>
  rows(range: DayRange): string
}

// Tables that look like what they are named after, of which the reports ask what the batch path asks of schema ref.
const TABLES: Record<ReportReference | 'set_aside', Table> = {
  // Into the reporting currency; that of itself is one from the first day on.
  rates: {
    columns: { currency: 'VARCHAR', valid_from: 'DATE', rate: 'DECIMAL(20,10)' },
    rows: () => `
      select x.currency, x.valid_from, x.rate from ref.exchange_rates x
      join ref.reporting_currency r on r.currency = x.reporting_currency and r.currency <> x.currency
      union all select currency, '0001-01-01', 1 from ref.reporting_currency`,
  },
  clocks: {
    columns: {
      store: 'VARCHAR',
      business_day: 'DATE',
      starts_at: 'TIMESTAMPTZ',
      ends_at: 'TIMESTAMPTZ',
      offset_seconds: 'BIGINT',
    },
    rows: ({ from, to }) => `select * from ref.store_clocks(null, ${literal(from)}, ${literal(to)})`,
  },
  stores: {
    columns: { store: 'VARCHAR', valid_from: 'DATE', valid_to: 'DATE', tax_inclusive: 'BOOLEAN' },
    rows: () => 'select store, valid_from, valid_to, tax_inclusive from ref.store_validity',
  },
  categories: {
    columns: { sku: 'VARCHAR', category: 'VARCHAR' },
    rows: () => 'select sku, category from ref.products',
  },
  // What the batch path goes on without.
  set_aside: {
    columns: { partition: 'SMALLINT', offset: 'BIGINT' },
    rows: () => 'select partition, "offset" from batch.set_aside',
  },
}

/**
 * Makes tables of reference data in DuckDB, with the rows that Postgres has now.
 * @param folder where they lie on their way
 */
export async function loadReference(
  duck: DuckDb,
  {
    sql,
    names,
    range,
    folder,
  }: { sql: Sql; names: readonly (keyof typeof TABLES)[]; range: DayRange; folder: string },
): Promise<void> {
  for (const name of names) {
    const { columns, rows } = TABLES[name]
    const file = path.join(folder, `${name}.csv`)
    await pipeline(
      await sql.unsafe(`copy (${rows(range)}) to stdout (format csv)`).readable(),
      createWriteStream(file),
    )
    const types = Object.entries(columns).map(([column, type]) => `${literal(column)}: ${literal(type)}`)
    await duck.run(`
      create table ${name} as
      select * from read_csv(${literal(file)}, header = false, auto_detect = false, columns = { ${types.join(', ')} })`)
  }
}
