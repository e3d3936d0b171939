import { hostname } from 'node:os'
import { withConnection, withDatabase } from '#db/open.ts'
import { parseOptions, runCommand } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { openLogger } from '#platform/logger.ts'
import { stopOnSignals, whenStopped } from '#platform/process.ts'
import { pause } from '#platform/time.ts'
import { openTopicSource } from '#server/log/kafka/topic-source.ts'
import { adoptedTopic, brokersOf } from '#server/log/open-log.ts'
import { runArchiver } from './run.ts'

/*
 * Invariant: log.event_log holds the entries of the topic in their order, without one left out or doubled, up to
 * log.archived; both move in one transaction, under the owner's epoch. And no path commits a result past it
 * (log.await_archive), so whoever reads figures and log in one snapshot finds every event that a figure stands on.
 *
 *   topic, one partition        COPY log.event_log (offsets of the topic)
 *   … 41 43 44 46 │ 47 …  ──>   log.set_aside: what nobody can read          ──>  batch · audits · pages · look-backs
 *                 │             log.archived 41 → 46
 *             checkpoint        one transaction: assert owner's epoch first
 *
 * A partition is taken where no other archiver works on it (fence.ts). An entry that is no event, or that Postgres does
 * not take, is set aside with a sentence, and those around it are rows.
 */

const USAGE = `Usage: npm start -- archiver

Where the order log is in Kafka (KAFKA_URL): copies what is appended there to log.event_log, from which batch, audits
and pages read. Of several archivers one works on each partition, the others stand by.

  --help   this text
`

/** Until the log of a database is in Kafka there is nothing to do. */
const LOOK_AGAIN_MS = 5_000
/** A stop is over within 5 s, also when the database does not answer. */
const STOP_WITHIN_MS = 4_000

const owner = `archiver ${hostname()}:${process.pid}`
const stop = stopOnSignals()

await runCommand({
  usage: USAGE,
  hint: '"npm start -- archiver" takes no options.',
  parse: args => parseOptions(args, {}),
  run: async () => {
    const environment = readEnvironment()
    const logger = openLogger('archiver', environment)
    return withDatabase(environment, async ({ url }) => {
      const topic = await whenAdopted(url, () =>
        logger.info('the order log is in Postgres: nothing to archive'),
      )
      if (topic === null) return 0
      const source = openTopicSource(brokersOf(topic), topic)
      try {
        const partitions = await readPartitions(url)
        logger.info({ ...topic, partitions, owner }, `archives ${topic.topic}`)
        const overdue = whenStopped(stop).then(() => pause(STOP_WITHIN_MS))
        await Promise.race([runArchiver({ url, source, partitions, owner, logger, signal: stop }), overdue])
      } finally {
        await source.close()
      }
      logger.info('the archiver has stopped')
      return 0
    })
  },
})

async function readPartitions(url: string): Promise<number[]> {
  return withConnection(url, {}, async sql => {
    const rows = await sql<{ partition: number }[]>`select partition from log.partitions order by 1`
    return rows.map(({ partition }) => partition)
  })
}

/** @returns the topic that is the log; null when told to stop before there is one */
async function whenAdopted(url: string, onWait: () => void): ReturnType<typeof adoptedTopic> {
  for (let looks = 0; !stop.aborted; looks += 1) {
    const topic = await withConnection(url, {}, adoptedTopic)
    if (topic) return topic
    if (looks === 0) onWait()
    await pause(LOOK_AGAIN_MS, stop)
  }
  return null
}
