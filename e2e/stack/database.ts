import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net'
import path from 'node:path'
import { connect } from '#db/client.ts'
import { acquireEmbeddedPostgres, restartEmbedded } from '#db/embedded/embedded-postgres.ts'
import { clusterDirectory } from '#db/embedded/server-home.ts'
import { endServer } from '#db/embedded/start-server.ts'
import { databaseUrl, makeTemplate, makeTestDirectory, removeTestDirectory } from '#db/testing/server.ts'

/** A Postgres for all browser tests of a worker, with a database that each of them gets as new. */
export interface TestDatabase {
  url: string
  /** The same database by another way, for the dashboard. */
  link: DatabaseLink
  /** Makes the database anew: migrated and empty. Cuts every connection. */
  recreate(): Promise<void>
  /** Ends Postgres as a crash does, and starts it again where its clients know it. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const TEMPLATE = 'browser_test_template'
const DATABASE = 'browser_test'
const RESTART_PATIENCE_MS = 120_000

export async function startTestDatabase(): Promise<TestDatabase> {
  const dataDir = await makeTestDirectory()
  // Nothing here outlives the run, so nothing needs to survive a power cut.
  const server = await acquireEmbeddedPostgres(dataDir, { durable: false, maxConnections: 200 })
  const sql = connect(server.url, { max: 1, applicationName: 'browser tests' })
  await makeTemplate(server.url, TEMPLATE)
  const url = databaseUrl(server.url, DATABASE)
  const link = await openDatabaseLink(url)
  return {
    url,
    link,
    async recreate() {
      await sql.unsafe(`drop database if exists ${DATABASE} with (force)`)
      await sql.unsafe(`create database ${DATABASE} template ${TEMPLATE} strategy file_copy`)
    },
    async restart() {
      await endServer(clusterDirectory(path.dirname(server.logFile)), 'SIGQUIT', RESTART_PATIENCE_MS)
      await restartEmbedded(dataDir, server.port)
    },
    async stop() {
      await link.cut()
      await sql.end()
      await server.release()
      await removeTestDirectory(dataDir)
    },
  }
}

/** The way to the database, which a test can cut and mend: what is connected breaks, what connects is refused. */
interface DatabaseLink {
  /** The database's address by this way. */
  url: string
  cut(): Promise<void>
  mend(): Promise<void>
}

async function openDatabaseLink(databaseUrl: string): Promise<DatabaseLink> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  const server = createServer(near => {
    const far = connectTcp(Number(target.port), target.hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  await listen(0)
  const { port } = server.address() as AddressInfo
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String(port)

  async function listen(on: number): Promise<void> {
    server.listen(on, '127.0.0.1')
    await once(server, 'listening')
  }

  return {
    url: url.href,
    async cut() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
    async mend() {
      if (!server.listening) await listen(port)
    },
  }
}
