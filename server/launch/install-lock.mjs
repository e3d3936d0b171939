import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const pollMs = 250

/**
 * Runs `work` while no other launch in this folder does. The lock is a file that names its holder; one whose
 * holder is dead is taken over.
 *
 * @param {{ root: string, onWait: (pid: number) => void, work: () => Promise<void> }} options
 */
export async function withInstallLock({ root, onWait, work }) {
  const file = path.join(root, '.install.lock')
  for (let waited = false; !take(file); waited = true) {
    const holder = read(file)
    if (holder === undefined) continue
    if (!isAlive(holder)) {
      breakLock(file, holder)
      continue
    }
    if (!waited) onWait(Number.parseInt(holder, 10))
    await new Promise(resolve => setTimeout(resolve, pollMs))
  }
  try {
    await work()
  } finally {
    rmSync(file, { force: true })
  }
}

/** Makes the file with its content in one step, so that nobody reads it half written. @param {string} file */
function take(file) {
  const own = `${file}.${process.pid}`
  try {
    writeFileSync(own, identity(process.pid))
    linkSync(own, file)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw new Error(
      `Dependencies are missing or out of date, and ${path.dirname(file)} cannot be written ` +
        `(${error instanceof Error ? error.message : error}). Run "npm ci" there as the user who owns it.`,
    )
  } finally {
    rmSync(own, { force: true })
  }
}

/**
 * Two launches may find the same dead lock: the second must not break the lock that the first has taken since.
 *
 * @param {string} file @param {string} dead content of the lock to break
 */
function breakLock(file, dead) {
  const aside = `${file}.${process.pid}.dead`
  try {
    renameSync(file, aside)
    if (readFileSync(aside, 'utf8') !== dead) linkSync(aside, file)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

/** @param {string} file @returns {string | undefined} */
function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** @param {string} holder as `identity` gives it */
export function isAlive(holder) {
  const pid = Number.parseInt(holder, 10)
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false
  }
  return identity(pid) === holder
}

/** Pid and, where the system tells it, the start time, which sets it apart from a later process. @param {number} pid */
export function identity(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  } catch {
    return `${pid}`
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
