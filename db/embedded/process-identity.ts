import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'

/**
 * What tells a process from a later one that was given the same pid: the boot and the start time.
 *
 * @returns undefined when no such process runs; a zombie does not run
 */
export function processIdentity(pid: number): string | undefined {
  if (process.platform === 'linux') return linuxIdentity(pid)
  const started = ps(pid, 'lstart=')
  return started === '' ? undefined : started
}

/**
 * True when the process is the Postgres server of this very cluster. A postmaster stays in its cluster's
 * folder for life, which a copied or stale `postmaster.pid` cannot pretend.
 */
export function isPostmasterOf(pid: number, clusterDir: string): boolean {
  if (processIdentity(pid) === undefined) return false
  if (process.platform === 'linux') return workingDirectory(pid) === realDirectory(clusterDir)
  return ps(pid, 'args=').includes(clusterDir)
}

/** Server processes of the cluster that run although their postmaster does not. Linux only: none elsewhere. */
export function processesIn(clusterDir: string): number[] {
  if (process.platform !== 'linux') return []
  const directory = realDirectory(clusterDir)
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => workingDirectory(pid) === directory)
}

function linuxIdentity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The command (field 2) may hold blanks and brackets, so fields are counted from its last bracket.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (state === 'Z' || state === 'X') return undefined
    const startTicks = rest[18]
    return `${bootId()}:${startTicks}`
  } catch {
    return undefined
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return 'boot'
  }
}

function workingDirectory(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

function realDirectory(directory: string): string {
  try {
    return realpathSync(directory)
  } catch {
    return directory
  }
}

function ps(pid: number, column: string): string {
  try {
    return execFileSync('ps', ['-ww', '-o', column, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return ''
  }
}
