import { existsSync } from 'node:fs'
import { processTable, TICKS_PER_SECOND } from './process-table.ts'

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
