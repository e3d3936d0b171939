import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { readFile, rename, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { kill } from 'node:process'
import { askPs, processIdentity } from '#platform/process-identity.mjs'
import { pause } from '#platform/time.ts'
import { runProgram, type ServerAccount } from './programs.ts'
import { classifyStartProblem, EmbeddedPostgresError, explainStartProblem } from './start-problem.ts'

/** Where the embedded server of one data folder lives, and as whom it runs. */
export type ServerHome = Readonly<{
  /** Belongs to whoever calls us: the server's password and port, and where its own folder is. */
  controlDir: string
  /** Belongs to the server's account (mode 700): the cluster and the server's log. */
  serverDir: string
  clusterDir: string
  logFile: string
  /** Holds `postgres`, `initdb` and `pg_ctl`. */
  binDir: string
  account: ServerAccount
}>

/** What a running (or crashed) server says about itself in `postmaster.pid`. */
export type PostmasterFile = Readonly<{
  pid: number
  /** Undefined while the server has not yet written it. */
  port: number | undefined
  status: 'starting' | 'ready' | 'stopping'
}>

/** Recovery after a crash replays at most `max_wal_size`, which is far quicker than this. */
const START_PATIENCE_SECONDS = 120
const POLL_MS = 20
const LOG_SIZE_LIMIT = 10 * 1024 * 1024
const MOST_STARTS = 20

/** The running server of the cluster, undefined when none runs (whatever a stale file says). */
export function findServer(clusterDir: string): PostmasterFile | undefined {
  const file = readPostmasterFile(clusterDir)
  return file !== undefined && isPostmasterOf(file.pid, clusterDir) ? file : undefined
}

/** Waits while a server is starting or stopping. Returns the ready server, or undefined when none runs. */
export async function settledServer(clusterDir: string): Promise<PostmasterFile | undefined> {
  const deadline = performance.now() + START_PATIENCE_SECONDS * 1_000
  let server = findServer(clusterDir)
  while (server !== undefined && server.status !== 'ready' && performance.now() < deadline) {
    await pause(POLL_MS)
    server = findServer(clusterDir)
  }
  return server
}

/**
 * The port of the running server of `home`, which is started when there is none.
 *
 * @param ports to try, the preferred one first. With a single one it is kept to: clients already know it
 * @throws EmbeddedPostgresError saying why it does not start and what to do
 */
export async function joinOrStart(home: ServerHome, ports: readonly number[]): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    // Also in later attempts: a process killed while it started the server leaves one that becomes ready.
    const running = await settledServer(home.clusterDir)
    if (running?.port !== undefined) return running.port
    const port = ports.length > 1 ? await firstFree(ports) : (ports[0] ?? 0)
    const output = await startServer(home, port)
    if (output === undefined) return port
    const problem = classifyStartProblem(output)
    if (problem === 'still-in-use') endOrphans(home.clusterDir)
    // Another program took the port since we looked, or the last processes of a killed server are leaving.
    const passes = (problem === 'port-taken' && ports.length > 1) || problem === 'still-in-use'
    if (!passes || attempt === MOST_STARTS)
      throw explainStartProblem({ problem, serverDir: home.serverDir, port, output })
    await pause(25 * attempt)
  }
}

/**
 * Ends the server: SIGINT closes connections, rolls transactions back and writes everything out; SIGQUIT is for one
 * whose data nobody wants any more.
 *
 * @param patienceMs how long to wait for the end; a server that needs longer still ends by itself
 * @returns whether it has ended
 */
export async function endServer(
  clusterDir: string,
  signal: 'SIGINT' | 'SIGQUIT',
  patienceMs: number,
): Promise<boolean> {
  const deadline = performance.now() + patienceMs
  const server = findServer(clusterDir)
  if (server !== undefined) send(signal, server.pid)
  while (findServer(clusterDir) !== undefined) {
    if (performance.now() > deadline) return false
    await pause(POLL_MS)
  }
  return true
}

/** By `pg_ctl`, which detaches it: it outlives us, and Ctrl+C does not reach it. @returns what went wrong */
async function startServer(home: ServerHome, port: number): Promise<string | undefined> {
  await forgetForeignProcess(home.clusterDir)
  // One old log is kept. Nobody writes to the file: no server runs.
  if ((await sizeOf(home.logFile)) > LOG_SIZE_LIMIT) await rename(home.logFile, `${home.logFile}.1`)
  const logStart = await sizeOf(home.logFile)
  const { exitCode, output } = await runProgram(
    path.join(home.binDir, 'pg_ctl'),
    [
      'start',
      '--wait',
      '--silent',
      `--timeout=${START_PATIENCE_SECONDS}`,
      `--pgdata=${home.clusterDir}`,
      `--log=${home.logFile}`,
      `--options=-p ${port}`,
    ],
    { account: home.account, workingDirectory: home.serverDir },
  )
  if (exitCode === 0) return undefined
  const log = await readFile(home.logFile).catch(() => Buffer.alloc(0))
  return `${output}${log.subarray(logStart).toString('utf8')}`
}

