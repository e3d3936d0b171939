import { readFileSync } from 'node:fs'
import path from 'node:path'
import { runningProcess } from './start-jvm.ts'

/** What a broker of this machine keeps in its folder, so that others find it. */
export const BROKER_FILES = { pid: 'broker.pid', url: 'broker.url' } as const

/** Where an installation's own broker keeps its log, which is the order log, and what it says. */
export function brokerFolder(dataDir: string): string {
  return path.join(dataDir, 'kafka')
}

/**
 * The broker that an installation runs itself, as the demo does: commands started in the same folder find it as they
 * find its Postgres.
 *
 * @returns host:port, as KAFKA_URL takes it; undefined where none runs
 */
export function findLocalBroker(dataDir: string): string | undefined {
  const folder = brokerFolder(dataDir)
  // The port of one that has ended may be anybody's.
  if (runningProcess(path.join(folder, BROKER_FILES.pid)) === undefined) return undefined
  try {
    return readFileSync(path.join(folder, BROKER_FILES.url), 'utf8').trim()
  } catch {
    return undefined
  }
}
