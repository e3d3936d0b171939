import { randomBytes } from 'node:crypto'
import { connect } from '#db/client.ts'
import { acquireEmbeddedPostgres } from '#db/embedded/embedded-postgres.ts'
import { migrate } from '#db/migrate.ts'
import { databaseUrl, makeTestDirectory, removeTestDirectory } from '#db/testing/server.ts'

/** A Postgres for all browser tests of a worker, each of which gets a migrated database of its own. */
export interface DatabaseServer {
  /** @returns the address of a new, empty, migrated database */
  createDatabase(): Promise<string>
  dropDatabase(url: string): Promise<void>
  stop(): Promise<void>
}

const TEMPLATE = 'browser_test_template'

export async function startDatabaseServer(): Promise<DatabaseServer> {
  const dataDir = await makeTestDirectory()
  // Nothing here outlives the run, so nothing needs to survive a power cut.
  const server = await acquireEmbeddedPostgres(dataDir, { durable: false, maxConnections: 200 })
  const sql = connect(server.url, { max: 1, applicationName: 'browser tests' })
  await sql.unsafe(`create database ${TEMPLATE}`)
  await migrate(databaseUrl(server.url, TEMPLATE))
  return {
    async createDatabase() {
      const name = `browser_test_${randomBytes(6).toString('hex')}`
      await sql.unsafe(`create database ${name} template ${TEMPLATE}`)
      return databaseUrl(server.url, name)
    },
    async dropDatabase(url) {
      await sql.unsafe(`drop database if exists ${new URL(url).pathname.slice(1)} with (force)`)
    },
    async stop() {
      await sql.end()
      await server.release()
      await removeTestDirectory(dataDir)
    },
  }
}
