import path from 'node:path'
import { setDemoSpeed } from '#db/demo-speed.ts'
import { crashEmbedded } from '#db/embedded/embedded-postgres.ts'
import { withConnection } from '#db/open.ts'
import { type Environment, readKafkaBrokers } from '#platform/environment.ts'
import { unlessStopped } from '#platform/process.ts'
import { flinkPid } from '#scale/flink/job.ts'
import {
  adoptKafka,
  hasFlinkGeneration,
  isLogEmpty,
  isLogInKafka,
  migrateDemo,
  openServedDatabase,
  resetDemo,
  runSeeder,
} from './demo-database.ts'
import { serveFaults } from './faults/serve-faults.ts'
import { isUpWithin } from './health.ts'
import { createInstallation, type Installation } from './installation.ts'
import { type ServedKafka, serveKafka } from './kafka.ts'
import { ensurePagesBuilt } from './pages.ts'
import { browserUrl, type PortPair, reservePorts } from './ports.ts'
import { servingProcesses } from './processes.ts'
import { seconds, shownPath, type Terminal } from './terminal.ts'

/** What outgrows one machine, run on one. */
export const SCALES = ['kafka', 'flink'] as const
export type Scale = (typeof SCALES)[number]

export type DemoOptions = Readonly<{
  /** Asked for by name; undefined means 3000 or the next free pair. */
  port: number | undefined
  seed: boolean
  simulate: boolean
  /** Delete the demo's data first. */
  reset: boolean
  /** How many times faster than their history the shops sell; undefined: as was set last. */
  speed: number | undefined
  /** Undefined: as the database's log is. */
  scale: Scale | undefined
  /** Options for the seeder, as it takes them. */
  seederArguments: readonly string[]
}>

export type DemoContext = Readonly<{
  options: DemoOptions
  environment: Environment
  terminal: Terminal
  stop: AbortSignal
  /** Takes what must be done at the end; the last comes first. */
  atEnd: (step: () => Promise<void>) => void
}>

const upWithinMs = 60_000
/** With the 3 s of the processes this stays below the 5 s in which Ctrl+C is done; Postgres then ends by itself. */
const databasePatienceMs = 1_500
/** Of a broker that ends in good order. One that is killed has lost nothing, and looks its log through at its start. */
const KAFKA_PATIENCE_MS = 2_500

/**
 * Starts the whole demo, step by step.
 *
 * @throws an error that says what to do, at the first step that fails; StopRequested when `stop` fires
 */
export async function startDemo(context: DemoContext): Promise<Installation> {
  const { options, environment, terminal, stop, atEnd } = context
  const began = performance.now()
  terminal.line('Tillstream demo')
  const ports = await reservePorts(environment.host, {
    ...environment.givenPorts,
    ...(options.port !== undefined && { port: options.port }),
  })
  atEnd(() => ports.giveUp())
  // Building needs no database, and seeding no pages: each has a core.
  const building = beginBuild(context)

  if (options.reset) await terminal.step('Earlier data deleted', () => resetDemo(environment))
  const database = await terminal.step('Postgres', () => openServedDatabase(environment))
  atEnd(() => database.release(databasePatienceMs))
  await terminal.step('Tables', () => unlessStopped(stop, migrateDemo(database)))
  await seedEmptyLog(context, database.url)
  const kafka = await openKafka(context, database.url)
  await terminal.step(
    'Pages',
    () => unlessStopped(stop, building),
    built => (built ? 'built' : 'as built before'),
  )

  await ports.giveUp()
  const installation = createInstallation({
    environment,
    ports,
    database,
    kafkaUrl: kafka?.url,
    terminal,
    isDemo: true,
  })
  atEnd(() => installation.stop())
  const hasFlink = options.scale === 'flink' || (await hasFlinkGeneration(database.url))
  const names = servingProcesses({ isLogInKafka: kafka !== null, hasFlink })
  installation.start(names)
  await terminal.step(
    'Processes',
    () => waitUntilUp(context, installation, ports),
    () => names.join(', '),
  )
  const faults = serveFaults({
    databaseUrl: database.url,
    targets: new Set([
      ...names.filter(name => name !== 'web' && name !== 'simulate'),
      ...(database.embedded ? (['postgres'] as const) : []),
      ...(kafka?.pid ? (['kafka'] as const) : []),
    ]),
    pidOf(target) {
      if (target === 'kafka') return kafka?.pid?.()
      // Not who looks after it: that one starts it again.
      return target === 'flink' ? flinkPid(environment.dataDir) : installation.pidOf(target)
    },
    intakeUrl: browserUrl(environment.host, ports.intakePort),
    crashPostgres: database.embedded && (() => crashEmbedded(environment.dataDir)),
    warn: text => terminal.warn(text),
  })
  atEnd(() => faults.stop())
  // Only now: tills that meet a closed intake would begin with a warning.
  if (options.simulate) {
    const { speed } = options
    if (speed !== undefined) {
      await withConnection(database.url, { applicationName: 'tillstream demo' }, sql =>
        setDemoSpeed(sql, { speed, by: 'npm run demo' }),
      )
    }
    installation.start(['simulate'])
  }
  sayWhere(context, ports, performance.now() - began)
  return installation
}

