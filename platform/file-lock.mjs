// Plain JavaScript: it is needed before anything is installed.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { processIdentity } from './process-identity.mjs'

const pollMs = 250

/**
 * Runs `work` while no other process holds the lock. The lock is a file that names its holder; one whose
 * holder is dead is taken over.
 *
 * @template Result
 * @param {{ file: string, onWait: (pid: number) => void, work: () => Promise<Result> }} options
 * @returns {Promise<Result>}
 * @throws the file system's error when the lock's folder cannot be written to
 */
export async function withFileLock({ file, onWait, work }) {
  for (let waited = false; ; ) {
    const holder = tryLock(file)
    if (holder === undefined) break
    if (!waited) onWait(holder)
    waited = true
    await new Promise(resolve => setTimeout(resolve, pollMs))
  }
  try {
    return await work()
  } finally {
    unlock(file)
  }
}

/**
 * Takes the lock if it is free, or its holder dead.
 *
 * @param {string} file
 * @returns {number | undefined} undefined when we hold it now, else the process that does
 */
export function tryLock(file) {
  while (!take(file)) {
    const holder = read(file)
    if (holder === undefined) continue
    if (isAlive(holder)) return Number.parseInt(holder, 10)
    breakLock(file, holder)
  }
  return undefined
}

/** Only for the holder. @param {string} file */
export function unlock(file) {
  rmSync(file, { force: true })
}

/** Makes the file with its content in one step, so that nobody reads it half written. @param {string} file */
function take(file) {
  const own = `${file}.${process.pid}`
  try {
    writeFileSync(own, holderOf(process.pid))
    linkSync(own, file)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    rmSync(own, { force: true })
  }
}

/**
 * Two processes may find the same dead lock: the second must not break the lock that the first has taken since.
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

/** @param {string} holder what its lock says */
function isAlive(holder) {
  const pid = Number.parseInt(holder, 10)
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false
  }
  return holderOf(pid) === holder
}

/**
 * What the lock of a process says: its pid and, where the system tells it, what sets it apart from a later process
 * of the same pid, be it after a restart of the machine.
 *
 * @param {number} pid
 */
export function holderOf(pid) {
  return `${pid} ${processIdentity(pid) ?? ''}`.trim()
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
