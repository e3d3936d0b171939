import { kill } from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { findServer } from './find-server.ts'
import { processesIn } from './process-identity.ts'

const patienceMs = 10_000
const pollMs = 20

/**
 * Ends server processes that outlived their postmaster (it was killed while they computed): they hold the
 * shared memory, and no new server starts beside them. Their transactions never committed.
 */
export function endOrphans(clusterDir: string): void {
  if (findServer(clusterDir) !== undefined) return
  for (const pid of processesIn(clusterDir)) quit(pid)
}

/** Ends a server whose data nobody wants any more, without writing anything out. */
export async function killServer(clusterDir: string): Promise<void> {
  const deadline = performance.now() + patienceMs
  for (let server = findServer(clusterDir); server !== undefined; server = findServer(clusterDir)) {
    quit(server.pid)
    if (performance.now() > deadline) return
    await delay(pollMs)
  }
}

function quit(pid: number): void {
  try {
    kill(pid, 'SIGQUIT')
  } catch {
    // It has ended by itself in the meantime.
  }
}
