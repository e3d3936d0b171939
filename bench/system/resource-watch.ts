import { parsePss } from './footprint-of.ts'
import {
  descendants,
  type ProcessEntry,
  processTable,
  readProcessFile,
  TICKS_PER_SECOND,
} from './process-table.ts'

/** Processor seconds used so far, and memory now, of two trees of processes. */
interface Sample {
  at: number
  processorSeconds: number
  serverProcessorSeconds: number
  memoryMb: number
  serverMemoryMb: number
}

/** What was used between two moments. */
export interface Usage {
  /** Of the program and what it started. */
  processorSeconds: number
  /** Of the Postgres server and its backends. */
  serverProcessorSeconds: number
  /** Highest sums seen; what processes share counts once. */
  peakMemoryMb: number
  peakServerMemoryMb: number
}

export interface ResourceWatch {
  stop(): void
  /** @param from moments of `performance.now()` */
  between(from: number, to: number): Usage
}

const LOOK_EVERY_MS = 200

/** Looks at a program and at a Postgres server, with all their children, five times a second. Linux only. */
export function watchResources(options: { pid: number; serverPid: number }): ResourceWatch {
  const samples: Sample[] = []
  const look = () => samples.push(sampleOf(options))
  look()
  const timer = setInterval(look, LOOK_EVERY_MS)
  return {
    stop() {
      clearInterval(timer)
    },
    between(from, to) {
      const within = samples.filter(({ at }) => at >= from && at <= to)
      const before = samples.findLast(({ at }) => at <= from) ?? within[0]
      const last = within.at(-1)
      const peak = (field: 'memoryMb' | 'serverMemoryMb') =>
        within.reduce((most, sample) => Math.max(most, sample[field]), 0)
      return {
        processorSeconds: (last?.processorSeconds ?? 0) - (before?.processorSeconds ?? 0),
        serverProcessorSeconds: (last?.serverProcessorSeconds ?? 0) - (before?.serverProcessorSeconds ?? 0),
        peakMemoryMb: peak('memoryMb'),
        peakServerMemoryMb: peak('serverMemoryMb'),
      }
    },
  }
}

function sampleOf({ pid, serverPid }: { pid: number; serverPid: number }): Sample {
  const entries = processTable()
  const program = descendants(entries, [pid])
  const server = descendants(entries, [serverPid])
  return {
    at: performance.now(),
    processorSeconds: secondsOf(program),
    serverProcessorSeconds: secondsOf(server),
    memoryMb: memoryOf(program),
    serverMemoryMb: memoryOf(server),
  }
}

/** Children that have ended are counted by who waited for them. */
function secondsOf(tree: readonly ProcessEntry[]): number {
  return tree.reduce((sum, { ticks, ticksOfEnded }) => sum + ticks + ticksOfEnded, 0) / TICKS_PER_SECOND
}

/** Each page divided by how many processes have it. */
function memoryOf(tree: readonly ProcessEntry[]): number {
  return (
    tree.reduce((sum, { pid }) => sum + parsePss(readProcessFile(pid, 'smaps_rollup') ?? ''), 0) / 2 ** 20
  )
}
