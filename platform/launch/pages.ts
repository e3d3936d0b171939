import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseOptions, runCommand } from '#platform/command.ts'
import { projectRoot } from '#platform/environment.ts'
import { withFileLock } from '#platform/file-lock.mjs'
import { startProgram } from '#platform/process.ts'

const outputDir = path.join(projectRoot, '.next')
const stampFile = path.join(outputDir, 'tillstream-build')

/**
 * Builds the pages unless they are built from these very sources. Two at once build once.
 *
 * @param options `stop` ends a build under way; `onBuild` is called when there is something to build
 * @returns whether it had to build
 * @throws when the pages cannot be built, with what the build wrote
 */
export async function ensurePagesBuilt(
  options: { stop?: AbortSignal; onBuild?: () => void } = {},
): Promise<boolean> {
  const fingerprint = await fingerprintOf(projectRoot)
  if (await isBuilt(fingerprint)) return false
  options.onBuild?.()
  return withFileLock({
    file: path.join(projectRoot, '.build.lock'),
    onWait: pid => process.stderr.write(`Waiting for process ${pid}, which is building the pages …\n`),
    work: async () => {
      if (await isBuilt(fingerprint)) return false
      await build(options.stop)
      await mkdir(outputDir, { recursive: true })
      await writeFile(stampFile, `${fingerprint}\n`)
      return true
    },
  })
}

/** How pages are built, beside what they are made of. */
const SETTINGS = [
  'package.json',
  'package-lock.json',
  'next.config.js',
  'postcss.config.mjs',
  'tsconfig.json',
]

/**
 * A hash over the names and contents of all that gets into a build: the settings, everything in `app/`, and every
 * module of other folders that one of these imports, or that such a module imports. Tests, documents and types are
 * none of it, nor is the rest of the server.
 */
export async function fingerprintOf(root: string): Promise<string> {
  const files = new Map<string, Buffer>()

  async function add(file: string): Promise<void> {
    if (files.has(file)) return
    const content = await readFile(path.join(root, file)).catch(() => null)
    if (content === null) return
    files.set(file, content)
    if (!/\.[jt]sx?$/.test(file)) return
    for (const imported of importsOf(file, content.toString('utf8'))) await add(imported)
  }

  const app = await readdir(path.join(root, 'app'), { recursive: true, withFileTypes: true })
  for (const entry of app)
    if (entry.isFile() && !/\.test\.tsx?$|\.md$/.test(entry.name))
      await add(path.relative(root, path.join(entry.parentPath, entry.name)))
  for (const file of SETTINGS) await add(file)

  const hash = createHash('sha256')
  for (const [file, content] of [...files].sort(([one], [other]) => (one < other ? -1 : 1)))
    hash.update(`${file}\0`).update(content).update('\0')
  return hash.digest('hex')
}

/** `import … from 'x'` and `export … from 'x'` but for types, `import 'x'`, `import('x')`. */
const IMPORT =
  /\b(?:import|export)\b(?!\s+type\b)[^'"`;()=]*?\bfrom\s*['"]([^'"\n]+)['"]|\bimport\s*\(?\s*['"]([^'"\n]+)['"]/g

/** The modules of the project that a module imports, as paths from the project's folder. */
function importsOf(file: string, source: string): string[] {
  return [...source.matchAll(IMPORT)].flatMap(([, from, itself]) => {
    const specifier = from ?? itself ?? ''
    if (specifier.startsWith('#')) return [specifier.slice(1)]
    return specifier.startsWith('.') ? [path.join(path.dirname(file), specifier)] : []
  })
}

async function isBuilt(fingerprint: string): Promise<boolean> {
  const stamp = await readFile(stampFile, 'utf8').catch(() => '')
  return stamp.trim() === fingerprint && existsSync(path.join(outputDir, 'BUILD_ID'))
}

async function build(stop: AbortSignal | undefined): Promise<void> {
  const { code, output } = await startProgram({
    entry: 'node_modules/next/dist/bin/next',
    args: ['build'],
    settings: { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    isTool: true,
    stop,
  }).ended
  stop?.throwIfAborted()
  if (code !== 0) throw new Error(`The pages could not be built (exit code ${code}):\n${output.trim()}`)
}

if (import.meta.main) {
  await runCommand({
    usage: `Usage: npm run build

Builds the dashboard's pages into .next, unless they are built from these very sources. "npm run demo" and
"npm start -- web" do so themselves; an image does it once, while it is made.
`,
    hint: '"npm run build" takes no options.',
    parse: args => parseOptions(args, {}),
    async run() {
      process.stdout.write(
        (await ensurePagesBuilt()) ? 'The pages are built.\n' : 'The pages are up to date.\n',
      )
    },
  })
}
