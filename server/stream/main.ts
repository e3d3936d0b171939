import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { openDatabase } from '#db/embedded/open-database.ts'
import { migrate } from '#db/migrate.ts'
import { type Environment, readEnvironment } from '#platform/environment.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import { catchUp, caughtUpLine } from './catch-up.ts'
import { runStream } from './run.ts'
import { withConnection } from './session.ts'
import { stopSignal, whenStopped } from './stop-signal.ts'
import {
  choosePartitions,
  parseStreamArguments,
  STREAM_HELP,
  type StreamArguments,
  UsageError,
} from './stream-arguments.ts'

const EXIT_FENCED = 3
const EXIT_INTERRUPTED = 130
/** A stop is over within 5 s, also when the database does not answer. */
const STOP_WITHIN_MS = 4_000

const owner = `stream ${hostname()}:${process.pid}`
const signal = stopSignal()

let exitCode = 0
try {
  const given = parseStreamArguments(process.argv.slice(2))
  if (given.isHelp) process.stdout.write(STREAM_HELP)
  else exitCode = await run(given, readEnvironment())
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  exitCode = error instanceof UsageError ? 2 : 1
}
// What an interrupted command leaves under way must not keep the process.
process.exit(exitCode)

async function run(given: StreamArguments, environment: Environment): Promise<number> {
  const database = await openDatabase(environment)
  try {
    await migrate(database.url)
    const count = await withConnection(database.url, sql => createPostgresLog(sql).partitionCount())
    const partitions = choosePartitions(given.partitions, count)
    return given.isUntilCaughtUp
      ? await runCommand(database.url, partitions, environment)
      : await runService(database.url, partitions, environment)
  } finally {
    await database.release()
  }
}

async function runCommand(url: string, partitions: number[], environment: Environment): Promise<number> {
  // Standard output is for the summary.
  const logger = pino({ level: environment.logLevel, base: { process: 'stream' } }, pino.destination(2))
  const startedAt = performance.now()
  const caughtUp = await Promise.race([catchUp({ url, partitions, owner, logger }), whenStopped(signal)])
  if (caughtUp === 'stopped') return EXIT_INTERRUPTED
  process.stdout.write(`${caughtUpLine(caughtUp, performance.now() - startedAt)}\n`)
  return 0
}

async function runService(url: string, partitions: number[], environment: Environment): Promise<number> {
  const logger = pino({ level: environment.logLevel, base: { process: 'stream' } })
  logger.info({ partitions, owner }, `stream works on partitions ${partitions.join(', ')}`)
  const stopsInTime = whenStopped(signal).then(() => sleep(STOP_WITHIN_MS, 'overdue' as const))
  const end = await Promise.race([runStream({ url, partitions, owner, logger, signal }), stopsInTime])
  logger.info(end === 'overdue' ? 'stream ends without waiting for the database' : 'stream has stopped')
  if (end !== 'fenced') return 0
  logger.error('all partitions were taken by other stream processes: this one ends')
  return EXIT_FENCED
}
