import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import path from 'node:path'
import { inheritedEnvironment } from '#platform/environment.ts'
import { processIdentity } from '#platform/process-identity.mjs'
import { pause, within } from '#platform/time.ts'
import { findJava } from './java.ts'

interface JvmOptions {
  /** For messages: 'Kafka', 'Flink'. */
  name: string
  /** Absolute paths of jars and folders of classes. */
  classPath: readonly string[]
  mainClass: string
  args?: readonly string[]
  /** The machine's own flags, such as -Xmx256m. */
  flags?: readonly string[]
  /** Environment variables put in place of ours: where secrets go, as no list of processes shows them. */
  settings?: Readonly<Record<string, string>>
  /** To the end of this file goes what it writes. */
  logFile: string
  /**
   * Says who runs, so that the next start ends a process that outlived a starter killed without a word: a JVM has no
   * channel to us that would break. Left out for programs that end by themselves.
   */
  pidFile?: string
}

/** A Java program in a process of its own. */
export interface Jvm {
  readonly pid: number
  /** Resolves with the exit code, or null after a signal. Never rejects. */
  readonly ended: Promise<number | null>
  kill(signal: NodeJS.Signals): void
  /** Asks it to end and kills it when it has not done so in time. */
  stop(graceMs?: number): Promise<void>
}

/** A Java program that ended though it should run, or does not come up. The message holds the end of its log. */
export class JvmFailedError extends Error {
  override readonly name = 'JvmFailedError'
}

const GRACE_MS = 20_000

/**
 * Beside its heap a JVM keeps what its many threads have freed, each in a pool of the C library: two pools do, and
 * what lies in them goes back to the system once a minute (a flag that older machines pass over; decision 009).
 */
const TRIMMED = {
  flags: ['-XX:+IgnoreUnrecognizedVMOptions', '-XX:TrimNativeHeapInterval=60000'],
  settings: { MALLOC_ARENA_MAX: '2' },
}
const TOLD_LOG = 3_000

/**
 * Starts a Java program, after what an earlier start has left behind (`pidFile`) is ended.
 *
 * @throws JavaMissingError
 */
export async function startJvm(options: JvmOptions): Promise<Jvm> {
  const { command } = await findJava()
  if (options.pidFile !== undefined) await endLeftover(options.pidFile)
  const log = openSync(options.logFile, 'a')
  const child = spawn(
    command,
    [
      '-Djava.awt.headless=true',
      ...TRIMMED.flags,
      ...(options.flags ?? []),
      '-cp',
      options.classPath.join(path.delimiter),
      options.mainClass,
      ...(options.args ?? []),
    ],
    { stdio: ['ignore', log, log], env: inheritedEnvironment({ ...TRIMMED.settings, ...options.settings }) },
  )
  closeSync(log)
  const ended = once(child, 'exit').then(
    ([code]) => code as number | null,
    () => null,
  )
  const pid = child.pid ?? 0
  // Whoever ends us by process.exit leaves nothing behind.
  const endWithUs = () => child.kill('SIGTERM')
  process.once('exit', endWithUs)
  void ended.then(() => process.off('exit', endWithUs))
  if (options.pidFile !== undefined && pid !== 0)
    await writeFile(options.pidFile, JSON.stringify({ pid, identity: processIdentity(pid) }))
  return {
    pid,
    ended,
    kill: signal => void child.kill(signal),
    stop: graceMs => stop(child, ended, graceMs),
  }
}

async function stop(child: ChildProcess, ended: Promise<unknown>, graceMs = GRACE_MS): Promise<void> {
  child.kill('SIGTERM')
  if (!(await within(ended, graceMs))) child.kill('SIGKILL')
  await ended
}

/** @returns the process that a `pidFile` tells of, where it runs still */
export function runningProcess(pidFile: string): number | undefined {
  try {
    const { pid, identity } = JSON.parse(readFileSync(pidFile, 'utf8')) as { pid: number; identity?: string }
    return identity !== undefined && processIdentity(pid) === identity ? pid : undefined
  } catch {
    return undefined
  }
}

/** Ends the program that an earlier start has left running, as its `pidFile` says; nothing where none runs. */
export async function endLeftover(pidFile: string): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const pid = runningProcess(pidFile)
    if (pid === undefined) break
    process.kill(pid, signal)
    for (let waited = 0; runningProcess(pidFile) === pid && waited < GRACE_MS; waited += 50) await pause(50)
  }
  await rm(pidFile, { force: true })
}

/**
 * Runs a Java program to its end.
 *
 * @throws JavaMissingError, JvmFailedError when its exit code is not 0
 */
export async function runJvm(options: JvmOptions): Promise<void> {
  await whenDone(await startJvm(options), options)
}

/** Waits until a program has ended by itself. @throws JvmFailedError when its exit code is not 0 */
export async function whenDone(jvm: Jvm, options: Pick<JvmOptions, 'name' | 'logFile'>): Promise<void> {
  const code = await jvm.ended
  if (code !== 0) throw await failed(options, `${options.name} ended with ${code ?? 'a signal'}`)
}

/**
 * Waits until a program accepts connections at a port.
 *
 * @throws JvmFailedError when it ends first, or takes longer than `patienceMs`
 */
export async function whenListening(
  jvm: Jvm,
  at: { host: string; port: number; patienceMs: number },
  { name, logFile }: Pick<JvmOptions, 'name' | 'logFile'>,
): Promise<void> {
  let isOver = false
  void jvm.ended.then(() => {
    isOver = true
  })
  const until = performance.now() + at.patienceMs
  while (!(await accepts(at))) {
    if (isOver) throw await failed({ name, logFile }, `${name} ended while it started`)
    if (performance.now() > until)
      throw await failed({ name, logFile }, `${name} does not listen at ${at.host}:${at.port}`)
    await pause(50)
  }
}

/** Whether somebody accepts connections there. */
export async function accepts({ host, port }: { host: string; port: number }): Promise<boolean> {
  const socket = connect({ host, port, timeout: 1_000 })
  socket.once('timeout', () => socket.destroy(new Error('no answer')))
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Ports nobody listens at now, all different. For programs that cannot choose one themselves. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(async server => {
      server.listen({ port: 0, host, exclusive: true })
      await once(server, 'listening')
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('a server without a port')
      return address.port
    }),
  )
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}

async function failed(
  { logFile }: Pick<JvmOptions, 'name' | 'logFile'>,
  what: string,
): Promise<JvmFailedError> {
  const log = await readFile(logFile, 'utf8').catch(() => '')
  return new JvmFailedError(`${what}. Its log (${logFile}) ends:\n${log.slice(-TOLD_LOG).trim()}`)
}
