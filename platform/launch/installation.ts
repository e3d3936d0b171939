import { mkdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'
import { watchEmbeddedPostgres } from '#db/embedded/embedded-postgres.ts'
import type { Environment } from '#platform/environment.ts'
import type { ServedDatabase } from './demo-database.ts'
import type { PortPair } from './ports.ts'
import { heapFlagsOf, type ProcessName, processEntries } from './processes.ts'
import { supervise } from './supervisor.ts'
import type { Terminal } from './terminal.ts'

/** Everything that runs here: the processes under their supervisor, and the watch over Postgres. */
export type Installation = Readonly<{
  start(names: readonly ProcessName[]): void
  /** Of a process that runs now. */
  pidOf(name: ProcessName): number | undefined
  /** Resolves with an explanation once a process has failed to start many times in a row. */
  hopeless: Promise<string>
  /** Stops the simulators first, then the rest. Takes at most 3 s; Postgres goes on. */
  stop(): Promise<void>
  killAll(): void
}>

const SIMULATORS_GRACE_MS = 1_000
const GRACE_MS = 2_000

/** Keeps what is started on the database running: restarts whichever process dies, and Postgres. */
export function createInstallation(options: {
  environment: Environment
  ports: PortPair
  database: ServedDatabase
  /** Where the log is in Kafka: its brokers, host:port. */
  kafkaUrl?: string | undefined
  terminal: Terminal
  /** The demo's schedule, and logs in files; else what the processes write goes straight to our output. */
  isDemo: boolean
}): Installation {
  const { environment, database, terminal, isDemo } = options
  const settings = settingsOf(options)
  const started = new Set<ProcessName>()
  let isStopping = false

  const supervisor = supervise({
    programOf: name => ({
      entry: processEntries[name],
      flags: heapFlagsOf(name, { isDemo }),
      settings,
      output: isDemo ? { file: openLog(environment, name) } : 'inherit',
    }),
    onEnd(name, { how, killed, pauseMs }) {
      if (isStopping) return
      const [last] = isDemo && !killed ? lastProblems(environment, name, 1) : []
      const why = last === undefined ? how : `${how}: ${last}`
      terminal.warn(`${name} ended (${why}); starting it again in ${(pauseMs / 1000).toFixed(1)} s`)
    },
  })

  const watch =
    database.embedded &&
    watchEmbeddedPostgres({
      dataDir: environment.dataDir,
      port: database.embedded.port,
      onRestart: tookMs =>
        terminal.warn(`Postgres had died; started again in ${(tookMs / 1000).toFixed(1)} s`),
      onFailure: error => terminal.warn(error instanceof Error ? error.message : String(error)),
    })

  return {
    start(names) {
      for (const name of names) started.add(name)
      supervisor.start(names)
    },
    pidOf: name => supervisor.running().get(name),
    hopeless: supervisor.hopeless.then(({ name, failures }) =>
      [
        `Process ${name} ended ${failures} times in a row.`,
        ...(isDemo ? lastProblems(environment, name, PROBLEMS_SHOWN) : []),
      ].join('\n'),
    ),
    async stop() {
      isStopping = true
      const watchEnd = watch?.stop()
      const [simulators, others] = [['simulate'] as const, [...started].filter(name => name !== 'simulate')]
      await supervisor.stop(simulators, SIMULATORS_GRACE_MS)
      await supervisor.stop(others, GRACE_MS)
      await watchEnd
    },
    killAll: () => supervisor.killAll(),
  }
}

const DEMO_SCHEDULE = {
  BATCH_SCHEDULE: '*/2 * * * *',
  DEMO_NOTE:
    'Demo retailer: the hourly batch runs every two minutes here, and simulated tills sell on as they did in the days before the start, or at the speed that is set under Pipeline → Scenarios.',
}

function settingsOf({
  environment,
  ports,
  database,
  kafkaUrl,
  isDemo,
}: {
  environment: Environment
  ports: PortPair
  database: ServedDatabase
  kafkaUrl?: string | undefined
  isDemo: boolean
}): Record<string, string> {
  return {
    NODE_ENV: 'production',
    DATABASE_URL: database.url,
    ...(kafkaUrl !== undefined && { KAFKA_URL: kafkaUrl }),
    DATA_DIR: environment.dataDir,
    DROP_DIR: environment.dropDir,
    HOST: environment.host,
    PORT: String(ports.port),
    INTAKE_PORT: String(ports.intakePort),
    LOG_FORMAT: isDemo ? 'text' : environment.logFormat,
    // The demo's intake is its own, whatever another installation on this machine uses.
    ...(isDemo && { INTAKE_URL: '' }),
    ...(isDemo && !environment.isBatchScheduleGiven && DEMO_SCHEDULE),
  }
}

/** Past this, a process that starts begins another file; the one before it is kept. */
const LARGEST_LOG_BYTES = 10 * 1024 * 1024
/** Of a log, to find what went wrong last. */
const READ_BYTES = 16 * 1024
const PROBLEMS_SHOWN = 8

function logFile({ dataDir }: Pick<Environment, 'dataDir'>, name: ProcessName): string {
  return path.join(dataDir, 'logs', `${name}.log`)
}

/** @returns the file that a process which starts now writes to */
export function openLog(environment: Pick<Environment, 'dataDir'>, name: ProcessName): string {
  const file = logFile(environment, name)
  mkdirSync(path.dirname(file), { recursive: true })
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size > LARGEST_LOG_BYTES) renameSync(file, `${file}.1`)
  return file
}

/** The last lines of a process's log that matter to a person: all but information and stacks. */
export function lastProblems(
  environment: Pick<Environment, 'dataDir'>,
  name: ProcessName,
  count: number,
): string[] {
  try {
    const log = readFileSync(logFile(environment, name))
    return log
      .subarray(-READ_BYTES)
      .toString('utf8')
      .split('\n')
      .filter(line => line.trim() !== '' && !/^\s|^\S+ (INFO|DEBUG|TRACE) /.test(line))
      .slice(-count)
  } catch {
    return []
  }
}
