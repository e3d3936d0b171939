import { existsSync, readdirSync, readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100

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
  for (const { pid: own, parent, ticks: used } of processes()) {
    if (own === pid || (withChildren && parent === pid)) ticks += used
  }
  return ticks / TICKS_PER_SECOND
}

/** The process that listens on the database's connections: the parent of our backend. */
export function parentOf(pid: number): number | null {
  return processes().find(({ pid: own }) => own === pid)?.parent ?? null
}

function processes(): { pid: number; parent: number; ticks: number }[] {
  if (!existsSync('/proc/self/stat')) return []
  return readdirSync('/proc').flatMap(name => {
    if (!/^\d+$/.test(name)) return []
    try {
      // The name in parentheses may hold spaces; what follows it does not.
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return [
        { pid: Number(name), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) },
      ]
    } catch {
      // It ended while we looked.
      return []
    }
  })
}
