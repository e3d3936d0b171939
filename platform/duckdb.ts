import type { DuckDBConnection } from '@duckdb/node-api'

/** A database in this process's memory, for SQL over files. */
export interface DuckDb {
  /** Runs a statement that answers nothing. */
  run(statement: string): Promise<void>
  /** Rows as objects; integers of 64 bits and more as `bigint`, amounts and offsets as they are. */
  all<Row>(statement: string): Promise<Row[]>
  version: string
  close(): void
}

/** What it may take: figures are the same with less, only later. */
const MEMORY_MB = 768
const THREADS = 2

/**
 * Opens DuckDB, which is loaded on first use: 70 MB that most processes never need.
 * @param folders the only ones it may read and write; the first also takes what does not fit into memory
 */
export async function openDuckDb(folders: readonly [string, ...string[]]): Promise<DuckDb> {
  const { DuckDBInstance, version } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${MEMORY_MB}MB`,
    threads: String(THREADS),
    temp_directory: folders[0],
    // Set anew by us if at all; it holds for the texts of timestamps.
    autoinstall_known_extensions: 'false',
  })
  const connection = await instance.connect()
  await connection.run(`
    set TimeZone = 'UTC';
    set allowed_directories = [${folders.map(literal).join(', ')}];
    set enable_external_access = false;
    set lock_configuration = true`)
  return {
    version: version(),
    run: async statement => {
      await connection.run(statement)
    },
    all: statement => readAll(connection, statement),
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** A text as SQL's literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** By columns: rows one by one take twice as long. */
async function readAll<Row>(connection: DuckDBConnection, statement: string): Promise<Row[]> {
  const reader = await connection.runAndReadAll(statement)
  const names = reader.deduplicatedColumnNames()
  const columns = reader.getColumnsJS()
  return Array.from(
    { length: reader.currentRowCount },
    (_, row) => Object.fromEntries(names.map((name, column) => [name, columns[column]?.[row]])) as Row,
  )
}
