import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as applyMigrations } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url))

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
    await client`select pg_advisory_lock(hashtext('tillstream.migrate'))`
    await applyMigrations(drizzle(client), { migrationsFolder: MIGRATIONS, migrationsSchema: 'tillstream' })
    await client`select pg_advisory_unlock(hashtext('tillstream.migrate'))`
  } finally {
    await client.end({ timeout: 5 })
  }
}
