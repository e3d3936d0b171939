import { type PostmasterFile, readPostmasterFile } from './postmaster-file.ts'
import { isPostmasterOf } from './process-identity.ts'

/** The running server of the cluster, undefined when none runs (whatever a stale file says). */
export function findServer(clusterDir: string): PostmasterFile | undefined {
  const file = readPostmasterFile(clusterDir)
  return file !== undefined && isPostmasterOf(file.pid, clusterDir) ? file : undefined
}
