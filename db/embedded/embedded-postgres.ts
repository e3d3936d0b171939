import { mkdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import postgres, { type Sql } from 'postgres'
import { reconnectPauseSeconds } from '#db/client.ts'
import { tryLock, unlock } from '#platform/file-lock.mjs'
import { processIdentity } from '#platform/process-identity.mjs'
import { backoffMs, pause } from '#platform/time.ts'
import {
  ensureCluster,
  readPassword,
  readPort,
  type ServerOptions,
  savePort,
  superuser,
  writeSettings,
} from './cluster.ts'
import {
  clusterDirectory,
  controlDirectory,
  existingServerDirectory,
  prepareServerHome,
} from './server-home.ts'
import { EmbeddedPostgresError } from './start-problem.ts'
import {
  candidatePorts,
  endServer,
  findServer,
  joinOrStart,
  type ServerHome,
  settledServer,
} from './start-server.ts'

// The embedded Postgres of a data folder. Invariant: it runs as long as a process uses it, however that process ends,
// and at most once. It belongs to nobody: whoever comes first starts it, the last to leave stops it.
//
//   process A ──┐  each keeps a connection with a shared advisory lock:       .data/postgres/  password, port, lock
//   process B ──┼──▶ Postgres itself knows who uses it, and forgets the dead   └─ server/       cluster, server.log
//   process C ──┘                                                                 (root's may lie elsewhere)
//   the last one: takes the lock alone, stops the server; who comes meanwhile waits, and starts it again
//
// Starting and deleting happen under a file lock that names its holder; a killed holder's lock is broken.

/** One use of the embedded server. */
export type EmbeddedPostgres = Readonly<{
  /** Superuser's address of database `tillstream`. Holds the password: not for logs. */
  url: string
  port: number
  /** Where the server writes its log. */
  logFile: string
  /**
   * Ends this use; the last one of all processes stops the server. Safe to call twice.
   *
   * @param patienceMs how long to wait for the server's end (60,000); it ends by itself even when we do not wait
   */
  release(patienceMs?: number): Promise<void>
}>

const DATABASE = 'tillstream'
/** Key of the advisory lock, in database `postgres`: shared by all uses, alone by the one that stops the server. */
const USE_LOCK = 0x7461_7365
const STOP_PATIENCE_MS = 60_000

/**
 * Uses the embedded Postgres of `dataDir`: joins the running one or starts it, creating it the first time.
 *
 * @param options hold when this call starts the server; a running one is joined as it is
 * @throws EmbeddedPostgresError when it cannot run, saying why and what to do
 */
export async function acquireEmbeddedPostgres(
  dataDir: string,
  options: ServerOptions = {},
): Promise<EmbeddedPostgres> {
  return whileStarting(path.resolve(dataDir), async directory => {
    const home = await prepareServerHome(directory)
    for (;;) {
      const port = await ensureRunning(home, options)
      const release = await beginUse(home, port)
      // Undefined where its last user has just stopped it.
      if (release) return { url: await urlOf(home, port, DATABASE), port, logFile: home.logFile, release }
    }
  })
}

/** Starts the embedded server of `dataDir` again, on the port its clients know. Nothing happens when it runs. */
export async function restartEmbedded(dataDir: string, port: number): Promise<void> {
  await whileStarting(path.resolve(dataDir), async directory => {
    await ensureRunning(await prepareServerHome(directory), {}, port)
  })
}

/**
 * Ends the embedded server of `dataDir` as a crash does, without waiting for its end: whoever watches it starts it again,
 * and it recovers.
 */
export async function crashEmbedded(dataDir: string): Promise<void> {
  const { clusterDir } = await prepareServerHome(path.resolve(dataDir))
  await endServer(clusterDir, 'SIGQUIT', 0)
}

/**
 * Stops the embedded server of `dataDir` and deletes its data, port and password for good.
 *
 * @throws EmbeddedPostgresError when other processes use it, naming them; nothing is deleted then
 */
export async function resetEmbedded(dataDir: string): Promise<void> {
  await whileStarting(path.resolve(dataDir), async directory => {
    const serverDir = await existingServerDirectory(directory)
    if (serverDir !== undefined) {
      const clusterDir = clusterDirectory(serverDir)
      await refuseWhileUsed(directory, clusterDir)
      if (!(await endServer(clusterDir, 'SIGINT', STOP_PATIENCE_MS))) {
        throw new EmbeddedPostgresError(
          `The embedded Postgres in ${serverDir} has not stopped within ${STOP_PATIENCE_MS / 1_000} s. ` +
            `It is still writing; see ${path.join(serverDir, 'server.log')}, and try again.`,
        )
      }
      await rm(serverDir, { recursive: true, force: true })
    }
    for (const name of ['location', 'port', 'password'])
      await rm(path.join(controlDirectory(directory), name), { force: true })
  })
}

export type ServerWatch = Readonly<{
  /** Ends the watch; a restart under way is finished first. Call it before the release. */
  stop(): Promise<void>
}>

const CHECK_EVERY_MS = 250
const RETRIES = { firstMs: 1_000, longestMs: 10_000 }

/**
 * Restarts the embedded server of `dataDir` on its port whenever it has died. For the supervisor, which
 * holds it by `acquireEmbeddedPostgres`.
 */
export function watchEmbeddedPostgres(options: {
  dataDir: string
  port: number
  onRestart: (tookMs: number) => void
  /** It did not start; another try follows, later each time, at most 10 s apart. */
  onFailure: (error: unknown) => void
}): ServerWatch {
  const ending = new AbortController()

  async function restartWhenDead(): Promise<void> {
    const { clusterDir } = await prepareServerHome(path.resolve(options.dataDir))
    for (let failures = 0; !ending.signal.aborted; ) {
      await pause(failures === 0 ? CHECK_EVERY_MS : backoffMs(failures, RETRIES), ending.signal)
      if (ending.signal.aborted || findServer(clusterDir) !== undefined) continue
      try {
        const began = performance.now()
        await restartEmbedded(options.dataDir, options.port)
        failures = 0
        options.onRestart(performance.now() - began)
      } catch (error) {
        failures++
        options.onFailure(error)
      }
    }
  }

  const watching = restartWhenDead()
  return {
    async stop() {
      ending.abort()
      await watching
    },
  }
}

async function ensureRunning(home: ServerHome, options: ServerOptions, fixedPort?: number): Promise<number> {
  await ensureCluster(home)
  if ((await settledServer(home.clusterDir)) === undefined) await writeSettings(home, options)
  const saved = fixedPort ?? (await readPort(home.controlDir))
  const port = await joinOrStart(home, fixedPort ? [fixedPort] : candidatePorts(home.controlDir, saved))
  await savePort(home.controlDir, port)
  return port
}

async function urlOf(home: Pick<ServerHome, 'controlDir'>, port: number, database: string): Promise<string> {
  return `postgres://${superuser}:${await readPassword(home.controlDir)}@127.0.0.1:${port}/${database}`
}

/**
 * Keeps a connection with the shared lock until the release.
 *
 * @returns the release; undefined when the server is being stopped
 */
async function beginUse(home: ServerHome, port: number): Promise<EmbeddedPostgres['release'] | undefined> {
  let released = false
  const sql = postgres(await urlOf(home, port, 'postgres'), {
    max: 1,
    // Else the driver would make the connection anew from time to time, and its lock would be gone for a moment.
    max_lifetime: null,
    connect_timeout: 10,
    backoff: reconnectPauseSeconds,
    onnotice: () => {},
    connection: { application_name: `${USE_NAME}${process.pid}` },
    onclose: () => void keepUsing(),
  })

  /** A server that was killed and started again knows nothing of its users: each says so again. */
  async function keepUsing(): Promise<void> {
    await pause(CHECK_EVERY_MS)
    if (!released) await takeUseLock(sql).catch(() => {})
  }

  try {
    await takeUseLock(sql)
    await ensureDatabase(sql, home, port)
  } catch (error) {
    released = true
    await sql.end({ timeout: 0 })
    const server = await settledServer(home.clusterDir)
    if (server === undefined) return undefined
    throw error
  }
  return async (patienceMs = STOP_PATIENCE_MS) => {
    if (released) return
    released = true
    // Ours first: two that leave at once would each find the other's.
    const [last] = await sql<{ alone: boolean }[]>`
      select pg_advisory_unlock_all(), pg_try_advisory_lock(${USE_LOCK}) as alone`.catch(() => [])
    if (last?.alone) await endServer(home.clusterDir, 'SIGINT', patienceMs)
    await sql.end({ timeout: 0 })
  }
}

const USE_NAME = 'tillstream use by process '

async function takeUseLock(sql: Sql): Promise<void> {
  await sql`select pg_advisory_lock_shared(${USE_LOCK})`
}

async function ensureDatabase(sql: Sql, { clusterDir }: ServerHome, port: number): Promise<void> {
  const [server] = await sql`
    select current_setting('data_directory') as directory,
      exists (select from pg_database where datname = ${DATABASE}) as "hasDatabase"`
  if (server?.directory !== clusterDir) {
    throw new EmbeddedPostgresError(
      `Port ${port} is answered by the server of ${server?.directory}, not of ${clusterDir}.`,
    )
  }
  if (!server.hasDatabase) await sql.unsafe(`create database ${DATABASE}`)
}

/** Of a process that was killed Postgres learns by its connection, a moment later: as long as that may take. */
const DEAD_USER_PATIENCE_MS = 10_000

async function refuseWhileUsed(dataDir: string, clusterDir: string): Promise<void> {
  const server = await settledServer(clusterDir)
  if (server?.port === undefined) return
  const home = { controlDir: controlDirectory(dataDir) }
  const sql = postgres(await urlOf(home, server.port, 'postgres'), { max: 1, connect_timeout: 10 })
  const began = performance.now()
  try {
    for (;;) {
      const users = await sql<{ pid: string }[]>`
        select distinct substr(application_name, length(${USE_NAME}) + 1) as pid from pg_stat_activity
        where starts_with(application_name, ${USE_NAME})`
      if (users.length === 0) return
      // Its connection decides in the end: a process that is not seen here may be one of another container.
      const isAnyHere = users.some(({ pid }) => processIdentity(Number(pid)) !== undefined)
      if (isAnyHere || performance.now() - began > DEAD_USER_PATIENCE_MS) {
        const pids = users.map(({ pid }) => pid).join(', ')
        throw new EmbeddedPostgresError(
          `The embedded Postgres of ${dataDir} is used by process ${pids}. Stop it first (Ctrl+C in its terminal).`,
        )
      }
      await pause(LOCK_POLL_MS)
    }
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** Creating a cluster or recovering one after a crash may take this long under the lock. */
const LOCK_PATIENCE_MS = 180_000
const LOCK_POLL_MS = 25

/**
 * Runs `work` while nobody else, in this process or another, starts or deletes the server of the data folder.
 *
 * @throws EmbeddedPostgresError when the folder cannot be written to, or the lock stays taken for 3 minutes
 */
async function whileStarting<Result>(
  dataDir: string,
  work: (dataDir: string) => Promise<Result>,
): Promise<Result> {
  const lock = await takeStartLock(controlDirectory(dataDir))
  try {
    return await work(dataDir)
  } finally {
    unlock(lock)
  }
}

async function takeStartLock(controlDir: string): Promise<string> {
  const deadline = performance.now() + LOCK_PATIENCE_MS
  try {
    await mkdir(controlDir, { recursive: true })
    // Named by the folder itself: a copied data folder may bring a lock, whose holder starts the original's server.
    const file = path.join(controlDir, `start-${(await stat(controlDir)).ino}.lock`)
    for (;;) {
      const holder = tryLock(file)
      if (holder === undefined) return file
      if (performance.now() > deadline) throw lockedTooLong(file, holder)
      await pause(LOCK_POLL_MS)
    }
  } catch (cause) {
    if (cause instanceof EmbeddedPostgresError) throw cause
    throw new EmbeddedPostgresError(
      `${controlDir} cannot be written (${cause instanceof Error ? cause.message : String(cause)}). Run as the user ` +
        'who owns that folder, make room on its disk, or set DATA_DIR to a folder of your own.',
      { cause },
    )
  }
}

function lockedTooLong(file: string, holder: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `Process ${holder} has been starting or stopping the embedded Postgres for ${LOCK_PATIENCE_MS / 1_000} s ` +
      `(it holds ${file}). If it hangs, end it, then try again.`,
  )
}
