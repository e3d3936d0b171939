import path from 'node:path'
import { watchEmbeddedPostgres } from '#db/embedded/watch.ts'
import { type Environment, projectRoot } from '#platform/environment.ts'
import type { ServedDatabase } from './demo-database.ts'
import type { Narration } from './narrate.ts'
import type { PortPair } from './ports.ts'
import { openProcessOutput } from './process-output.ts'
import { type ProcessName, processEntries, processNames } from './processes.ts'
import { supervise } from './supervisor.ts'

/** Everything that runs: the processes and the watch over Postgres. */
export type Fleet = Readonly<{
  start(names: readonly ProcessName[]): void
  /** Resolves with an explanation once a process has failed to start many times in a row. */
  hopeless: Promise<string>
  /** Stops the simulators first, then the rest. Takes at most 3 s; Postgres goes on. */
  stop(): Promise<void>
  killAll(): void
}>

const hopelessAfter = 6
const simulatorsGraceMs = 1_000
const graceMs = 2_000

/** Keeps what is started on the database running: restarts whichever process dies, and Postgres. */
export function createFleet(options: {
  environment: Environment
  ports: PortPair
  database: ServedDatabase
  narration: Narration
  /** The demo's schedule: batch figures follow every two minutes, and the pages say so. */
  isDemo: boolean
  /** Where the processes' output goes: to files, or straight to ours (for a container's log). */
  output: 'files' | 'inherit'
}): Fleet {
  const { environment, database, narration } = options
  const started = new Set<ProcessName>()
  let isStopping = false
  const giveUp = Promise.withResolvers<string>()
  const logDir = path.join(environment.dataDir, 'logs')
  const outputs =
    options.output === 'inherit'
      ? undefined
      : new Map(processNames.map(name => [name, openProcessOutput({ name, logDir, show: narration.warn })]))

  const supervisor = supervise({
    entryOf: name => path.join(projectRoot, processEntries[name]),
    settings: {
      ...settingsOf(environment, database, options.ports),
      // The demo's intake is its own, whatever another installation on this machine uses.
      ...(options.isDemo && { INTAKE_URL: '' }),
      ...(options.isDemo && !environment.isBatchScheduleGiven && DEMO_SCHEDULE),
    },
    events: {
      ...(outputs && {
        onLine: (name, line, stream) => outputs.get(name)?.take(line, stream),
      }),
      onEnd(name, { how, failures, pauseMs }) {
        if (isStopping) return
        narration.warn(`${name} ended (${how}); starting it again in ${(pauseMs / 1000).toFixed(1)} s`)
        if (failures >= hopelessAfter) {
          const problems = outputs?.get(name)?.lastProblems() ?? []
          giveUp.resolve([`Process ${name} ended ${failures} times in a row.`, ...problems].join('\n'))
        }
      },
      onRestart: () => {},
    },
  })

  const watch =
    database.embedded &&
    watchEmbeddedPostgres({
      dataDir: environment.dataDir,
      port: database.embedded.port,
      onRestart: tookMs =>
        narration.warn(`Postgres had died; started again in ${(tookMs / 1000).toFixed(1)} s`),
      onFailure: error => narration.warn(error instanceof Error ? error.message : String(error)),
    })

  return {
    start(names) {
      for (const name of names) started.add(name)
      supervisor.start(names)
    },
    hopeless: giveUp.promise,
    async stop() {
      isStopping = true
      for (const output of outputs?.values() ?? []) output.mute()
      const watchEnd = watch?.stop()
      await supervisor.stop([...started].filter(isSimulator), simulatorsGraceMs)
      await supervisor.stop(
        [...started].filter(name => !isSimulator(name)),
        graceMs,
      )
      await watchEnd
    },
    killAll: () => supervisor.killAll(),
  }
}

function isSimulator(name: ProcessName): boolean {
  return name === 'simulate'
}

const DEMO_SCHEDULE = {
  BATCH_SCHEDULE: '*/2 * * * *',
  DEMO_NOTE:
    'Demo retailer: the hourly batch runs every two minutes here, and simulated tills sell far faster than in the days before the start.',
}

function settingsOf(
  environment: Environment,
  database: ServedDatabase,
  ports: PortPair,
): Record<string, string> {
  return {
    DATABASE_URL: database.url,
    DATA_DIR: environment.dataDir,
    DROP_DIR: environment.dropDir,
    HOST: environment.host,
    PORT: String(ports.port),
    INTAKE_PORT: String(ports.intakePort),
    LOG_FORMAT: 'json',
  }
}
