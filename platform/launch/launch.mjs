// Runs before anything is installed, on whatever Node the machine has: plain JavaScript, nothing imported
// but Node's own modules and the files beside this one.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureDependencies, findRuntime } from './install.mjs'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')

/**
 * Every npm script's program, by command. `dev` says that it needs development dependencies (it builds the
 * pages, or tests), `settings` that it reads `.env`, `flags` are Node's for it alone.
 *
 * @type {Readonly<Record<string, Readonly<{ entry: string, dev: boolean, settings: boolean, flags?: string[] }>>>}
 */
const commands = {
  // It only watches, once all is up: the garbage of its start would stay for minutes (decision 009).
  demo: { entry: 'platform/launch/demo.ts', dev: true, settings: true, flags: ['--max-semi-space-size=1'] },
  build: { entry: 'platform/launch/pages.ts', dev: true, settings: false },
  start: { entry: 'platform/launch/start.ts', dev: false, settings: true },
  seed: { entry: 'seed/seeder/main.ts', dev: false, settings: true },
  simulate: { entry: 'seed/simulators/main.ts', dev: false, settings: true },
  stores: { entry: 'server/intake/stores/main.ts', dev: false, settings: true },
  rates: { entry: 'server/intake/rates/main.ts', dev: false, settings: true },
  products: { entry: 'server/intake/reference/products/main.ts', dev: false, settings: true },
  categories: { entry: 'server/intake/reference/categories/main.ts', dev: false, settings: true },
  costs: { entry: 'server/intake/reference/costs/main.ts', dev: false, settings: true },
  people: { entry: 'server/intake/reference/people/main.ts', dev: false, settings: true },
  policies: { entry: 'server/intake/reference/policies/main.ts', dev: false, settings: true },
  suppliers: { entry: 'server/intake/reference/suppliers/main.ts', dev: false, settings: true },
  import: { entry: 'server/intake/files/main.ts', dev: false, settings: true },
  jobs: { entry: 'jobs/main.ts', dev: false, settings: true },
  archive: { entry: 'jobs/archive/main.ts', dev: false, settings: true },
  log: { entry: 'server/log/kafka/main.ts', dev: false, settings: true },
  stream: { entry: 'server/stream/main.ts', dev: false, settings: true },
  flink: { entry: 'scale/flink/main.ts', dev: false, settings: true },
  replay: { entry: 'server/stream/replay/main.ts', dev: false, settings: true },
  generations: { entry: 'server/stream/generations/main.ts', dev: false, settings: true },
  reconcile: { entry: 'server/serving/reconcile/main.ts', dev: false, settings: true },
  bench: { entry: 'bench/main.ts', dev: false, settings: true },
  pictures: { entry: 'e2e/take-pictures.ts', dev: true, settings: false },
  prove: { entry: 'e2e/prove/main.ts', dev: true, settings: false },
  // Tests and checks must not depend on what somebody wrote into .env.
  test: { entry: 'platform/launch/test.ts', dev: true, settings: false },
  audit: { entry: 'platform/launch/dependencies.ts', dev: false, settings: false },
  check: { entry: 'platform/launch/check.ts', dev: true, settings: false },
}

/** @param {string} name @param {readonly string[]} args @returns {Promise<number>} exit code */
async function launch(name, args) {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    process.stderr.write(`Unknown command "${name}". Commands: ${Object.keys(commands).join(', ')}.\n`)
    return 2
  }
  await ensureDependencies({ root, development: command.dev })
  const runtime = await findRuntime(root)
  const entry = path.join(root, command.entry)
  if (!existsSync(entry))
    throw new Error(`${command.entry} is missing: this copy of the project is not complete.`)
  return run(runtime, [...nodeFlags(command), entry, ...args])
}

/** @param {{ settings: boolean, flags?: string[] }} command */
function nodeFlags(command) {
  const settingsFile = path.join(root, '.env')
  return [
    '--disable-warning=ExperimentalWarning',
    `--import=${path.join(root, 'platform/compile-cache.mjs')}`,
    `--import=${path.join(root, 'platform/follow-parent.mjs')}`,
    ...(command.flags ?? []),
    ...(command.settings && existsSync(settingsFile) ? [`--env-file=${settingsFile}`] : []),
  ]
}

/** Runs the command in the terminal we were given. @param {string} program @param {readonly string[]} args */
function run(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      // The channel tells the child when we are killed, so that it does not stay behind.
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      env: {
        ...process.env,
        // From its first module on; see compile-cache.mjs.
        NODE_COMPILE_CACHE:
          process.env.NODE_COMPILE_CACHE ?? path.join(root, 'node_modules', '.cache', 'compiled'),
        INIT_CWD: process.env.INIT_CWD ?? process.cwd(),
        PATH: `${path.join(root, 'node_modules', '.bin')}${path.delimiter}${process.env.PATH ?? ''}`,
      },
    })
    for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP']))
      process.on(signal, () => child.kill(signal))
    // Ctrl+C reaches the child by itself, and npm repeats it to us: once more does no harm, twice would.
    process.once('SIGINT', () => {
      process.on('SIGINT', () => {})
      child.kill('SIGINT')
    })
    if (process.env.npm_lifecycle_event !== undefined) whenParentGone(() => child.kill('SIGTERM'))
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + os.constants.signals[signal ?? 'SIGKILL']))
  })
}

/**
 * npm passes a signal on to the shell it runs us in; the shell dies of it and tells nobody. So the end of our
 * parent is the only sign that somebody asked npm to stop.
 *
 * @param {() => void} act
 */
function whenParentGone(act) {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    act()
  }, 200)
  watch.unref()
}

const [name = '', ...args] = process.argv.slice(2)
try {
  process.exitCode = await launch(name, args)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
