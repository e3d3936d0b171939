import { readFileSync } from 'node:fs'
import path from 'node:path'

/** What a running (or crashed) server says about itself in `postmaster.pid`. */
export type PostmasterFile = Readonly<{
  pid: number
  /** Undefined while the server has not yet written it. */
  port: number | undefined
  status: 'starting' | 'ready' | 'stopping'
}>

export function postmasterFilePath(clusterDir: string): string {
  return path.join(clusterDir, 'postmaster.pid')
}

/** @returns undefined when there is no such file, which means that no server runs */
export function readPostmasterFile(clusterDir: string): PostmasterFile | undefined {
  try {
    return parsePostmasterFile(readFileSync(postmasterFilePath(clusterDir), 'latin1'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Lines as in Postgres' `miscadmin.h`: pid, data folder, start, port, socket folder, address, memory, status. */
export function parsePostmasterFile(content: string): PostmasterFile | undefined {
  const lines = content.split('\n').map(line => line.trim())
  const pid = Math.abs(Number(lines[0]))
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  const port = Number(lines[3])
  return {
    pid,
    port: Number.isInteger(port) && port > 0 ? port : undefined,
    status: lines[7] === 'ready' || lines[7] === 'stopping' ? lines[7] : 'starting',
  }
}
