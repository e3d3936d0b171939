import { hostname } from 'node:os'
import path from 'node:path'
import { withConnection, withDatabase } from '#db/open.ts'
import { flag, parseOptions, runCommand, UsageError, valued, wholeNumber } from '#platform/command.ts'
import { type Environment, readEnvironment } from '#platform/environment.ts'
import { openLogger } from '#platform/logger.ts'
import { stopOnSignals, whenStopped } from '#platform/process.ts'
import { backoffMs, pause } from '#platform/time.ts'
import { adoptedTopic, brokersOf } from '#server/log/open-log.ts'
import { createGeneration, readGenerations } from '#server/stream/state/generations.ts'
import { generationDir, startFlinkJob } from './job.ts'

/*
 * Invariant: what Flink builds are the tables of a generation as our stream would write them, one transaction a batch: rows,
 * sources, change row and checkpoint, under the owner's epoch, where the checkpoint stands at the batch's beginning. Flink's
 * own snapshots come after; a restart folds again what lies between, and writes nothing of it.
 *
 *   topic, one partition           tillstream.domain: pure            tillstream.job
 *   … 41 43 44 │ 46 47 …   ──>   PartitionFold: lateness, windows, ──>  one transaction: archive has it · owner's epoch ·
 *              │                  stock, shortages, operators           rows · changes (44, 47] · checkpoint 44 → 47
 *       Flink's snapshot ≤ checkpoint     │ state, entry by entry, with each snapshot
 *
 * certified row by row (server/stream/certificate) before it may become the active one.
 */

const USAGE = `Usage: npm run flink -- [options]

Follows the order log with Apache Flink: fills a generation of the stream's tables beside ours, which "npm run replay --
--certify N" holds against ours row by row, and --switch-to N makes the active one. The log must be in Kafka (KAFKA_URL).

  --generation N    the generation to fill (default: Flink's newest; the first time, a new one)
  --parallelism N   tasks that share the partitions (default 2)
  --rocksdb         keep Flink's state in RocksDB instead of the heap
  --heap MB         heap of the JVM (default 512)
  --rest-port N     where Flink's pages and REST are, on this machine alone (default: a free port)
  --from FOLDER     begin with this savepoint (default: the newest checkpoint or savepoint of the generation)
  --prepare         only make the generation, where Flink has none: for a cluster of Flink's that runs the job itself
  --help            this text

It runs until it is stopped (Ctrl+C), begins again after a failure, and goes on where it was after a kill. "POST
/jobs/ID/stop" of its REST stops it with a savepoint, for another version or other parallelism to begin with.
Needs a JDK of 17 or later; jars are fetched once. Exit codes: 0 stopped, 1 failed, 2 wrong usage.
`

/** A job that ran for as long has come up: the next failure is a first one again. */
const STEADY_MS = 60_000
const RETRIES = { firstMs: 500, longestMs: 15_000 }

/**
 * In the demo a heap that nobody has given a size begins small and grows with what the state needs: else what comes of
 * batches has room for a replay's sake, all of which is touched in turn (decision 009).
 */
const DEMO_HEAP = ['-Xms192m', '-Xmn48m']

const stop = stopOnSignals()

await runCommand({
  usage: USAGE,
  hint: '"npm run flink -- --help" lists the options.',
  parse: args =>
    parseOptions(args, {
      generation: wholeNumber({ least: 1, most: 1_000_000 }),
      parallelism: wholeNumber({ least: 1, most: 128, unlessGiven: 2 }),
      rocksdb: flag(),
      heap: wholeNumber({ least: 128, most: 65_536 }),
      'rest-port': wholeNumber({ least: 1, most: 65_535 }),
      from: valued(folder => path.resolve(folder)),
      prepare: flag(),
    }),
  run: async options => {
    const environment = readEnvironment()
    return withDatabase(environment, async ({ url }) => {
      const { topic, generation } = await withConnection(url, {}, async sql => {
        const topic = await adoptedTopic(sql)
        if (!topic) throw new UsageError('The order log is in Postgres: Flink reads it from Kafka only.')
        const known = (await readGenerations(sql)).filter(({ engine }) => engine === 'flink')
        const asked = options.generation
        if (asked !== undefined && !known.some(({ generation }) => generation === asked))
          throw new UsageError(
            `Generation ${asked} is none of Flink's: "npm run generations -- list" names them.`,
          )
        const newest = known.at(-1)?.generation
        return { topic, generation: asked ?? newest ?? (await createGeneration(sql, 'flink')) }
      })
      if (options.prepare) {
        process.stdout.write(`Flink fills generation ${generation}.\n`)
        return 0
      }
      return follow(environment, {
        brokers: brokersOf(topic).join(','),
        topic: topic.topic,
        databaseUrl: url,
        generation,
        dataDir: generationDir(environment.dataDir, generation),
        parallelism: options.parallelism,
        backend: options.rocksdb ? 'rocksdb' : 'hashmap',
        ...(options.heap !== undefined && { heapMb: options.heap }),
        ...(options.heap === undefined && environment.demoNote !== null && { flags: DEMO_HEAP }),
        owner: `flink ${hostname()}:${process.pid}`,
        ...(options.restPort !== undefined && { restPort: options.restPort }),
        ...(options.from !== undefined && { from: options.from }),
      })
    })
  },
})

async function follow(
  environment: Environment,
  options: Parameters<typeof startFlinkJob>[0],
): Promise<number> {
  const logger = openLogger('flink', environment)
  const { generation } = options
  for (let failures = 0; !stop.aborted; ) {
    const startedAt = performance.now()
    const job = await startFlinkJob({
      ...options,
      // What it began with once is behind it.
      ...(failures > 0 && { from: undefined }),
      onFetch: missing => logger.info({ missing }, `fetches ${missing} jars, once`),
    })
    logger.info(
      { generation, rest: job.restUrl, pid: job.pid },
      `Flink fills generation ${generation}; it answers at ${job.restUrl}`,
    )
    const code = await Promise.race([job.ended, whenStopped(stop)])
    if (stop.aborted) {
      await job.stop(4_000)
      break
    }
    if (code === 0) {
      logger.info('Flink was stopped with a savepoint')
      return 0
    }
    failures = performance.now() - startedAt > STEADY_MS ? 1 : failures + 1
    logger.error({ failures, log: job.logFile }, 'Flink ended; it begins again with its newest checkpoint')
    await pause(backoffMs(failures, RETRIES), stop)
  }
  logger.info('Flink has stopped')
  return 0
}
