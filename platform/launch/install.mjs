// Runs before anything is installed, on whatever Node the machine has: the packages, our patches in them, and the
// Node that runs the project.
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { withFileLock } from '../file-lock.mjs'

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
  try {
    await withFileLock({
      file: path.join(root, '.install.lock'),
      onWait: pid => say(`Waiting for process ${pid}, which is installing the dependencies …`),
      work: async () => {
        if (!isInstalled(root, development)) await install(root)
      },
    })
  } catch (error) {
    if (!isNotWritable(error)) throw error
    throw new Error(
      `Dependencies are missing or out of date, and ${root} cannot be written by this user. ` +
        'Run "npm ci" there as the user who owns it.',
    )
  }
}

/** @param {unknown} error */
function isNotWritable(error) {
  return (
    error instanceof Error && 'code' in error && ['EACCES', 'EPERM', 'EROFS'].includes(String(error.code))
  )
}

/** @param {string} root @param {boolean} development */
function isInstalled(root, development) {
  const installed = readPackages(path.join(root, 'node_modules', '.package-lock.json'))
  if (installed === undefined) return false
  const wanted = readPackages(path.join(root, 'package-lock.json'))
  if (wanted !== undefined && differences({ wanted, installed, development }).length > 0) return false
  return arePatched(root)
}

/**
 * Whether packages were installed with the patches that are here now: an update may bring another patch for the
 * same version. Who installed without us is believed, since npm itself applies the patches that are there.
 *
 * @param {string} root
 */
export function arePatched(root) {
  try {
    return readFileSync(patchRecord(root), 'utf8') === patchesDigest(root)
  } catch {
    return true
  }
}

/** @param {string} root */
export function recordPatches(root) {
  writeFileSync(patchRecord(root), patchesDigest(root))
}

/** @param {string} root */
function patchRecord(root) {
  return path.join(root, 'node_modules', '.patches')
}

/** @param {string} root */
function patchesDigest(root) {
  const folder = path.join(root, 'patches')
  const digest = createHash('sha256')
  const names = existsSync(folder) ? readdirSync(folder).sort() : []
  for (const name of names) digest.update(name).update(readFileSync(path.join(folder, name)))
  return digest.digest('hex')
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
    .filter(([place, entry]) => place.startsWith('node_modules/') && entry.link !== true)
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
  say('Installing dependencies (once; about a minute) …')
  const ticking = setInterval(() => {
    if (process.stderr.isTTY) process.stderr.write(`\r${seconds()} s `)
  }, 1000)
  try {
    await runInstall(root)
  } finally {
    clearInterval(ticking)
    if (process.stderr.isTTY) process.stderr.write('\r')
  }
  recordPatches(root)
  say(`Dependencies installed in ${seconds()} s.`)
}

/** @param {string} root */
async function runInstall(root) {
  // Development dependencies even under NODE_ENV=production: the pages are built with them. Install scripts even
  // where npm is set to skip them: they bring the runtime and apply our patches.
  const flags = [
    '--include=dev',
    '--include=optional',
    '--ignore-scripts=false',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  if (!existsSync(path.join(root, 'package-lock.json'))) return runNpm({ root, args: ['install', ...flags] })
  try {
    await runNpm({ root, args: ['ci', ...flags] })
  } catch (error) {
    // "ci" wants every platform's packages in the lockfile; a registry that lacks some writes one without.
    // "install --no-save" keeps to what is locked, and changes neither file.
    if (!(error instanceof Error) || !error.message.includes('EUSAGE')) throw error
    await runNpm({ root, args: ['install', '--no-save', ...flags] })
  }
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`)
}

/** The first major version that runs the project's TypeScript directly. */
const leastMajor = 24

/**
 * The Node that runs the project: the one npm installed with the dependencies, else the machine's own if it
 * is new enough (an image of Node 24 leaves the other out).
 *
 * @param {string} root
 * @returns {Promise<string>} its path
 */
export async function findRuntime(root) {
  const installed = path.join(root, 'node_modules', 'node', 'bin', 'node')
  if (isEnough(await versionOf(installed))) return installed
  if (isEnough(process.version)) return process.execPath
  // npm was told to skip install scripts (ignore-scripts), and this package's script brings the program.
  await runNpm({ root, args: ['rebuild', 'node', '--ignore-scripts=false'] })
  if (isEnough(await versionOf(installed))) return installed
  throw new Error(
    `Node ${leastMajor} is needed, this is ${process.version}, and npm did not install the package "node" ` +
      `(is npm set to omit optional dependencies?). Run "npm ci --include=optional", or install Node ${leastMajor}.`,
  )
}

/** @param {string | undefined} version as `node --version` prints it */
export function isEnough(version) {
  const major = Number(/^v(\d+)\./.exec(version ?? '')?.[1])
  return major >= leastMajor
}

/** @param {string} program @returns {Promise<string | undefined>} undefined when it does not run */
async function versionOf(program) {
  try {
    return (await promisify(execFile)(program, ['--version'])).stdout.trim()
  } catch {
    return undefined
  }
}

/**
 * Runs npm silently; never writes to our standard output.
 *
 * @param {{ root: string, args: readonly string[] }} call
 * @returns {Promise<void>}
 * @throws when npm fails, with what it wrote
 */
function runNpm({ root, args }) {
  const npm = npmCommand(process.env.npm_execpath)
  return new Promise((resolve, reject) => {
    const child = spawn(npm.program, [...npm.args, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', chunk => {
      output += chunk
    })
    child.stderr.on('data', chunk => {
      output += chunk
    })
    child.once('error', error =>
      reject(new Error(`npm cannot be started (${error.message}). Install npm 10 or later.`)),
    )
    child.once('close', code => {
      if (code === 0) resolve()
      else reject(new Error(`"npm ${args.join(' ')}" failed (exit code ${code}):\n${output.trim()}`))
    })
  })
}

/**
 * The npm that runs us, if it is npm that does.
 *
 * @param {string | undefined} execPath `npm_execpath`
 * @returns {{ program: string, args: string[] }}
 */
export function npmCommand(execPath) {
  if (execPath !== undefined && /^npm(-cli)?\.c?js$/.test(path.basename(execPath))) {
    return { program: process.execPath, args: [execPath] }
  }
  return { program: 'npm', args: [] }
}
