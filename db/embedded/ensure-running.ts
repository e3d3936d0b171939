import os from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import { ensureCluster, readPassword, superuser, writeSettings } from './cluster.ts'
import { classifyStartProblem, EmbeddedPostgresError, explainStartProblem } from './embedded-error.ts'
import { endOrphans } from './kill-server.ts'
import type { ServerHome } from './server-home.ts'
import { chooseFreePort, readSavedPort, savePort } from './server-port.ts'
import { settledServer, startServer } from './server-process.ts'
import { serverSettings } from './server-settings.ts'

export type ServerOptions = Readonly<{
  /** False only for throw-away servers of the tests: no fsync (default true). */
  durable?: boolean
  /** Most connections at once (default 60). */
  maxConnections?: number
}>

export type StartOptions = ServerOptions &
  Readonly<{
    /** Keep to this port, because clients already know it; undefined lets it move when it is taken. */
    fixedPort?: number
  }>

const database = 'tillstream'
const mostAttempts = 20

/**
 * Joins the running server of `home`, or creates and starts it. Call it under the registry's lock.
 *
 * @returns the port it listens on, on 127.0.0.1
 * @throws EmbeddedPostgresError saying why it does not start and what to do
 */
export async function ensureRunning(home: ServerHome, options: StartOptions = {}): Promise<number> {
  await ensureCluster(home)
  const port = await joinOrStart(home, options)
  await savePort(home.controlDir, port)
  await ensureDatabase(home, port)
  return port
}

export async function serverUrl(home: ServerHome, port: number): Promise<string> {
  return `postgres://${superuser}:${await readPassword(home.controlDir)}@127.0.0.1:${port}/${database}`
}

async function joinOrStart(home: ServerHome, options: StartOptions): Promise<number> {
  const saved = options.fixedPort ?? (await readSavedPort(home.controlDir))
  for (let attempt = 1; ; attempt++) {
    // Also in later attempts: a process killed while it started the server leaves one that becomes ready.
    const running = await settledServer(home.clusterDir)
    if (running?.port !== undefined) return running.port
    await writeSettings(home, settingsFor(options))
    const port = options.fixedPort ?? (await chooseFreePort(home.controlDir, saved))
    const { exitCode, output } = await startServer(home, port)
    if (exitCode === 0) return port
    const problem = classifyStartProblem(output)
    if (problem === 'still-in-use') endOrphans(home.clusterDir)
    // Another program took the port since we looked, or the last processes of a killed server are leaving.
    const passes = (problem === 'port-taken' && options.fixedPort === undefined) || problem === 'still-in-use'
    if (!passes || attempt === mostAttempts) {
      throw explainStartProblem({ problem, serverDir: home.serverDir, port, output })
    }
    await delay(25 * attempt)
  }
}

function settingsFor({ durable = true, maxConnections = 60 }: ServerOptions): Record<string, string> {
  return serverSettings({ memoryBytes: availableMemory(), durable, maxConnections })
}

async function ensureDatabase(home: ServerHome, port: number): Promise<void> {
  const sql = postgres({
    host: '127.0.0.1',
    port,
    username: superuser,
    password: await readPassword(home.controlDir),
    database: 'postgres',
    max: 1,
    connect_timeout: 10,
    onnotice: () => {},
  })
  try {
    const [server] = await sql`
      select current_setting('data_directory') as directory,
        exists (select from pg_database where datname = ${database}) as has_database`
    if (server?.directory !== home.clusterDir) {
      throw new EmbeddedPostgresError(
        `Port ${port} is answered by the server of ${server?.directory}, not of ${home.clusterDir}.`,
      )
    }
    if (!server.has_database) await sql.unsafe(`create database ${database}`)
  } finally {
    await sql.end()
  }
}

/** A container may have less memory than its machine. */
function availableMemory(): number {
  const limit = process.constrainedMemory()
  return limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem()
}
