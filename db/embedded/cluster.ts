import { randomBytes } from 'node:crypto'
import { appendFile, chown, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { runProgram } from './programs.ts'
import { passwordFile } from './server-home.ts'
import { classifyStartProblem, EmbeddedPostgresError, explainStartProblem } from './start-problem.ts'
import type { ServerHome } from './start-server.ts'

export type ServerOptions = Readonly<{
  /** False only for throw-away servers of the tests: no fsync (default true). */
  durable?: boolean
  /** Most connections at once (default 60). */
  maxConnections?: number
}>

export const superuser = 'tillstream'

const unfinishedPrefix = 'cluster.new-'

/**
 * Creates the cluster if there is none. A creation that was cut short leaves nothing that counts as one.
 *
 * Each creation has a folder of its own: when its process is killed, its `initdb` goes on for a moment.
 */
export async function ensureCluster(home: ServerHome): Promise<void> {
  if (await isCluster(home.clusterDir)) return
  await removeUnfinished(home)
  const unfinished = path.join(home.serverDir, `${unfinishedPrefix}${randomBytes(6).toString('hex')}`)
  const initialPasswordFile = path.join(home.serverDir, 'password.new')
  await writeOwned(home, initialPasswordFile, `${await readOrMakePassword(home.controlDir)}\n`)
  try {
    await initialise(home, unfinished, initialPasswordFile)
  } finally {
    await rm(initialPasswordFile, { force: true })
  }
  await appendFile(path.join(unfinished, 'postgresql.conf'), "\ninclude_if_exists = 'tillstream.conf'\n")
  await rename(unfinished, home.clusterDir)
}

/** Writes our settings beside the cluster's own; they hold from the next start. */
export async function writeSettings(
  home: ServerHome,
  { durable = true, maxConnections = 60 }: ServerOptions,
): Promise<void> {
  const settings = serverSettings({ memoryBytes: availableMemory(), durable, maxConnections })
  await writeOwned(home, path.join(home.clusterDir, 'tillstream.conf'), renderSettings(settings))
}

/** The port of the last start, undefined before the first. */
export async function readPort(controlDir: string): Promise<number | undefined> {
  const port = Number(await readFile(path.join(controlDir, 'port'), 'utf8').catch(() => Number.NaN))
  return Number.isInteger(port) && port > 0 ? port : undefined
}

export async function savePort(controlDir: string, port: number): Promise<void> {
  await writeFile(path.join(controlDir, 'port'), `${port}\n`)
}

/** @throws EmbeddedPostgresError when the password's file is gone although a cluster exists */
export async function readPassword(controlDir: string): Promise<string> {
  try {
    return (await readFile(passwordFile(controlDir), 'utf8')).trim()
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `The password of the embedded Postgres cannot be read from ${passwordFile(controlDir)}. Run as the user who ` +
        'owns it, or begin anew with "npm run demo -- --reset" (which deletes the data).',
      { cause },
    )
  }
}

async function initialise(home: ServerHome, directory: string, initialPasswordFile: string): Promise<void> {
  const { exitCode, output } = await runProgram(
    path.join(home.binDir, 'initdb'),
    [
      `--pgdata=${directory}`,
      `--username=${superuser}`,
      `--pwfile=${initialPasswordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // Sorts by code point and knows every letter's case, whatever locales the machine has installed.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ],
    { account: home.account, workingDirectory: home.serverDir },
  )
  if (exitCode === 0) return
  await rm(directory, { recursive: true, force: true })
  throw explainStartProblem({
    problem: classifyStartProblem(output),
    serverDir: home.serverDir,
    port: undefined,
    output,
  })
}

/** What an orphaned `initdb` is still writing to cannot be removed now; the next creation tries again. */
async function removeUnfinished(home: ServerHome): Promise<void> {
  const names = (await readdir(home.serverDir)).filter(name => name.startsWith(unfinishedPrefix))
  for (const name of names) {
    await rm(path.join(home.serverDir, name), { recursive: true, force: true }).catch(() => {})
  }
}

async function isCluster(clusterDir: string): Promise<boolean> {
  return stat(path.join(clusterDir, 'PG_VERSION')).then(
    () => true,
    () => false,
  )
}

async function readOrMakePassword(controlDir: string): Promise<string> {
  const known = await readFile(passwordFile(controlDir), 'utf8').catch(() => '')
  if (known.trim() !== '') return known.trim()
  const password = randomBytes(24).toString('base64url')
  await writeFile(passwordFile(controlDir), `${password}\n`, { mode: 0o600 })
  return password
}

async function writeOwned(home: ServerHome, file: string, content: string): Promise<void> {
  await rm(file, { force: true })
  await writeFile(file, content, { mode: 0o600, flag: 'wx' })
  if (home.account !== undefined) await chown(file, home.account.uid, home.account.gid)
}

/** A container may have less memory than its machine. */
function availableMemory(): number {
  const limit = process.constrainedMemory()
  return limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem()
}

const mebibyte = 1024 * 1024

/** Settings of the embedded server by name. Sized for two cores and at most 1 GB beside the application. */
export function serverSettings(input: {
  /** Memory this machine (or container) may use, in bytes. */
  memoryBytes: number
  durable: boolean
  maxConnections: number
}): Record<string, string> {
  const memory = Math.floor(input.memoryBytes / mebibyte)
  // All of it counts once touched, and seeding touches it; twice as much makes nothing quicker at a demo's size (009).
  const sharedBuffers = clamp(Math.floor(memory / 8), { least: 64, most: 96 })
  return {
    listen_addresses: "'127.0.0.1'",
    // TCP only: a socket's path has at most 107 bytes, which a deep clone exceeds.
    unix_socket_directories: "''",
    password_encryption: "'scram-sha-256'",
    max_connections: String(input.maxConnections),
    shared_buffers: `${sharedBuffers}MB`,
    effective_cache_size: `${clamp(Math.floor(memory / 2), { least: 256, most: 4096 })}MB`,
    work_mem: `${memory < 1500 ? 8 : 24}MB`,
    maintenance_work_mem: '64MB',
    wal_buffers: '8MB',
    // Long checkpoints and compressed page images: an ingest of minutes writes each page image once.
    max_wal_size: '2GB',
    min_wal_size: '256MB',
    wal_compression: "'pglz'",
    checkpoint_timeout: '15min',
    random_page_cost: '1.1',
    // Compiling costs more than it saves at the size of these queries, and its memory is per backend.
    jit: 'off',
    // A query over a year of day partitions locks each of them, with its indexes.
    max_locks_per_transaction: '256',
    max_parallel_workers_per_gather: '2',
    max_parallel_workers: '2',
    autovacuum_naptime: '20s',
    timezone: "'UTC'",
    log_timezone: "'UTC'",
    lc_messages: "'C'",
    log_line_prefix: "'%m [%p] %q%a '",
    log_checkpoints: 'off',
    ...durability(input.durable),
  }
}

/** The settings as a configuration file. */
export function renderSettings(settings: Record<string, string>): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  return `# Written at every start of the embedded Postgres. Own settings: ALTER SYSTEM.\n${lines.join('\n')}\n`
}

function durability(durable: boolean): Record<string, string> {
  const value = durable ? 'on' : 'off'
  // A throw-away server may lose all in a power cut; what it has committed outlives its own end all the same.
  return { fsync: value, full_page_writes: value, synchronous_commit: 'on' }
}

function clamp(value: number, { least, most }: { least: number; most: number }): number {
  return Math.min(most, Math.max(least, value))
}
