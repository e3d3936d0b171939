import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { inheritedEnvironment, projectRoot } from '#platform/environment.ts'
import { heapFlagsOf, type ProcessName } from './processes.ts'
import { countFailures, type Ending, restartPauseMs } from './restart-policy.ts'

/** What happens to a supervised process. */
export type SupervisorEvents = Readonly<{
  /** A line it wrote. Undefined: its output goes straight to ours. */
  onLine?: (name: ProcessName, line: string, stream: 'stdout' | 'stderr') => void
  /** It ended although nobody asked it to; a restart follows after the pause. */
  onEnd: (name: ProcessName, ending: Ending & { how: string; failures: number; pauseMs: number }) => void
  onRestart: (name: ProcessName) => void
}>

export type Supervisor = Readonly<{
  /** Starts these, and each again whenever it ends, until it is stopped. */
  start(names: readonly ProcessName[]): void
  /** Process ids of those that run now. */
  running(): ReadonlyMap<ProcessName, number>
  /** Asks these to end, and kills those that have not ended after `graceMs`. They are not restarted. */
  stop(names: readonly ProcessName[], graceMs: number): Promise<void>
  /** Kills all at once. */
  killAll(): void
}>

/** A supervisor of processes of which none runs yet. */
export function supervise(options: {
  /** The program of a process: an absolute path. */
  entryOf: (name: ProcessName) => string
  /** Environment variables put in place of ours. */
  settings: Readonly<Record<string, string>>
  events: SupervisorEvents
}): Supervisor {
  const { events } = options
  const children = new Map<ProcessName, ChildProcess>()
  const stopping = new Map<ProcessName, AbortController>()
  const lives = new Map<ProcessName, Promise<void>>()

  async function keepAlive(name: ProcessName, ending: AbortSignal): Promise<void> {
    for (let failures = 0; !ending.aborted; ) {
      const began = performance.now()
      const child = startProcess({ name, entry: options.entryOf(name), settings: options.settings, events })
      children.set(name, child)
      const how = await endOf(child)
      children.delete(name)
      if (ending.aborted) return
      const end = { ranMs: performance.now() - began, killed: child.signalCode !== null }
      failures = countFailures(failures, end)
      const pauseMs = restartPauseMs(failures, end, Math.random())
      events.onEnd(name, { ...end, how, failures, pauseMs })
      await delay(pauseMs, undefined, { signal: ending }).catch(() => {})
      if (!ending.aborted) events.onRestart(name)
    }
  }

  return {
    start(names) {
      for (const name of names) {
        const controller = new AbortController()
        stopping.set(name, controller)
        lives.set(name, keepAlive(name, controller.signal))
      }
    },
    running() {
      return new Map([...children].map(([name, child]) => [name, child.pid ?? 0]))
    },
    async stop(stopped, graceMs) {
      for (const name of stopped) {
        stopping.get(name)?.abort()
        children.get(name)?.kill('SIGTERM')
      }
      const ended = Promise.all(stopped.map(name => lives.get(name)))
      if (await endsWithin(ended, graceMs)) return
      for (const name of stopped) killGroup(children.get(name))
      await ended
    },
    killAll() {
      for (const controller of stopping.values()) controller.abort()
      for (const child of children.values()) killGroup(child)
    },
  }
}

/** Flags with which every process of the project runs, as the launcher sets them. */
export const nodeFlags = [
  '--disable-warning=ExperimentalWarning',
  `--import=${path.join(projectRoot, 'platform/follow-parent.mjs')}`,
]

function startProcess(options: {
  name: ProcessName
  entry: string
  settings: Readonly<Record<string, string>>
  events: SupervisorEvents
}): ChildProcess {
  const { name, entry, settings } = options
  const { onLine } = options.events
  const output = onLine === undefined ? 'inherit' : 'pipe'
  const child = spawn(process.execPath, [...nodeFlags, ...heapFlagsOf(name), entry], {
    cwd: projectRoot,
    env: inheritedEnvironment({ NODE_ENV: 'production', ...settings }),
    // The channel tells the process when we are gone (follow-parent).
    stdio: ['ignore', output, output, 'ipc'],
    // A group of its own: Ctrl+C reaches only us, and we end the processes in order.
    detached: true,
  })
  if (onLine !== undefined) {
    for (const stream of ['stdout', 'stderr'] as const) {
      const readable = child[stream]
      if (readable) createInterface({ input: readable }).on('line', line => onLine(name, line, stream))
    }
  }
  return child
}

/** @returns how it ended, for a person */
async function endOf(child: ChildProcess): Promise<string> {
  try {
    await once(child, 'exit')
    return child.signalCode === null ? `exit code ${child.exitCode}` : child.signalCode
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function endsWithin(ended: Promise<unknown>, graceMs: number): Promise<boolean> {
  const timeout = new AbortController()
  const result = await Promise.race([
    ended.then(() => true),
    delay(graceMs, false, { signal: timeout.signal }).catch(() => false),
  ])
  timeout.abort()
  return result
}

/** With whatever it has started itself. */
function killGroup(child: ChildProcess | undefined): void {
  if (child?.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended in the meantime.
  }
}
