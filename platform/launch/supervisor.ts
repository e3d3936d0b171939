import {
  type Ended,
  howEnded,
  killGroup,
  type Program,
  type ProgramOptions,
  startProgram,
} from '#platform/process.ts'
import { backoffMs, pause } from '#platform/time.ts'
import type { ProcessName } from './processes.ts'

/** How a process ended although nobody asked it to, and what follows. */
export type Ending = Readonly<{
  /** For a person: the exit code or the signal. */
  how: string
  ranMs: number
  /** True when it was killed from outside: that says nothing about the next run. */
  killed: boolean
  /** Endings in a row, soon after the start. */
  failures: number
  /** It is started again after this. */
  pauseMs: number
}>

export type Supervisor = Readonly<{
  /** Starts these, and each again whenever it ends, until it is stopped. */
  start(names: readonly ProcessName[]): void
  /** Process ids of those that run now. */
  running(): ReadonlyMap<ProcessName, number>
  /** Resolves with the first process that has failed to start too many times in a row. */
  hopeless: Promise<{ name: ProcessName; failures: number }>
  /** Asks these to end, and kills those that have not ended after `graceMs`. They are not restarted. */
  stop(names: readonly ProcessName[], graceMs: number): Promise<void>
  /** Kills all at once. */
  killAll(): void
}>

/** A supervisor of processes of which none runs yet. */
export function supervise(options: {
  programOf: (name: ProcessName) => ProgramOptions
  onEnd: (name: ProcessName, ending: Ending) => void
}): Supervisor {
  const programs = new Map<ProcessName, Program>()
  const lives = new Map<ProcessName, { ending: AbortController; over: Promise<void> }>()
  const hopeless = Promise.withResolvers<{ name: ProcessName; failures: number }>()

  async function keepAlive(name: ProcessName, stop: AbortSignal): Promise<void> {
    for (let failures = 0; !stop.aborted; ) {
      const began = performance.now()
      // A group of its own: Ctrl+C reaches only us, and we end the processes in order.
      const program = startProgram({ ...options.programOf(name), detached: true })
      programs.set(name, program)
      const ended = await program.ended
      programs.delete(name)
      if (stop.aborted) return
      const ending = judge(ended, performance.now() - began, failures)
      failures = ending.failures
      options.onEnd(name, ending)
      if (!ending.killed && failures >= HOPELESS_AFTER) hopeless.resolve({ name, failures })
      await pause(ending.pauseMs, stop)
    }
  }

  return {
    start(names) {
      for (const name of names) {
        const ending = new AbortController()
        lives.set(name, { ending, over: keepAlive(name, ending.signal) })
      }
    },
    running: () => new Map([...programs].map(([name, { pid }]) => [name, pid])),
    hopeless: hopeless.promise,
    async stop(names, graceMs) {
      for (const name of names) lives.get(name)?.ending.abort()
      await Promise.all(names.map(name => programs.get(name)?.stop(graceMs)))
      await Promise.all(names.map(name => lives.get(name)?.over))
    },
    killAll() {
      for (const { ending } of lives.values()) ending.abort()
      for (const { child } of programs.values()) killGroup(child)
    },
  }
}

/** A process that ran this long has started well: what ended it is something new. */
const HEALTHY_AFTER_MS = 5_000
/** With the pauses between them, some ten seconds of trying. */
const HOPELESS_AFTER = 6
const PAUSE = { firstMs: 250, longestMs: 10_000 }
/** The first pause after a kill is none: what ran well is back as soon as it has started. Then they stay short. */
const PAUSE_AFTER_KILL = { firstMs: 20, longestMs: 1_000 }

/**
 * @param failuresBefore as the last judgement counted them
 * @param random in [0, 1)
 */
export function judge(
  ended: Pick<Ended, 'code' | 'signal'>,
  ranMs: number,
  failuresBefore: number,
  random: number = Math.random(),
): Ending {
  const killed = ended.signal !== null
  const failures = ranMs >= HEALTHY_AFTER_MS ? 1 : failuresBefore + 1
  const pauseMs = backoffMs(failures, killed ? PAUSE_AFTER_KILL : PAUSE, random)
  return { how: howEnded(ended), ranMs, killed, failures, pauseMs }
}
