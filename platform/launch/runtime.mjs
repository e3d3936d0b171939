import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { runNpm } from './npm.mjs'

/** The first major version that runs the project's TypeScript directly. */
export const leastMajor = 24

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
