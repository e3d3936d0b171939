import { open, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { kill } from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { findServer } from './find-server.ts'
import { type PostmasterFile, postmasterFilePath, readPostmasterFile } from './postmaster-file.ts'
import { isPostmasterOf, processIdentity } from './process-identity.ts'
import { type ProgramResult, runProgram } from './run-program.ts'
import type { ServerHome } from './server-home.ts'

/** Recovery after a crash replays at most `max_wal_size`, which is far quicker than this. */
const startPatienceSeconds = 120
const pollMs = 20
const logSizeLimit = 10 * 1024 * 1024

/** Waits while a server is starting or stopping. Returns the ready server, or undefined when none runs. */
export async function settledServer(clusterDir: string): Promise<PostmasterFile | undefined> {
  const deadline = performance.now() + startPatienceSeconds * 1000
  let server = findServer(clusterDir)
  while (server !== undefined && server.status !== 'ready' && performance.now() < deadline) {
    await delay(pollMs)
    server = findServer(clusterDir)
  }
  return server
}

/**
 * Starts the server with `pg_ctl`, which detaches it: it outlives us, and Ctrl+C does not reach it.
 *
 * @returns the exit code, and as output what the server logged during this start
 */
export async function startServer(home: ServerHome, port: number): Promise<ProgramResult> {
  await forgetForeignProcess(home.clusterDir)
  await keepLogSmall(home.logFile)
  const logStart = await sizeOf(home.logFile)
  const { exitCode, output } = await runControl(home, [
    'start',
    '--wait',
    `--timeout=${startPatienceSeconds}`,
    `--log=${home.logFile}`,
    `--options=-p ${port}`,
  ])
  return { exitCode, output: exitCode === 0 ? '' : `${output}${await readFrom(home.logFile, logStart)}` }
}

/**
 * Stops the server: connections are closed, open transactions rolled back, everything is written out.
 *
 * @param patienceMs how long to wait for the end; a server that needs longer still ends by itself
 * @returns whether it has ended
 */
export async function stopServer(home: ServerHome, patienceMs: number): Promise<boolean> {
  if (findServer(home.clusterDir) === undefined) return true
  await runControl(home, ['stop', '--mode=fast', '--no-wait'])
  const deadline = performance.now() + patienceMs
  while (findServer(home.clusterDir) !== undefined) {
    if (performance.now() > deadline) return false
    await delay(pollMs)
  }
  return true
}

/**
 * Removes a `postmaster.pid` whose pid now belongs to another program (after a reboot, or in a container,
 * where pids repeat), or to a zombie: Postgres would take either for a running server. Postgres still checks
 * by its shared memory that no process of an earlier server is left.
 */
async function forgetForeignProcess(clusterDir: string): Promise<void> {
  const file = readPostmasterFile(clusterDir)
  if (file === undefined || isPostmasterOf(file.pid, clusterDir)) return
  if (processIdentity(file.pid) === undefined && !existsForKernel(file.pid)) return
  await rm(postmasterFilePath(clusterDir), { force: true })
}

function existsForKernel(pid: number): boolean {
  try {
    kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function runControl(home: ServerHome, args: readonly string[]): Promise<ProgramResult> {
  return runProgram({
    program: path.join(home.binDir, 'pg_ctl'),
    args: [...args, `--pgdata=${home.clusterDir}`, '--silent'],
    account: home.account,
    workingDirectory: home.serverDir,
  })
}

/** One old log is kept. Nobody writes to the file: no server runs. */
async function keepLogSmall(logFile: string): Promise<void> {
  if ((await sizeOf(logFile)) > logSizeLimit) await rename(logFile, `${logFile}.1`)
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  )
}

async function readFrom(file: string, position: number): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined)
  if (handle === undefined) return ''
  try {
    const { size } = await handle.stat()
    const buffer = Buffer.alloc(Math.min(Math.max(size - position, 0), 64 * 1024))
    await handle.read(buffer, 0, buffer.length, position)
    return buffer.toString('utf8')
  } finally {
    await handle.close()
  }
}
