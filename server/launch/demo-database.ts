import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { connect } from '#db/client.ts'
import { acquireEmbeddedPostgres, type EmbeddedPostgres } from '#db/embedded/acquire.ts'
import { resetEmbedded } from '#db/embedded/end.ts'
import { openDatabase } from '#db/embedded/open-database.ts'
import { migrate } from '#db/migrate.ts'
import type { Environment } from '#server/environment.ts'
import { DemoError } from './demo-error.ts'

export type DemoDatabase = Readonly<{
  url: string
  /** Undefined for a database that somebody else runs (DATABASE_URL). */
  embedded: EmbeddedPostgres | undefined
  release(patienceMs?: number): Promise<void>
}>

/** @throws EmbeddedPostgresError or DatabaseUnreachableError, saying what to do */
export async function openDemoDatabase(environment: Environment): Promise<DemoDatabase> {
  if (environment.databaseUrl !== undefined)
    return { ...(await openDatabase(environment)), embedded: undefined }
  const embedded = await acquireEmbeddedPostgres(environment.dataDir)
  return { url: embedded.url, embedded, release: patienceMs => embedded.release(patienceMs) }
}

/** Deletes what an earlier demo kept: its database, and the drop folder where that is our own. */
export async function resetDemo(environment: Environment): Promise<void> {
  if (environment.databaseUrl !== undefined) {
    throw new DemoError(
      '--reset deletes only the embedded database, and DATABASE_URL is set. Empty that database yourself, or unset DATABASE_URL.',
    )
  }
  await resetEmbedded(environment.dataDir)
  await rm(seedingMark(environment), { force: true })
  const ownDropDir = path.join(environment.dataDir, 'drop')
  if (environment.dropDir === ownDropDir) await rm(ownDropDir, { recursive: true, force: true })
}

/**
 * Whether the log is empty. A history that was cut short while it was seeded counts for nothing: the
 * embedded database is made anew.
 *
 * @returns the database to go on with
 * @throws DemoError when the half history lies in a database that is not ours to delete
 */
export async function prepareLog(
  environment: Environment,
  database: DemoDatabase,
): Promise<{ database: DemoDatabase; isEmpty: boolean }> {
  if (await isLogEmpty(database.url)) return { database, isEmpty: true }
  if (!existsSync(seedingMark(environment))) return { database, isEmpty: false }
  if (database.embedded === undefined) {
    throw new DemoError(
      'The database of DATABASE_URL holds part of a history: its seeding was cut short. Empty that database and start ' +
        `again, or delete ${seedingMark(environment)} to go on with what is there.`,
    )
  }
  await database.release()
  await resetDemo(environment)
  const anew = await openDemoDatabase(environment)
  await migrate(anew.url)
  return { database: anew, isEmpty: true }
}

/** Runs `seed`, marked so that a later start recognises a history that was cut short. */
export async function whileSeeding(environment: Environment, seed: () => Promise<void>): Promise<void> {
  await mkdir(environment.dataDir, { recursive: true })
  await writeFile(seedingMark(environment), '')
  await seed()
  await rm(seedingMark(environment), { force: true })
}

async function isLogEmpty(url: string): Promise<boolean> {
  const sql = connect(url, { max: 1, applicationName: 'tillstream demo' })
  try {
    const [row] = await sql`select not exists (select from log.event_log) as empty`
    return row?.empty === true
  } finally {
    await sql.end({ timeout: 1 })
  }
}

function seedingMark(environment: Environment): string {
  return path.join(environment.dataDir, 'seeding')
}
