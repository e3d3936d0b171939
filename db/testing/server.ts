import { rmSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { connect } from '#db/client.ts'
import { acquireEmbeddedPostgres, resetEmbedded } from '#db/embedded/embedded-postgres.ts'
import { clusterDirectory } from '#db/embedded/server-home.ts'
import { findServer } from '#db/embedded/start-server.ts'
import { migrate } from '#db/migrate.ts'
import { processIdentity } from '#platform/process-identity.mjs'

declare module 'vitest' {
  interface ProvidedContext {
    /** Superuser's address of a server that lives as long as the test run. */
    testServerUrl: string
    /** A migrated database without connections, to be cloned. */
    testTemplate: string
  }
}

const directoryPrefix = 'tillstream-test-'
const template = 'tillstream_template'

/**
 * Vitest's global setup of the integration tests: one server for the whole run, and in it one migrated
 * database of which every test file gets a clone.
 */
export default async function startTestServer(project: TestProject): Promise<() => Promise<void>> {
  await removeLeftovers()
  const dataDir = await makeTestDirectory()
  // Nothing here outlives the run, so nothing needs to survive a power cut.
  const server = await acquireEmbeddedPostgres(dataDir, { durable: false, maxConnections: 200 })
  await makeTemplate(server.url, template)
  project.provide('testServerUrl', server.url)
  project.provide('testTemplate', template)
  // Ctrl+C ends vitest without the teardown.
  const clusterDir = clusterDirectory(path.dirname(server.logFile))
  const abandon = () => abandonServer(clusterDir, dataDir)
  process.once('exit', abandon)
  return async () => {
    process.off('exit', abandon)
    await server.release()
    await removeTestDirectory(dataDir)
  }
}

/** Zones of most stores of tests. That of Kolkata is none of them: it is read when a store comes, as in production. */
const TEMPLATE_ZONES = ['America/New_York', 'Europe/Berlin', 'Europe/Lisbon']

/** Creates a migrated database to be cloned, which knows the clocks of some zones: reading three centuries takes a while. */
export async function makeTemplate(serverUrl: string, name: string): Promise<void> {
  const server = connect(serverUrl, { max: 1 })
  await server.unsafe(`create database ${name}`)
  await server.end()
  const url = databaseUrl(serverUrl, name)
  await migrate(url)
  const sql = connect(url, { max: 1 })
  for (const zone of TEMPLATE_ZONES)
    await sql`
      select ref.write_zone(${zone}, array_agg(starts_at), array_agg(offset_seconds)) from ref.read_zone(${zone})`
  await sql.end()
}

/** What can be done while the process ends: nothing that takes time. What is left goes with the next run. */
function abandonServer(clusterDir: string, dataDir: string): void {
  const server = findServer(clusterDir)
  if (server !== undefined) process.kill(server.pid, 'SIGQUIT')
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 })
}

/** A folder for a server of this process; a later run removes it should we be killed. */
export async function makeTestDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), `${directoryPrefix}${process.pid}-`))
  // As root the server runs as another account, which mkdtemp's mode 700 would keep out.
  await chmod(directory, 0o711)
  return directory
}

export async function removeTestDirectory(dataDir: string): Promise<void> {
  await resetEmbedded(dataDir)
  await rm(dataDir, { recursive: true, force: true })
}

/** The address of another database on the same server. */
export function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${database}`
  return url.href
}

/** Servers of runs that were killed. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(os.tmpdir())) {
    const pid = new RegExp(`^${directoryPrefix}(\\d+)-`).exec(name)?.[1]
    if (pid === undefined || processIdentity(Number(pid)) !== undefined) continue
    // Another run may be removing it as well, and other users' folders are not ours to remove.
    await removeTestDirectory(path.join(os.tmpdir(), name)).catch(() => {})
  }
}
