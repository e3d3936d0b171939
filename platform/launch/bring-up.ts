import path from 'node:path'
import { type Environment, projectRoot } from '#platform/environment.ts'
import { ensurePagesBuilt } from './build-pages.ts'
import { isLogEmpty, migrateDemo, openServedDatabase, resetDemo } from './demo-database.ts'
import { DemoError } from './demo-error.ts'
import type { DemoOptions } from './demo-options.ts'
import { createFleet, type Fleet } from './fleet.ts'
import { type Narration, seconds } from './narrate.ts'
import { browserUrl, type PortPair, reservePorts } from './ports.ts'
import { processNames } from './processes.ts'
import { runSeeder } from './run-seeder.ts'
import { unlessStopped } from './stop-signal.ts'
import { isUpWithin } from './wait-until-up.ts'

export type DemoContext = Readonly<{
  options: DemoOptions
  environment: Environment
  narration: Narration
  stop: AbortSignal
  /** Takes what must be done at the end; the last comes first. */
  atEnd: (step: () => Promise<void>) => void
}>

const upWithinMs = 60_000
/** With the 3 s of the processes this stays below the 5 s in which Ctrl+C is done; Postgres then ends by itself. */
const databasePatienceMs = 1_500

/**
 * Brings the whole demo up, step by step.
 *
 * @throws an error that says what to do, at the first step that fails; StopRequested when `stop` fires
 */
export async function bringUp(context: DemoContext): Promise<Fleet> {
  const { options, environment, narration, stop, atEnd } = context
  const began = performance.now()
  narration.line('Tillstream demo')
  const ports = await reservePorts(environment.host, {
    ...environment.givenPorts,
    ...(options.port !== undefined && { port: options.port }),
  })
  atEnd(() => ports.giveUp())
  // Building needs no database, and seeding no pages: each has a core.
  const building = beginBuild(context)

  if (options.reset) await narration.step('Earlier data deleted', () => resetDemo(environment))
  const database = await narration.step('Postgres', () => openServedDatabase(environment))
  atEnd(() => database.release(databasePatienceMs))
  await narration.step('Tables', () => unlessStopped(stop, migrateDemo(database)))
  await seedEmptyLog(context, database.url)
  await narration.step(
    'Pages',
    () => unlessStopped(stop, building),
    built => (built ? 'built' : 'as built before'),
  )

  await ports.giveUp()
  const fleet = createFleet({ environment, ports, database, narration, isDemo: true, output: 'files' })
  atEnd(() => fleet.stop())
  const names = processNames.filter(name => name !== 'simulate')
  fleet.start(names)
  await narration.step(
    'Processes',
    () => waitUntilUp(context, fleet, ports),
    () => names.join(', '),
  )
  // Only now: tills that meet a closed intake would begin with a warning.
  if (options.simulate) fleet.start(['simulate'])
  sayWhere(context, ports, performance.now() - began)
  return fleet
}

/** Whatever ends the demo also ends the build. */
function beginBuild({ narration, stop, atEnd }: DemoContext): Promise<boolean> {
  const end = new AbortController()
  const building = ensurePagesBuilt({
    stop: AbortSignal.any([stop, end.signal]),
    onBuild: () => narration.line('    Building the pages meanwhile (once; about half a minute) …'),
  })
  building.catch(() => {})
  atEnd(async () => end.abort())
  return building
}

async function seedEmptyLog(
  { options, environment, narration, stop }: DemoContext,
  url: string,
): Promise<void> {
  const { seed, simulate, seederArguments } = options
  if (!(await isLogEmpty(url))) {
    if (seederArguments.length === 0) return
    narration.warn(
      `The log already holds events: ${seederArguments.join(' ')} has no effect without --reset.`,
    )
  } else if (seed || simulate) {
    // The simulators need their stores, also where nobody wants a history.
    const args = seed ? seederArguments : [...seederArguments, '--days', '0']
    await narration.step(seed ? 'History' : 'Stores', () =>
      runSeeder({ databaseUrl: url, dataDir: environment.dataDir, args, stop }),
    )
  }
}

async function waitUntilUp(
  { environment, stop }: DemoContext,
  fleet: Fleet,
  { port, intakePort }: PortPair,
): Promise<void> {
  const logs = `See the logs in ${shownPath(path.join(environment.dataDir, 'logs'))}.`
  for (const one of [port, intakePort]) {
    const url = `${browserUrl(environment.host, one)}/healthz`
    const up = isUpWithin({ url, timeoutMs: upWithinMs, stop })
    const outcome = await Promise.race([up, fleet.hopeless])
    if (typeof outcome === 'string') throw new DemoError(`${outcome}\n${logs}`)
    if (!outcome) throw new DemoError(`${url} does not answer within ${upWithinMs / 1000} s. ${logs}`)
  }
}

function sayWhere({ environment, narration }: DemoContext, ports: PortPair, tookMs: number): void {
  const { host, dataDir } = environment
  narration.line('')
  narration.line(`  Dashboard   ${browserUrl(host, ports.port)}`)
  narration.line(`  Tills       POST ${browserUrl(host, ports.intakePort)}/api/v1/events`)
  narration.line(`  Logs        ${shownPath(path.join(dataDir, 'logs'))}`)
  narration.line('')
  narration.line(`  Ready after ${seconds(tookMs).trim()}. Ctrl+C stops everything; the data stays.`)
  narration.line('')
}

/** A path inside the project is short to read without the project's own. */
export function shownPath(directory: string): string {
  const relative = path.relative(projectRoot, directory)
  return relative.startsWith('..') ? directory : relative
}
