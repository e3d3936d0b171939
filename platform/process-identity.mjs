// Plain JavaScript: the file lock needs it before anything is installed.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * What tells a process from a later one that was given the same pid: on Linux the boot and the tick of its start,
 * elsewhere the date and second of its start.
 *
 * @param {number} pid
 * @param {NodeJS.Platform} [platform]
 * @returns {string | undefined} undefined when no such process runs (a zombie does not), or where the system does
 *   not tell
 */
export function processIdentity(pid, platform = process.platform) {
  return platform === 'linux' ? linuxIdentity(pid) : askPs(pid, 'lstart=') || undefined
}

/**
 * A column of `ps` for one process, in one language and time zone whoever asks.
 *
 * @param {number} pid @param {string} column
 */
export function askPs(pid, column) {
  try {
    return execFileSync('ps', ['-ww', '-o', column, '-p', String(pid)], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return ''
  }
}

/** @param {number} pid */
function linuxIdentity(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The command (field 2) may hold blanks and brackets, so fields are counted from its last bracket.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (state === 'Z' || state === 'X') return undefined
    return `${bootId()}:${rest[18]}`
  } catch {
    return undefined
  }
}

function bootId() {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return 'boot'
  }
}
