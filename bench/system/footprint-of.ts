import { descendants, processTable, readProcessFile, TICKS_PER_SECOND } from './process-table.ts'

/** What a set of processes takes at one moment, by part of the demo. */
export interface Footprint {
  at: number
  parts: ReadonlyMap<string, PartFootprint>
}

export interface PartFootprint {
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

const PARTS = [
  ['server/web/main.ts', 'web'],
  ['server/intake/main.ts', 'intake'],
  ['server/stream/main.ts', 'stream'],
  ['jobs/schedule/main.ts', 'jobs'],
  ['seed/simulators/main.ts', 'simulate'],
] as const

/** @param command as `/proc/<pid>/cmdline` holds it: arguments that end with NUL, or a title of the process */
export function partName(command: string): string {
  const known = PARTS.find(([entry]) => command.includes(entry))
  if (known) return known[1]
  const program = command.split(/[\0 ]/, 1)[0] ?? ''
  return /(^|\/)postgres:?$/.test(program) ? 'Postgres' : 'supervisor, launcher, npm'
}

/** Of all parts together. */
export function totalPss({ parts }: Footprint): number {
  return sum([...parts.values()].map(part => part.pssBytes))
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

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
