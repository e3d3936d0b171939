import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inheritedEnvironment, projectRoot } from '#platform/environment.ts'

/** One of the project's processes, as the benchmark runs it. */
export interface BenchProcess {
  name: string
  pid: number
  /** What it wrote to standard output so far. */
  output(): string
  /** @throws when it ends with another code than 0 */
  ended(): Promise<void>
  stop(): Promise<void>
}

const KEPT_OUTPUT = 20_000
const UP_WITHIN_MS = 20_000
const LOOK_EVERY_MS = 50
const STOP_WITHIN_MS = 6_000

/** Starts a program of the project. Its errors are told when it ends badly. */
export function startProcess(options: {
  entry: string
  args?: readonly string[]
  /** Node's, beside those that all processes have. */
  flags?: readonly string[]
  environment: Readonly<Record<string, string>>
}): BenchProcess {
  const { entry, args = [], flags = [], environment } = options
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      `--import=${path.join(projectRoot, 'platform/follow-parent.mjs')}`,
      ...flags,
      path.join(projectRoot, entry),
      ...args,
    ],
    {
      cwd: projectRoot,
      env: inheritedEnvironment({ NODE_ENV: 'production', LOG_LEVEL: 'warn', ...environment }),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  )
  const kept = keepOutput(child)
  const ended = once(child, 'close').then(() => {
    if (child.exitCode !== 0 && child.signalCode !== 'SIGTERM') {
      throw new Error(
        `${entry} ended with ${child.signalCode ?? `code ${child.exitCode}`}:\n${kept.errors}${kept.output}`,
      )
    }
  })
  ended.catch(() => {})
  return {
    name: entry,
    pid: child.pid ?? 0,
    output: () => kept.output,
    ended: () => ended,
    async stop() {
      child.kill('SIGTERM')
      const overdue = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
      await ended.catch(() => {})
      clearTimeout(overdue)
    },
  }
}

/** Waits until a process answers at an address. @throws what it said when it ended instead, or took too long */
export async function untilUp(started: BenchProcess, url: string): Promise<void> {
  const endedEarly = started.ended().then(() => {
    throw new Error(`${started.name} ended before it answered at ${url}`)
  })
  const up = (async () => {
    for (
      const began = performance.now();
      performance.now() - began < UP_WITHIN_MS;
      await sleep(LOOK_EVERY_MS)
    ) {
      if (
        await fetch(url).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        return
    }
    throw new Error(`${started.name} does not answer at ${url}`)
  })()
  await Promise.race([up, endedEarly])
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}

function keepOutput(child: ChildProcess): { output: string; errors: string } {
  const kept = { output: '', errors: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    kept.output = (kept.output + text).slice(-KEPT_OUTPUT)
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    kept.errors = (kept.errors + text).slice(-KEPT_OUTPUT)
  })
  return kept
}
