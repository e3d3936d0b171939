import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import postgres, { type Sql } from 'postgres'

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url))
const JOURNAL = new URL('./migrations/meta/_journal.json', import.meta.url)

/**
 * Brings the database's schema up to date. Safe from several processes at once: Drizzle's migrator takes
 * no lock, so an advisory lock is held around it; the later ones find nothing to do.
 */
export async function migrate(url: string): Promise<void> {
  const client = postgres(url, {
    max: 1,
    onnotice: () => {},
    connection: { application_name: 'tillstream migrate' },
  })
  try {
    // Every process asks at its start, and nearly always there is nothing to do. Drizzle is read only then:
    // its modules leave some 100 MB of heap in a process that uses nothing else of it (decision 009).
    if (await isUpToDate(client)) return
    const [{ drizzle }, migrator] = await Promise.all([
      import('drizzle-orm/postgres-js'),
      import('drizzle-orm/postgres-js/migrator'),
    ])
    await client`select pg_advisory_lock(hashtext('tillstream.migrate'))`
    await migrator.migrate(drizzle(client), { migrationsFolder: MIGRATIONS, migrationsSchema: 'tillstream' })
    await client`select pg_advisory_unlock(hashtext('tillstream.migrate'))`
  } finally {
    await client.end({ timeout: 5 })
  }
}

/** As Drizzle decides it: whether a migration as young as the youngest of this version has been committed. */
async function isUpToDate(sql: Sql): Promise<boolean> {
  const journal: { entries: { when: number }[] } = JSON.parse(await readFile(JOURNAL, 'utf8'))
  const [table] = await sql<{ exists: boolean }[]>`
    select to_regclass('tillstream.__drizzle_migrations') is not null as exists`
  if (table?.exists !== true) return false
  const [newest] = await sql<{ createdAt: string | null }[]>`
    select max(created_at) as "createdAt" from tillstream.__drizzle_migrations`
  return Number(newest?.createdAt ?? 0) >= Math.max(...journal.entries.map(({ when }) => when))
}
