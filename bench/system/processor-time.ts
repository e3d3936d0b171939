import { existsSync, readdirSync, readFileSync } from 'node:fs'

export const TICKS_PER_SECOND = 100

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
  for (const { pid: own, parent, ticks: used } of processEntries()) {
    if (own === pid || (withChildren && parent === pid)) ticks += used
  }
  return ticks / TICKS_PER_SECOND
}

/** The process that listens on the database's connections: the parent of our backend. */
export function parentOf(pid: number): number | null {
  return processEntries().find(({ pid: own }) => own === pid)?.parent ?? null
}

export interface ProcessEntry {
  pid: number
  parent: number
  /** Of processor time, its own. */
  ticks: number
  /** Of its children that have ended and were waited for, and of theirs. */
  endedTicks: number
}

/** All processes of this machine; none where /proc does not tell. */
export function processEntries(): ProcessEntry[] {
  if (!existsSync('/proc/self/stat')) return []
  return readdirSync('/proc').flatMap(name => {
    if (!/^\d+$/.test(name)) return []
    try {
      // The name in parentheses may hold spaces; what follows it does not.
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const field = (index: number) => Number(fields[index])
      return [
        {
          pid: Number(name),
          parent: field(1),
          ticks: field(11) + field(12),
          endedTicks: field(13) + field(14),
        },
      ]
    } catch {
      // It ended while we looked.
      return []
    }
  })
}
