import type { Environment } from '#platform/environment.ts'
import { type ConnectOptions, connect, type Sql } from './client.ts'
import { type OpenDatabase, openDatabase } from './embedded/open-database.ts'
import { migrate } from './migrate.ts'

/**
 * Opens the database that every command works on, migrated, for as long as the work lasts.
 *
 * @throws what the work throws; DatabaseUnreachableError or EmbeddedPostgresError, saying what to do
 */
export async function withDatabase<Result>(
  environment: Pick<Environment, 'databaseUrl' | 'dataDir'>,
  work: (database: OpenDatabase) => Promise<Result>,
): Promise<Result> {
  const database = await openDatabase(environment)
  try {
    await migrate(database.url)
    return await work(database)
  } finally {
    await database.release()
  }
}

/**
 * Runs a few statements on a client of their own. For what happens seldom: a connection made now knows nothing of
 * an outage a moment ago, where a pool's would still wait before it tries again.
 */
export async function withConnection<Result>(
  url: string,
  options: ConnectOptions,
  work: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  const sql = connect(url, { max: 1, ...options })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
