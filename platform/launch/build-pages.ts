import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { inheritedEnvironment, projectRoot } from '#platform/environment.ts'
import { withFileLock } from '#platform/file-lock.mjs'

/** What the pages are built from: a change in any of it makes a build stale. */
const sources = [
  'app',
  'server',
  'domain',
  'db',
  'package.json',
  'package-lock.json',
  'next.config.js',
  'postcss.config.mjs',
  'tsconfig.json',
]

const outputDir = path.join(projectRoot, '.next')
const stampFile = path.join(outputDir, 'tillstream-build')

/** The pages could not be built. The message ends with what the build wrote. */
export class BuildError extends Error {
  override readonly name = 'BuildError'
}

/**
 * Builds the pages unless they are built from these very sources. Two at once build once.
 *
 * @param options `stop` ends a build under way; `onBuild` is called when there is something to build
 * @returns whether it had to build
 * @throws BuildError
 */
export async function ensurePagesBuilt(
  options: { stop?: AbortSignal; onBuild?: () => void } = {},
): Promise<boolean> {
  const hash = await sourceHash(projectRoot)
  if (await isBuilt(hash)) return false
  options.onBuild?.()
  return withFileLock({
    file: path.join(projectRoot, '.build.lock'),
    onWait: pid => process.stderr.write(`Waiting for process ${pid}, which is building the pages …\n`),
    work: async () => {
      if (await isBuilt(hash)) return false
      await build(options.stop)
      await mkdir(outputDir, { recursive: true })
      await writeFile(stampFile, `${hash}\n`)
      return true
    },
  })
}

/** One hash over the names and contents of the sources; tests and documents are no sources. */
export async function sourceHash(root: string): Promise<string> {
  const files = (await Promise.all(sources.map(source => listFiles(path.join(root, source))))).flat()
  const hash = createHash('sha256')
  for (const file of files.toSorted()) {
    hash.update(`${path.relative(root, file)}\0`)
    hash.update(await readFile(file))
    hash.update('\0')
  }
  return hash.digest('hex')
}

async function isBuilt(hash: string): Promise<boolean> {
  const stamp = await readFile(stampFile, 'utf8').catch(() => '')
  return stamp.trim() === hash && existsSync(path.join(outputDir, 'BUILD_ID'))
}

async function listFiles(place: string): Promise<string[]> {
  if (!existsSync(place)) return []
  const entries = await readdir(place, { recursive: true, withFileTypes: true }).catch(() => undefined)
  if (entries === undefined) return [place]
  return entries
    .filter(entry => entry.isFile() && !/\.test\.tsx?$|\.md$/.test(entry.name))
    .map(entry => path.join(entry.parentPath, entry.name))
}

async function build(stop: AbortSignal | undefined): Promise<void> {
  const next = path.join(projectRoot, 'node_modules', 'next', 'dist', 'bin', 'next')
  const child = spawn(process.execPath, [next, 'build'], {
    cwd: projectRoot,
    env: inheritedEnvironment({ NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' }),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(stop && { signal: stop }),
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8')
    })
  }
  await once(child, 'close')
  if (child.exitCode !== 0) {
    throw new BuildError(`The pages could not be built (exit code ${child.exitCode}):\n${output.trim()}`)
  }
}
