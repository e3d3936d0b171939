import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** A process of this machine, as /proc shows it. */
export interface ProcessEntry {
  pid: number
  parent: number
  /** Clock ticks of processor time it has used itself. */
  ticks: number
  /** Those of its children that have ended, and of theirs. */
  ticksOfEnded: number
}

/** Linux reports processor time to programs in hundredths of a second, whatever the kernel counts in. */
export const TICKS_PER_SECOND = 100

/** Every process now; none where there is no /proc (not Linux). */
export function processTable(): ProcessEntry[] {
  const names = existsSync('/proc') ? readdirSync('/proc') : []
  return names
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      const pid = Number(name)
      const stat = readProcessFile(pid, 'stat')
      return stat === null ? [] : [parseStat(pid, stat)]
    })
}

/** @param stat what `/proc/<pid>/stat` holds */
export function parseStat(pid: number, stat: string): ProcessEntry {
  // The name in parentheses may hold spaces and parentheses; what follows it does not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const field = (index: number) => Number(fields[index])
  return { pid, parent: field(1), ticks: field(11) + field(12), ticksOfEnded: field(13) + field(14) }
}

/** These processes with everything they have started, and that in turn. */
export function descendants(table: readonly ProcessEntry[], roots: readonly number[]): ProcessEntry[] {
  const found: ProcessEntry[] = []
  let wanted = table.filter(({ pid }) => roots.includes(pid))
  while (wanted.length > 0) {
    found.push(...wanted)
    const parents = new Set(wanted.map(({ pid }) => pid))
    wanted = table.filter(({ parent, pid }) => parents.has(parent) && !roots.includes(pid))
  }
  return found
}

/** @returns null when the process has ended, or is not ours to look at */
export function readProcessFile(pid: number, name: 'stat' | 'cmdline' | 'smaps_rollup'): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return null
  }
}

/** Processor seconds used so far; null where /proc does not tell (not Linux). */
export function processorSeconds({
  pid,
  withChildren,
}: {
  pid: number
  withChildren: boolean
}): number | null {
  if (!existsSync('/proc/self/stat')) return null
  let ticks = 0
  for (const { pid: own, parent, ticks: used } of processTable()) {
    if (own === pid || (withChildren && parent === pid)) ticks += used
  }
  return ticks / TICKS_PER_SECOND
}

/** The process that listens on the database's connections: the parent of our backend. */
export function parentOf(pid: number): number | null {
  return processTable().find(({ pid: own }) => own === pid)?.parent ?? null
}
