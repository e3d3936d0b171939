import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { inheritedEnvironment, projectRoot } from './environment.ts'
import { within } from './time.ts'

/** Signals that ask for an end. A terminal that is closed sends SIGHUP. */
const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** One Ctrl+C may arrive twice: from the terminal, and repeated by npm. */
const SAME_REQUEST_MS = 1_000

/** Somebody asked for the end; no error. */
export class StopRequested extends Error {
  override readonly name = 'StopRequested'
}

/**
 * An abort signal that fires when somebody asks this process to end.
 *
 * @param onInsist called when they ask again, a second or more later
 */
export function stopOnSignals(onInsist: () => void = () => {}): AbortSignal {
  const controller = new AbortController()
  let askedAt = 0
  for (const signal of END_SIGNALS) {
    process.on(signal, () => {
      if (!controller.signal.aborted) {
        askedAt = performance.now()
        controller.abort(new StopRequested(`Stopped by ${signal}.`))
      } else if (performance.now() - askedAt > SAME_REQUEST_MS) onInsist()
    })
  }
  return controller.signal
}

/** Resolves once the end is asked for. */
export async function whenStopped(stop: AbortSignal): Promise<void> {
  if (!stop.aborted) await once(stop, 'abort')
}

/** Waits for `work`, but no longer than until the end is asked for. @throws the reason of `stop` then */
export async function unlessStopped<Result>(stop: AbortSignal, work: Promise<Result>): Promise<Result> {
  work.catch(() => {})
  const over = new AbortController()
  const left = once(stop, 'abort', { signal: over.signal }).then(() => Promise.reject(stop.reason))
  left.catch(() => {})
  try {
    stop.throwIfAborted()
    return await Promise.race([work, left])
  } finally {
    over.abort()
  }
}

/** Flags with which every process of the project runs. */
export const nodeFlags = [
  '--disable-warning=ExperimentalWarning',
  `--import=${path.join(projectRoot, 'platform/compile-cache.mjs')}`,
  `--import=${path.join(projectRoot, 'platform/follow-parent.mjs')}`,
]

export interface ProgramOptions {
  /** Its path, from the project's folder. */
  entry: string
  args?: readonly string[]
  /** Node's flags for this program, beside those that all have. */
  flags?: readonly string[]
  /** Environment variables put in place of ours; undefined takes one away. */
  settings?: Readonly<Record<string, string | undefined>>
  /** Where its output goes: kept (the default), straight to ours, to the end of a file, or to a function by lines. */
  output?: 'kept' | 'inherit' | { file: string } | ((line: string, stream: 'stdout' | 'stderr') => void)
  /** Ends the program, as Ctrl+C does, when it fires. */
  stop?: AbortSignal | undefined
  /** A package's program: without our flags and channel, which it would pass on to workers that need theirs. */
  isTool?: boolean
  /** A process group of its own: Ctrl+C at the terminal reaches only us, and whatever it starts can be killed with it. */
  detached?: boolean
}

/** How a program ended, with what it wrote (where that was kept). */
export interface Ended {
  /** Null when a signal ended it. */
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** Both, as they came. */
  output: string
}

/** A program of the project in a process of its own, as the launcher runs it. */
export interface Program {
  readonly child: ChildProcess
  readonly pid: number
  /** What it has written so far, both outputs together. */
  output(): string
  /** Resolves once it has ended and all it wrote is here. Never rejects. */
  readonly ended: Promise<Ended>
  kill(signal: NodeJS.Signals): void
  /** Asks it to end, and kills it, with what it has started itself, when it has not done so in time. */
  stop(graceMs?: number): Promise<Ended>
}

/** Of each output, so that a talkative program of many hours does not fill our memory. */
const MOST_KEPT = 1_000_000
const GRACE_MS = 5_000

/** Starts a program of the project. It ends when this process is gone without a word (follow-parent). */
export function startProgram(options: ProgramOptions): Program {
  const {
    entry,
    args = [],
    flags = [],
    settings = {},
    output = 'kept',
    stop,
    isTool,
    detached = false,
  } = options
  const file = typeof output === 'object' ? openSync(output.file, 'a') : undefined
  const stdio = file ?? (output === 'inherit' ? 'inherit' : 'pipe')
  const given = [...(isTool ? [] : nodeFlags), ...flags, path.resolve(projectRoot, entry), ...args]
  const child = spawn(process.execPath, given, {
    cwd: projectRoot,
    env: inheritedEnvironment(settings),
    stdio: ['ignore', stdio, stdio, ...(isTool ? [] : ['ipc' as const])],
    detached,
  })
  if (file !== undefined) closeSync(file)
  const kept = { stdout: '', stderr: '', output: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = child[name]
    if (!stream) continue
    if (typeof output === 'function')
      createInterface({ input: stream }).on('line', line => output(line, name))
    else
      stream.setEncoding('utf8').on('data', (written: string) => {
        kept[name] = (kept[name] + written).slice(-MOST_KEPT)
        kept.output = (kept.output + written).slice(-MOST_KEPT)
      })
  }
  // Not `exit`: what it wrote last may still be on its way then.
  const ended = once(child, 'close').then(
    (): Ended => ({ ...kept, code: child.exitCode, signal: child.signalCode }),
    (error: Error): Ended => ({ ...kept, code: null, signal: null, output: error.message }),
  )
  const end = () => child.kill('SIGTERM')
  if (stop?.aborted) end()
  stop?.addEventListener('abort', end, { once: true })
  void ended.then(() => stop?.removeEventListener('abort', end))
  return {
    child,
    pid: child.pid ?? 0,
    output: () => kept.output,
    ended,
    kill: signal => void child.kill(signal),
    async stop(graceMs = GRACE_MS) {
      child.kill('SIGTERM')
      if (!(await within(ended, graceMs))) killGroup(child)
      return ended
    },
  }
}

/** At once; with whatever it has started itself, where it has a group of its own. */
export function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // No group of its own, or it has ended in the meantime.
    child.kill('SIGKILL')
  }
}

/** A program that did not end well. The message holds the end of what it said. */
export class ProgramFailedError extends Error {
  override readonly name = 'ProgramFailedError'
}

const TOLD_OUTPUT = 4_000

/**
 * Runs a program of the project to its end.
 *
 * @throws ProgramFailedError; the reason of `stop` when that fires, which ends the program
 */
export async function runProgram(options: ProgramOptions): Promise<Ended> {
  const ended = await startProgram(options).ended
  if (ended.code === 0) return ended
  options.stop?.throwIfAborted()
  const call = [options.entry, ...(options.args ?? [])].join(' ')
  throw new ProgramFailedError(
    `${call} failed (${howEnded(ended)}):\n${ended.output.slice(-TOLD_OUTPUT).trim()}`,
  )
}

/** For a person: `exit code 1`, or the signal. */
export function howEnded({ code, signal }: Pick<Ended, 'code' | 'signal'>): string {
  return signal ?? `exit code ${code}`
}