/** Whatever ends the demo also ends the build. */
function beginBuild({ terminal, stop, atEnd }: DemoContext): Promise<boolean> {
  const end = new AbortController()
  const building = ensurePagesBuilt({
    stop: AbortSignal.any([stop, end.signal]),
    onBuild: () => terminal.line('    Building the pages meanwhile (once; about half a minute) …'),
  })
  building.catch(() => {})
  atEnd(async () => end.abort())
  return building
}

async function seedEmptyLog(
  { options, environment, terminal, stop }: DemoContext,
  url: string,
): Promise<void> {
  const { seed, simulate, seederArguments } = options
  if (!(await isLogEmpty(url))) {
    if (seederArguments.length === 0) return
    terminal.warn(`The log already holds events: ${seederArguments.join(' ')} has no effect without --reset.`)
  } else if (seed || simulate) {
    // The simulators need their stores, also where nobody wants a history.
    const args = seed ? seederArguments : [...seederArguments, '--days', '0']
    await terminal.step(seed ? 'History' : 'Stores', () =>
      runSeeder({ databaseUrl: url, dataDir: environment.dataDir, args, stop }),
    )
  }
}

/**
 * The broker, where the log is in Kafka or is to be; its own, or that of KAFKA_URL. A log that is in Postgres is copied
 * into the topic: nobody works on it yet.
 */
async function openKafka(
  { options, environment, terminal, stop, atEnd }: DemoContext,
  databaseUrl: string,
): Promise<(Pick<ServedKafka, 'url'> & Partial<ServedKafka>) | null> {
  const isAdopted = await isLogInKafka(databaseUrl)
  if (!isAdopted && options.scale === undefined) return null
  const given = readKafkaBrokers()
  const kafka =
    given !== undefined
      ? { url: given.join(',') }
      : await terminal.step(
          'Kafka',
          async () => {
            const served = await serveKafka({ environment, terminal, stop })
            atEnd(() => served.stop(KAFKA_PATIENCE_MS))
            return served
          },
          ({ url }) => (options.scale === undefined ? `${url}, as the log is there` : url),
        )
  if (!isAdopted) {
    terminal.line('    Copying the log that is in Postgres (once) …')
    await terminal.step('Log copied to Kafka', () => adoptKafka({ databaseUrl, kafkaUrl: kafka.url, stop }))
  }
  return kafka
}

async function waitUntilUp(
  { environment, stop }: DemoContext,
  installation: Installation,
  { port, intakePort }: PortPair,
): Promise<void> {
  const logs = `See the logs in ${shownPath(path.join(environment.dataDir, 'logs'))}.`
  for (const one of [port, intakePort]) {
    const url = `${browserUrl(environment.host, one)}/healthz`
    const up = isUpWithin({ url, timeoutMs: upWithinMs, stop })
    const outcome = await Promise.race([up, installation.hopeless])
    if (typeof outcome === 'string') throw new Error(`${outcome}\n${logs}`)
    if (!outcome) throw new Error(`${url} does not answer within ${upWithinMs / 1000} s. ${logs}`)
  }
}

function sayWhere({ environment, terminal }: DemoContext, ports: PortPair, tookMs: number): void {
  const { host, dataDir } = environment
  terminal.line('')
  terminal.line(`  Dashboard   ${browserUrl(host, ports.port)}`)
  terminal.line(`  Tills       POST ${browserUrl(host, ports.intakePort)}/api/v1/events`)
  terminal.line(`  Logs        ${shownPath(path.join(dataDir, 'logs'))}`)
  terminal.line('')
  terminal.line(`  Ready after ${seconds(tookMs).trim()}. Ctrl+C stops everything; the data stays.`)
  terminal.line('')
}
