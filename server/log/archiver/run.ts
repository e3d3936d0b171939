import type { Logger } from 'pino'
import { connect } from '#db/client.ts'
import { listenForNotifications } from '#platform/notify.ts'
import { WakeUp } from '#platform/wake-up.ts'
import { archivePartition } from './archive-partition.ts'
import type { ArchiveSource } from './source.ts'

/** Sent by the intake after an append; the payload is the partition. Whoever misses one polls. */
const APPENDED = 'log_appended'
const REPORT_MS = 10_000

export interface ArchiverOptions {
  /** A migrated database. */
  url: string
  source: ArchiveSource
  partitions: readonly number[]
  /** Shown in log.owners. */
  owner: string
  logger: Logger
  /** Stops it: transactions under way are finished. */
  signal: AbortSignal
}

/** Archives partitions, each on a connection of its own, until told to stop. */
export async function runArchiver(options: ArchiverOptions): Promise<void> {
  const { url, source, partitions, owner, logger, signal } = options
  const client = connect(url, { max: 1, applicationName: 'tillstream archiver hints' })
  const wakes = new Map(partitions.map(partition => [partition, new WakeUp()]))
  const stopListening = listenForNotifications(client, {
    channels: [APPENDED],
    onNotify: partition => wakes.get(Number(partition))?.notify(),
  })
  let [entries, since] = [0, performance.now()]
  const report = setInterval(() => {
    const perSecond = Math.round((entries * 1_000) / (performance.now() - since))
    if (entries > 0) logger.info({ entries, perSecond }, `${perSecond} entries/s archived`)
    ;[entries, since] = [0, performance.now()]
  }, REPORT_MS)
  await Promise.all(
    [...wakes].map(([partition, wake]) =>
      archivePartition({
        url,
        source,
        partition,
        owner,
        wake,
        logger,
        signal,
        onArchived(archived) {
          entries += archived.entries
        },
      }),
    ),
  )
  clearInterval(report)
  void stopListening()
  await client.end({ timeout: 1 })
}
