import postgres from 'postgres'
import type { Environment } from '#platform/environment.ts'
import { type ConnectOptions, connect, type Sql } from './client.ts'
import { acquireEmbeddedPostgres } from './embedded/embedded-postgres.ts'
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

export type OpenDatabase = Readonly<{
  /** Address with password: not for logs. */
  url: string
  /** Call it when done: the last user of the embedded server stops it. */
  release(): Promise<void>
}>

/** The database cannot be used. The message says which, why, and what to do. */
class DatabaseUnreachableError extends Error {
  override readonly name = 'DatabaseUnreachableError'
}

const connectSeconds = 5

/**
 * The database every command works on: `DATABASE_URL` when that is set, else the embedded one.
 *
 * @throws DatabaseUnreachableError, or EmbeddedPostgresError, saying what to do
 */
export async function openDatabase(environment: {
  databaseUrl: string | undefined
  dataDir: string
}): Promise<OpenDatabase> {
  if (environment.databaseUrl === undefined) return acquireEmbeddedPostgres(environment.dataDir)
  await checkConnection(environment.databaseUrl)
  return { url: environment.databaseUrl, release: async () => {} }
}

async function checkConnection(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: connectSeconds, onnotice: () => {} })
  try {
    await sql`select 1`
  } catch (cause) {
    throw new DatabaseUnreachableError(explainConnectionProblem(url, cause), { cause })
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** The message for a person: never with the password, always with the next step. */
export function explainConnectionProblem(databaseUrl: string, cause: unknown): string {
  const url = new URL(databaseUrl)
  const where = `${url.hostname}:${url.port === '' ? '5432' : url.port}`
  const database = decodeURIComponent(url.pathname.slice(1))
  const start = `DATABASE_URL names database "${database}" at ${where}, but`
  const otherwise = 'Or unset DATABASE_URL to use the embedded Postgres.'
  switch (codeOf(cause)) {
    case 'ECONNREFUSED':
      return `${start} nothing listens there. Start that Postgres, or put the address right. ${otherwise}`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${start} the host name is unknown. Put it right. ${otherwise}`
    case 'CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${start} it did not answer within ${connectSeconds} s. Check address, network and firewall. ${otherwise}`
    case '28P01':
    case '28000':
      return `${start} it refused user "${url.username}". Put user or password right. ${otherwise}`
    case '3D000':
      return `${start} that database does not exist. Create it ("createdb ${database}"). ${otherwise}`
    case '53300':
      return `${start} it has no connection left. Raise its max_connections or close others. ${otherwise}`
    case '57P03':
      return `${start} it is starting or stopping. Try again in a moment.`
    default:
      return `${start} it cannot be used: ${cause instanceof Error ? cause.message : String(cause)} ${otherwise}`
  }
}

function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}
