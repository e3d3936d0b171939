import type { Logger } from 'pino'
import { connect } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import type { BatchSummary, PartitionConsumer } from './consumer.ts'
import { followPartition, WakeUp } from './follow-partition.ts'
import { createAdvanceHints, listenForAppends } from './hints.ts'
import { withConnection } from './session.ts'
import { trimChanges } from './write/changes.ts'

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
        onBatch(batch, consumer) {
          activity.add(batch, consumer, Date.now())
          if (batch.records > 0) hints.announce(partition)
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

/** What the process did since the last report. */
interface ActivityReport {
  events: number
  lateEvents: number
  perSecond: number
  /** Greatest age, in ms, of a batch's newest event when its results were committed. */
  lagMs: number
  /** Offset per partition. */
  offsets: Record<string, number>
}

/** Counts what the partitions of a process do, from report to report. */
class Activity {
  #since: Instant
  #events = 0
  #lateEvents = 0
  #lagMs = 0
  readonly #offsets: Record<string, number> = {}

  constructor(now: Instant) {
    this.#since = now
  }

  add(batch: BatchSummary, consumer: PartitionConsumer, now: Instant): void {
    this.#events += batch.events
    this.#lateEvents += batch.lateEvents
    if (batch.records === 0 || consumer.position === null) return
    this.#offsets[consumer.partition] = consumer.position.offset
    this.#lagMs = Math.max(this.#lagMs, now - consumer.position.appendedAt)
  }

  /** The report since the last one, or null when there was nothing to do. */
  takeReport(now: Instant): ActivityReport | null {
    const seconds = Math.max(0.001, (now - this.#since) / 1_000)
    const report = {
      events: this.#events,
      lateEvents: this.#lateEvents,
      perSecond: Math.round(this.#events / seconds),
      lagMs: this.#lagMs,
      offsets: { ...this.#offsets },
    }
    this.#since = now
    this.#events = 0
    this.#lateEvents = 0
    this.#lagMs = 0
    return report.events > 0 ? report : null
  }
}
