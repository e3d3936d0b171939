import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { withInstallLock } from './install-lock.mjs'
import { runNpm } from './npm.mjs'

/**
 * @typedef {Readonly<Record<string, { version?: string, optional?: boolean, dev?: boolean, devOptional?: boolean, link?: boolean }>>} Packages
 * by path, as in a lockfile
 */

/**
 * Installs what `package-lock.json` names when it is missing or differs. Two launches at once install once.
 * Says so on standard error only.
 *
 * @param {{ root: string, development: boolean }} options `development` when development dependencies are needed
 */
export async function ensureDependencies({ root, development }) {
  if (isInstalled(root, development)) return
  await withInstallLock({
    root,
    onWait: pid => say(`Waiting for process ${pid}, which is installing the dependencies …`),
    work: async () => {
      if (!isInstalled(root, development)) await install(root)
    },
  })
}

/** @param {string} root @param {boolean} development */
function isInstalled(root, development) {
  const installed = readPackages(path.join(root, 'node_modules', '.package-lock.json'))
  if (installed === undefined) return false
  const wanted = readPackages(path.join(root, 'package-lock.json'))
  return wanted === undefined || differences({ wanted, installed, development }).length === 0
}

/**
 * What must be installed anew. Optional packages count only where they are installed in another version:
 * those of other platforms never are.
 *
 * @param {{ wanted: Packages, installed: Packages, development: boolean }} packages
 * @returns {string[]} paths
 */
export function differences({ wanted, installed, development }) {
  return Object.entries(wanted)
    .filter(([place, entry]) => place !== '' && entry.link !== true)
    .filter(([place, entry]) => {
      const present = installed[place]
      if (present !== undefined) return present.version !== entry.version
      return entry.optional !== true && (development || (entry.dev !== true && entry.devOptional !== true))
    })
    .map(([place]) => place)
}

/** @param {string} file @returns {Packages | undefined} undefined when there is no such (whole) file */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

/** @param {string} root */
async function install(root) {
  const began = Date.now()
  const seconds = () => Math.round((Date.now() - began) / 1000)
  const locked = existsSync(path.join(root, 'package-lock.json'))
  say('Installing dependencies (once; about a minute) …')
  const ticking = setInterval(() => {
    if (process.stderr.isTTY) process.stderr.write(`\r${seconds()} s `)
  }, 1000)
  try {
    // Development dependencies even under NODE_ENV=production: the pages are built with them.
    const flags = ['--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
    await runNpm({ root, args: [locked ? 'ci' : 'install', ...flags] })
  } finally {
    clearInterval(ticking)
    if (process.stderr.isTTY) process.stderr.write('\r')
  }
  say(`Dependencies installed in ${seconds()} s.`)
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`)
}
