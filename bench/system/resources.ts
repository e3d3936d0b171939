import { processEntries, processNames } from '#platform/launch/processes.ts'
import {
  descendants,
  type ProcessEntry,
  processTable,
  readProcessFile,
  TICKS_PER_SECOND,
} from './process-table.ts'

/** What a set of processes takes at one moment, by part of the demo. */
export interface Footprint {
  at: number
  parts: ReadonlyMap<string, PartFootprint>
}

interface PartFootprint {
  processes: number
  /** Proportional set size: pages that several processes share count once in all. */
  pssBytes: number
  /** Used so far, with what ended children used. */
  processorSeconds: number
}

/** Reads /proc for these processes and everything below them. Linux only. */
export function footprintOf(roots: readonly number[]): Footprint {
  const parts = new Map<string, PartFootprint>()
  for (const { pid, ticks, ticksOfEnded } of descendants(processTable(), roots)) {
    const command = readProcessFile(pid, 'cmdline')
    const rollup = readProcessFile(pid, 'smaps_rollup')
    if (command === null || rollup === null) continue
    const name = partName(command)
    const part = parts.get(name) ?? { processes: 0, pssBytes: 0, processorSeconds: 0 }
    parts.set(name, {
      processes: part.processes + 1,
      pssBytes: part.pssBytes + parsePss(rollup),
      processorSeconds: part.processorSeconds + (ticks + ticksOfEnded) / TICKS_PER_SECOND,
    })
  }
  return { at: performance.now(), parts }
}

/** @param rollup what `/proc/<pid>/smaps_rollup` holds @returns bytes; 0 for a process that is ending */
export function parsePss(rollup: string): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) * 1024
}

/** @param command as `/proc/<pid>/cmdline` holds it: arguments that end with NUL, or a title of the process */
export function partName(command: string): string {
  const known = processNames.find(name => command.includes(processEntries[name]))
  if (known) return known
  const program = command.split(/[\0 ]/, 1)[0] ?? ''
  return /(^|\/)postgres:?$/.test(program) ? 'Postgres' : 'supervisor, launcher, npm'
}

/** Of all parts together. */
export function totalPss({ parts }: Footprint): number {
  return [...parts.values()].reduce((sum, { pssBytes }) => sum + pssBytes, 0)
}

/** Shares of one core between two looks, by part. A part that began in between counts from its start. */
export function processorShares(before: Footprint, after: Footprint): Map<string, number> {
  const seconds = (after.at - before.at) / 1_000
  return new Map(
    [...after.parts].map(([name, part]) => [
      name,
      (part.processorSeconds - (before.parts.get(name)?.processorSeconds ?? 0)) / seconds,
    ]),
  )
}

export type ResourceWatch = ReturnType<typeof watchResources>

const LOOK_EVERY_MS = 200

/** Looks at a program and at a Postgres server, with all their children, five times a second. Linux only. */
export function watchResources({ pid, serverPid }: { pid: number; serverPid: number }) {
  const samples: { at: number; program: Load; server: Load }[] = []
  function look(): void {
    const table = processTable()
    const [program, server] = [loadOf(descendants(table, [pid])), loadOf(descendants(table, [serverPid]))]
    samples.push({ at: performance.now(), program, server })
  }
  look()
  const timer = setInterval(look, LOOK_EVERY_MS)
  return {
    stop: () => clearInterval(timer),
    /**
     * What was used between two moments of `performance.now()`, the memory at its highest: by the program and what
     * it started, and by the Postgres server and its backends.
     */
    between(from: number, to: number): { program: Load; server: Load } {
      const within = samples.filter(({ at }) => at >= from && at <= to)
      const before = samples.findLast(({ at }) => at <= from) ?? within[0]
      const used = (of: 'program' | 'server') => ({
        processorSeconds: (within.at(-1)?.[of].processorSeconds ?? 0) - (before?.[of].processorSeconds ?? 0),
        memoryMb: within.reduce((most, sample) => Math.max(most, sample[of].memoryMb), 0),
      })
      return { program: used('program'), server: used('server') }
    },
  }
}

interface Load {
  /** Those of children that have ended are counted by who waited for them. */
  processorSeconds: number
  /** Each page divided by how many processes have it. */
  memoryMb: number
}

function loadOf(tree: readonly ProcessEntry[]): Load {
  let [used, bytes] = [0, 0]
  for (const { pid, ticks, ticksOfEnded } of tree) {
    used += ticks + ticksOfEnded
    bytes += parsePss(readProcessFile(pid, 'smaps_rollup') ?? '')
  }
  return { processorSeconds: used / TICKS_PER_SECOND, memoryMb: bytes / 2 ** 20 }
}