/**
 * Removes a `postmaster.pid` whose pid now belongs to another program (after a reboot, or in a container,
 * where pids repeat), or to a zombie: Postgres would take either for a running server. Postgres still checks
 * by its shared memory that no process of an earlier server is left.
 */
async function forgetForeignProcess(clusterDir: string): Promise<void> {
  const file = readPostmasterFile(clusterDir)
  if (file === undefined || isPostmasterOf(file.pid, clusterDir) || !existsForKernel(file.pid)) return
  await rm(postmasterFilePath(clusterDir), { force: true })
}

function existsForKernel(pid: number): boolean {
  try {
    return kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Ends server processes that outlived their postmaster (it was killed while they computed): they hold the shared
 * memory, and no new server starts beside them. Their transactions never committed. Linux only: none found elsewhere.
 */
function endOrphans(clusterDir: string): void {
  if (process.platform !== 'linux' || findServer(clusterDir) !== undefined) return
  const directory = realDirectory(clusterDir)
  for (const name of readdirSync('/proc'))
    if (/^\d+$/.test(name) && workingDirectory(Number(name)) === directory) send('SIGQUIT', Number(name))
}

function send(signal: NodeJS.Signals, pid: number): void {
  try {
    kill(pid, signal)
  } catch {
    // It has ended by itself in the meantime.
  }
}

function postmasterFilePath(clusterDir: string): string {
  return path.join(clusterDir, 'postmaster.pid')
}

/** @returns undefined when there is no such file, which means that no server runs */
function readPostmasterFile(clusterDir: string): PostmasterFile | undefined {
  try {
    return parsePostmasterFile(readFileSync(postmasterFilePath(clusterDir), 'latin1'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Lines as in Postgres' `miscadmin.h`: pid, data folder, start, port, socket folder, address, memory, status. */
export function parsePostmasterFile(content: string): PostmasterFile | undefined {
  const lines = content.split('\n').map(line => line.trim())
  const pid = Math.abs(Number(lines[0]))
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  const port = Number(lines[3])
  return {
    pid,
    port: Number.isInteger(port) && port > 0 ? port : undefined,
    status: lines[7] === 'ready' || lines[7] === 'stopping' ? lines[7] : 'starting',
  }
}

/**
 * True when the process is the Postgres server of this very cluster. A postmaster stays in its cluster's
 * folder for life, which a copied or stale `postmaster.pid` cannot pretend.
 */
export function isPostmasterOf(pid: number, clusterDir: string): boolean {
  if (processIdentity(pid) === undefined) return false
  if (process.platform === 'linux') return workingDirectory(pid) === realDirectory(clusterDir)
  return askPs(pid, 'args=').includes(clusterDir)
}

function workingDirectory(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

function realDirectory(directory: string): string {
  try {
    return realpathSync(directory)
  } catch {
    return directory
  }
}

/** Below 32768, where Linux begins to give out ports to outgoing connections. */
const LOWEST_PORT = 20_000
const PORT_COUNT = 10_000
const MOST_PORTS = 200

/**
 * Ports for the server of a folder: the one of the last start, then those after a place that the folder's name
 * decides, so that two clones rarely try the same.
 */
export function candidatePorts(controlDir: string, saved: number | undefined): number[] {
  const start = createHash('sha256').update(controlDir).digest().readUInt32BE(0)
  const computed = Array.from(
    { length: MOST_PORTS },
    (_, step) => LOWEST_PORT + ((start + step) % PORT_COUNT),
  )
  return saved === undefined ? computed : [saved, ...computed.filter(port => port !== saved)]
}

/** @throws EmbeddedPostgresError when none is free on 127.0.0.1 */
export async function firstFree(ports: readonly number[]): Promise<number> {
  for (const port of ports) if (await isPortFree(port)) return port
  throw new EmbeddedPostgresError(
    `None of ${ports.length} ports between ${LOWEST_PORT} and ${LOWEST_PORT + PORT_COUNT - 1} on 127.0.0.1 is free for the embedded Postgres.`,
  )
}

function isPortFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)))
  })
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  )
}
