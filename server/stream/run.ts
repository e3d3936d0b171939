import type { Logger } from 'pino'
import { connect } from '#db/client.ts'
import { Activity } from './activity.ts'
import { withConnection } from './connection.ts'
import { followPartition } from './follow-partition.ts'
import { createAdvanceHints, listenForAppends } from './hints.ts'
import { WakeUp } from './wake-up.ts'
import { trimChanges } from './write/trim-changes.ts'

const REPORT_MS = 10_000
const TRIM_MS = 60_000

export interface StreamOptions {
  /** A migrated database. */
  url: string
  partitions: readonly number[]
  /** Shown in log.owners. */
  owner: string
  logger: Logger
  /** Stops the process: batches under way are finished. */
  signal: AbortSignal
}

/**
 * The stream service: one pipeline per partition, each on its own connection.
 * @returns `stopped` when told to, `fenced` when other processes have taken all its partitions
 */
export async function runStream(options: StreamOptions): Promise<'stopped' | 'fenced'> {
  const { url, partitions, owner, logger, signal } = options
  const hintsClient = connect(url, { max: 1, applicationName: 'tillstream stream hints' })
  const hints = createAdvanceHints(hintsClient)
  const wakes = new Map(partitions.map(partition => [partition, new WakeUp()]))
  const wakeAll = () => {
    for (const wake of wakes.values()) wake.notify()
  }
  signal.addEventListener('abort', wakeAll)
  listenForAppends(hintsClient, partition => wakes.get(partition)?.notify(), signal)

  const activity = new Activity(Date.now())
  const report = setInterval(() => {
    const busy = activity.takeReport(Date.now())
    if (busy) logger.info(busy, `${busy.perSecond} events/s, lag ${busy.lagMs} ms`)
  }, REPORT_MS)
  const trim = setInterval(() => {
    withConnection(url, sql => trimChanges(sql, partitions)).catch((err: unknown) => {
      logger.warn({ err }, 'old change rows stay for now')
    })
  }, TRIM_MS)

  const ends = await Promise.all(
    [...wakes].map(([partition, wake]) =>
      followPartition({
        url,
        partition,
        owner,
        wake,
        logger,
        signal,
        onStep(step, consumer) {
          activity.add(step, consumer, Date.now())
          if (step.records > 0) hints.announce(partition)
        },
      }),
    ),
  )
  clearInterval(report)
  clearInterval(trim)
  signal.removeEventListener('abort', wakeAll)
  hints.stop()
  await hintsClient.end({ timeout: 1 })
  return ends.every(end => end === 'lost') ? 'fenced' : 'stopped'
}
