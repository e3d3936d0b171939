import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { connect, type Sql } from './client.ts'
import type { Reading, Transaction } from './transaction.ts'

const FOLDER = new URL('./migrations/', import.meta.url)

const WHAT_TO_DO = 'Start the version that made it, or give this one an empty database.'

/** What brings a released database to the first migrations that we record ourselves. */
const UPGRADE = {
  file: 'upgrades/0.1.0.sql',
  /** Over the hashes that Drizzle's migrator recorded for version 0.1.0. */
  madeBy: '0a098d171441871f64218e58fcca2a98',
  /** The youngest of the migrations that the upgraded database then has. */
  through: '0007_reports.sql',
}

/** A file of db/migrations. The hash tells whether a database was made by the text that this version has. */
type Migration = Readonly<{ name: string; text: string; hash: string }>
type Recorded = Readonly<{ name: string; hash: string }>

/** The database's tables are not those of this version, and migrating cannot make them so. */
export class SchemaMismatchError extends Error {
  override readonly name = 'SchemaMismatchError'
}

/**
 * Brings the database's schema up to date. Safe from several processes at once, and at any moment of a crash:
 * each migration commits with its record, under a lock; the later processes find nothing to do.
 *
 * @throws SchemaMismatchError for a database of a later version, or one made by other text; it stays as it is
 */
export async function migrate(url: string): Promise<void> {
  const sql = connect(url, { max: 1, applicationName: 'tillstream migrate' })
  try {
    const migrations = await readMigrations()
    // Every process asks at its start, and nearly always there is nothing to do: one query.
    if (dueMigrations(migrations, await readRecorded(sql)).length === 0) return
    await sql`select pg_advisory_lock(hashtext('tillstream.migrate'))`
    await sql`create schema if not exists tillstream`
    await sql`
      create table if not exists tillstream.migrations (
        name text primary key, hash text not null, applied_at timestamptz not null default clock_timestamp())`
    if ((await readRecorded(sql)).length === 0) await upgradeReleased(sql, migrations)
    for (const migration of dueMigrations(migrations, await readRecorded(sql))) await apply(sql, migration)
  } finally {
    // Ends the session, and the lock with it.
    await sql.end({ timeout: 5 })
  }
}

/** What the schema lacks for this version, as a sentence; undefined when it has everything, or more. */
export async function describeMissingMigrations(sql: Reading): Promise<string | undefined> {
  const migrations = await readMigrations()
  const recorded = new Set((await readRecorded(sql)).map(({ hash }) => hash))
  const applied = migrations.filter(({ hash }) => recorded.has(hash)).length
  if (applied === migrations.length) return undefined
  return `${applied} of ${migrations.length} migrations are applied: start any process of this version`
}

async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(FOLDER)).filter(name => name.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async name => {
      // A checkout may have turned the ends of the lines.
      const text = (await readFile(new URL(name, FOLDER), 'utf8')).replaceAll('\r\n', '\n')
      return { name, text, hash: createHash('sha256').update(text).digest('hex') }
    }),
  )
}

async function readRecorded(sql: Reading): Promise<Recorded[]> {
  try {
    return await sql.unsafe<Recorded[]>('select name, hash from tillstream.migrations order by name')
  } catch (error) {
    if ((error as { code?: string }).code === '42P01') return [] // no such table: never migrated by us
    throw error
  }
}

/** @throws SchemaMismatchError unless this version knows all that is recorded, with the same text */
function dueMigrations(migrations: readonly Migration[], recorded: readonly Recorded[]): Migration[] {
  const known = new Map(migrations.map(({ name, hash }) => [name, hash]))
  const later = recorded.filter(({ name }) => !known.has(name)).map(({ name }) => name)
  if (later.length > 0) {
    throw new SchemaMismatchError(
      `The database was made by a later version: this one does not know ${later.join(', ')}. ${WHAT_TO_DO}`,
    )
  }
  const changed = recorded.filter(({ name, hash }) => known.get(name) !== hash).map(({ name }) => name)
  if (changed.length > 0) {
    throw new SchemaMismatchError(
      `The database was made by another text of ${changed.join(', ')} than this version has, so its tables may be others: an unreleased version made it, or a released file was edited. ${WHAT_TO_DO}`,
    )
  }
  const applied = new Set(recorded.map(({ name }) => name))
  return migrations.filter(({ name }) => !applied.has(name))
}

async function apply(sql: Sql, migration: Migration): Promise<void> {
  await sql.begin(async transaction => {
    await transaction.unsafe(migration.text).catch((cause: Error) => {
      throw new Error(`db/migrations/${migration.name} failed: ${cause.message}`, { cause })
    })
    await record(transaction, migration)
  })
}

/** Version 0.1.0 had other files and Drizzle's migrator: its record is there, and none of ours. */
async function upgradeReleased(sql: Sql, migrations: readonly Migration[]): Promise<void> {
  const [found] = await sql`select to_regclass('tillstream.__drizzle_migrations') is not null as released`
  if (found?.released !== true) return
  const [made] = await sql<{ by: string | null }[]>`
    select md5(string_agg(hash, ',' order by created_at)) as by from tillstream.__drizzle_migrations`
  if (made?.by !== UPGRADE.madeBy) {
    throw new SchemaMismatchError(
      `The database was made by an unreleased version from before 0.1.0, or by part of that version's migrations. ${WHAT_TO_DO}`,
    )
  }
  const upgrade = await readFile(new URL(UPGRADE.file, FOLDER), 'utf8')
  await sql.begin(async transaction => {
    await transaction.unsafe(upgrade)
    for (const migration of migrations) {
      if (migration.name <= UPGRADE.through) await record(transaction, migration)
    }
  })
}

async function record(transaction: Transaction, { name, hash }: Migration): Promise<void> {
  await transaction`insert into tillstream.migrations (name, hash) values (${name}, ${hash})`
}
