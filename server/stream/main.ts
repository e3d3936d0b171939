import { hostname } from 'node:os'
import { withConnection, withDatabase } from '#db/open.ts'
import { flag, parseOptions, runCommand, valued } from '#platform/command.ts'
import { type Environment, readEnvironment } from '#platform/environment.ts'
import { openLogger } from '#platform/logger.ts'
import { stopOnSignals, whenStopped } from '#platform/process.ts'
import { pause } from '#platform/time.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import { catchUp, caughtUpLine } from './catch-up.ts'
import { choosePartitions, parsePartitions, runStream } from './run.ts'

/*
 * Invariant: the results of a batch, its change row and its checkpoint commit in one transaction, under the owner's
 * epoch. So every event of the log counts exactly once, whoever dies when; and as each of these is a function of the
 * partition's log alone, whoever reads it again, in batches of any size, gets the same.
 *
 *   log.event_log, one partition      fold: functions of their input          write: one transaction
 *   … 41 42 43 44 │ 45 46 47 …  ──>   lateness, windows, stock, shortages ──> assert owner's epoch
 *                 │                        ▲                                  windows · stock · episodes · sources
 *             checkpoint          state: what the tables know of the          checkpoint 44 → 47
 *                                 stocks in the batch (cached), and the       changes (44, 47]  ──> live pages
 *                                 log itself where a count comes late
 *
 * run → follow-partition → consumer: a process, its partitions, and the batches of each. A partition is taken where
 * nobody works on it; that raises the epoch and ends a frozen owner's backend (session). What nobody can digest is
 * set aside (fold/sift), and the partition goes on. A replay builds a new generation of the tables the same way, with no
 * change rows, and switches at equal offsets.
 */

const USAGE = `Usage: npm run stream -- [options]

Runs the stream path: reads the order log and keeps the live tables (windows, stock, alerts).

  --until-caught-up   run to the end of the log as it is now, print a summary and stop;
                      where a service already works on a partition, wait for it
  --partitions LIST   work on these partitions only, e.g. 0,1 (default: all)
  --help              this text

Without --until-caught-up it runs until it is stopped (Ctrl+C). It takes the partitions that nobody works on,
stands by for the others, says who has them, and takes over from a process that is gone or has stood still
for ten seconds. Exit codes: 0 done or stopped, 1 failed, 2 wrong usage, 3 it stood still itself and all its
partitions were taken by other stream processes (started again, it stands by).
`

const EXIT_FENCED = 3
const EXIT_INTERRUPTED = 130
/** A stop is over within 5 s, also when the database does not answer. */
const STOP_WITHIN_MS = 4_000

const owner = `stream ${hostname()}:${process.pid}`
const stop = stopOnSignals()

await runCommand({
  usage: USAGE,
  hint: '"npm run stream -- --help" lists the options.',
  parse: args => parseOptions(args, { 'until-caught-up': flag(), partitions: valued(parsePartitions) }),
  run: async ({ untilCaughtUp, partitions: asked }) => {
    const environment = readEnvironment()
    return withDatabase(environment, async ({ url }) => {
      const count = await withConnection(url, {}, sql => createPostgresLog(sql).partitionCount())
      const partitions = choosePartitions(asked, count)
      const work = untilCaughtUp ? runToEnd : runService
      return work(url, partitions, environment)
    })
  },
})

async function runToEnd(url: string, partitions: number[], environment: Environment): Promise<number> {
  const logger = openLogger('stream', environment, 'stderr')
  const startedAt = performance.now()
  const caughtUp = await Promise.race([catchUp({ url, partitions, owner, logger }), whenStopped(stop)])
  if (!caughtUp) return EXIT_INTERRUPTED
  process.stdout.write(`${caughtUpLine(caughtUp, performance.now() - startedAt)}\n`)
  return 0
}

async function runService(url: string, partitions: number[], environment: Environment): Promise<number> {
  const logger = openLogger('stream', environment)
  logger.info({ partitions, owner }, `stream works on partitions ${partitions.join(', ')}`)
  const overdue = whenStopped(stop).then(() => pause(STOP_WITHIN_MS))
  const end = await Promise.race([runStream({ url, partitions, owner, logger, signal: stop }), overdue])
  logger.info(end ? 'stream has stopped' : 'stream ends without waiting for the database')
  if (end !== 'fenced') return 0
  logger.error('all partitions were taken by other stream processes: this one ends')
  return EXIT_FENCED
}
