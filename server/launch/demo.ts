import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { migrate } from '#db/migrate.ts'
import { type Environment, projectRoot, readEnvironment } from '#server/environment.ts'
import { ensurePagesBuilt } from './build-pages.ts'
import { openDemoDatabase, prepareLog, resetDemo, whileSeeding } from './demo-database.ts'
import { DemoError } from './demo-error.ts'
import { type DemoOptions, demoUsage, parseDemoOptions } from './demo-options.ts'
import { tryLock, unlock } from './file-lock.mjs'
import { type Fleet, startFleet } from './fleet.ts'
import { type Narration, narrateTo, seconds } from './narrate.ts'
import { browserUrl, reservePorts } from './ports.ts'
import { processNames } from './processes.ts'
import { runSeeder } from './run-seeder.ts'
import { StopRequested, stopOnSignals, unlessStopped } from './stop-signal.ts'
import { UsageError } from './usage-error.ts'
import { isUpWithin } from './wait-until-up.ts'

const upWithinMs = 60_000
/** With the 3 s of the processes this stays below the 5 s in which Ctrl+C is done; Postgres then ends by itself. */
const databasePatienceMs = 1_500

/** What must be undone at the end, in reverse. */
type Undo = (() => Promise<void>)[]

async function demo(options: DemoOptions, environment: Environment, narration: Narration): Promise<void> {
  const undo: Undo = []
  let fleet: Fleet | undefined
  const stop = stopOnSignals(() => {
    fleet?.killAll()
    process.exit(130)
  })
  try {
    await lockDataDir(environment, undo)
    fleet = await bringUp({ options, environment, narration, stop, undo })
    await unlessStopped(stop, new Promise(() => {}))
  } catch (error) {
    if (!(error instanceof StopRequested) && !stop.aborted) throw error
    narration.line('\nStopping …')
  } finally {
    const began = performance.now()
    for (const step of undo.toReversed()) await step()
    if (stop.aborted)
      narration.line(
        `Stopped in ${seconds(performance.now() - began).trim()}. The data stays in ${shown(environment.dataDir)}.`,
      )
  }
}

async function bringUp(context: {
  options: DemoOptions
  environment: Environment
  narration: Narration
  stop: AbortSignal
  undo: Undo
}): Promise<Fleet> {
  const { options, environment, narration, stop, undo } = context
  const began = performance.now()
  narration.line('Tillstream demo')
  const ports = await reservePorts(environment.host, {
    ...environment.givenPorts,
    ...(options.port !== undefined && { port: options.port }),
  })
  undo.push(() => ports.giveUp())
  // Building needs no database, and seeding no pages: each has a core.
  const buildEnd = new AbortController()
  const building = ensurePagesBuilt({
    stop: AbortSignal.any([stop, buildEnd.signal]),
    onBuild: () => narration.line('    Building the pages meanwhile (once; about half a minute) …'),
  })
  building.catch(() => {})
  undo.push(async () => buildEnd.abort())

  if (options.reset) await narration.step('Earlier data deleted', () => resetDemo(environment))
  const opened = await narration.step('Postgres', () => openDemoDatabase(environment))
  let database = opened
  undo.push(() => database.release(databasePatienceMs))
  await narration.step('Tables', () => unlessStopped(stop, migrate(opened.url)))
  const prepared = await prepareLog(environment, opened)
  database = prepared.database
  if (prepared.isEmpty && options.seed) {
    await narration.step('History', () =>
      whileSeeding(environment, () =>
        runSeeder({
          databaseUrl: database.url,
          dataDir: environment.dataDir,
          args: options.seederArguments,
          stop,
        }),
      ),
    )
  } else if (options.seederArguments.length > 0) {
    narration.warn(
      `The database already holds events: ${options.seederArguments.join(' ')} has no effect without --reset.`,
    )
  }
  await narration.step(
    'Pages',
    () => unlessStopped(stop, building),
    built => (built ? 'built' : 'as built before'),
  )

  await ports.giveUp()
  const names = processNames.filter(name => options.simulate || name !== 'simulate')
  const fleet = startFleet({ names, environment, ports, database, narration, output: 'files' })
  undo.push(() => fleet.stop())
  await narration.step(
    'Processes',
    () => waitForWeb({ fleet, environment, port: ports.port, stop }),
    () => names.join(', '),
  )

  narration.line('')
  narration.line(`  Dashboard   ${browserUrl(environment.host, ports.port)}`)
  narration.line(`  Tills       POST ${browserUrl(environment.host, ports.intakePort)}/api/v1/events`)
  narration.line(`  Logs        ${shown(path.join(environment.dataDir, 'logs'))}`)
  narration.line(
    `\n  Ready after ${seconds(performance.now() - began).trim()}. Ctrl+C stops everything; the data stays.\n`,
  )
  return fleet
}

async function waitForWeb(options: {
  fleet: Fleet
  environment: Environment
  port: number
  stop: AbortSignal
}): Promise<void> {
  const { fleet, environment, port, stop } = options
  const url = `${browserUrl(environment.host, port)}/healthz`
  const up = isUpWithin({ url, timeoutMs: upWithinMs, stop })
  const outcome = await Promise.race([up, fleet.hopeless])
  if (outcome === true) return
  const logs = path.join(environment.dataDir, 'logs')
  throw new DemoError(
    outcome === false
      ? `The dashboard does not answer at ${url}. See the logs in ${logs}.`
      : `${outcome}\nSee the logs in ${logs}.`,
  )
}

/** Two demos on one data folder would run two of everything. */
async function lockDataDir({ dataDir }: Environment, undo: Undo): Promise<void> {
  await mkdir(dataDir, { recursive: true })
  const file = path.join(dataDir, 'demo.lock')
  const holder = tryLock(file)
  if (holder !== undefined) {
    throw new DemoError(
      `A demo already runs on ${shown(dataDir)} (process ${holder}). Stop it first, or set DATA_DIR to another folder.`,
    )
  }
  undo.push(async () => unlock(file))
}

function shown(directory: string): string {
  const relative = path.relative(projectRoot, directory)
  return relative.startsWith('..') ? directory : relative
}

try {
  const options = parseDemoOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(demoUsage)
  else await demo(options, readEnvironment(), narrateTo(process.stdout))
  process.exit(0)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  if (error instanceof UsageError) process.stderr.write('"npm run demo -- --help" lists the options.\n')
  process.exit(error instanceof UsageError ? 2 : 1)
}
