import { hostname } from 'node:os'
import type { Logger } from 'pino'
import { connect, type Sql } from '#db/client.ts'
import { keepMeter } from '#db/meter.ts'
import { withConnection } from '#db/open.ts'
import { collectGarbage } from '#platform/collect-garbage.ts'
import { UsageError } from '#platform/command.ts'
import { CostMeter } from '#platform/cost-meter.ts'
import { createNotifier, listenForNotifications } from '#platform/notify.ts'
import { StageGauge } from '#platform/stage-gauge.ts'
import { startPeriodic, within } from '#platform/time.ts'
import { WakeUp } from '#platform/wake-up.ts'
import { Backlogs } from './backlog.ts'
import { type BatchSummary, LARGEST_READ, type PartitionConsumer } from './consumer.ts'
import { followPartition } from './follow-partition.ts'
import { OperatorCosts } from './operator-costs.ts'
import { serveReplays } from './replay/serve-replays.ts'
import { Sharing } from './sharing.ts'
import { trimChanges } from './write/changes.ts'
import { trimLateSales } from './write/late-sales.ts'
import { trimOperators } from './write/operators.ts'

/** Sent by the intake after an append; the payload is the partition. Whoever misses one polls. */
const APPENDED = 'log_appended'
/** Sent by us after a commit, for whoever shows live figures; the payload is the partition. */
const ADVANCED = 'stream_advanced'

/** Sent when a process has let go of a partition; the payload is the partition. */
const YIELDED = 'stream_yielded'

const BETWEEN_NOTIFICATIONS_MS = 10
const BEAT_MS = 1_000
/** A database that does not answer keeps nobody from ending. */
const FAREWELL_MS = 1_000
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
 * The stream service: one pipeline per partition, each on its own connection. It works on what nobody works on, stands
 * by for the rest, and lets go of what it has too much of where another process stands by with less.
 * @returns `stopped` when told to, `fenced` when other processes have taken all it had, having found it standing still
 */
export async function runStream(options: StreamOptions): Promise<'stopped' | 'fenced'> {
  const { url, partitions, owner, logger, signal } = options
  const session = { synchronous_commit: 'off' }
  const client = connect(url, { max: 1, applicationName: 'tillstream stream hints', session })
  const advanced = createNotifier(client, { channel: ADVANCED, everyMs: BETWEEN_NOTIFICATIONS_MS })
  const yielded = createNotifier(client, { channel: YIELDED, everyMs: BETWEEN_NOTIFICATIONS_MS })
  const wakes = new Map(partitions.map(partition => [partition, { wake: new WakeUp(), freed: new WakeUp() }]))
  const stopListening = listenForNotifications(client, {
    channels: [APPENDED, YIELDED],
    onNotify(partition, channel) {
      const sleeping = wakes.get(Number(partition))
      if (channel === YIELDED) sleeping?.freed.notify()
      else sleeping?.wake.notify()
    },
  })
  const sharing = new Sharing({
    sql: client,
    name: owner,
    host: hostname(),
    pid: process.pid,
    partitions,
    logger,
  })
  const beating = startPeriodic(() => sharing.beat(), {
    everyMs: BEAT_MS,
    onFailure: err => logger.warn({ err }, 'this process cannot say that it is there'),
  })
  const meter = new CostMeter()
  const costs = new OperatorCosts(meter)
  const readAhead = new ReadAhead()
  const backlogs = new Backlogs()
  const metering = keepMeter(meter, {
    sql: client,
    path: 'stream',
    process: owner,
    stages: () => [readAhead.read()],
    onFailure: err => logger.warn({ err }, 'what this process costs is not written down for now'),
  })
  const activity = new Activity()
  // Fenced off all it had, it was taken for dead: the supervisor starts it anew, and it takes what is free then.
  const fenced = new AbortController()
  const owned = new Set<number>()
  const report = setInterval(() => activity.report(logger), REPORT_MS)
  const trim = startPeriodic(() => withConnection(url, {}, sql => trimAll(sql, partitions)), {
    everyMs: TRIM_MS,
    onFailure: err => logger.warn({ err }, 'old change rows and states stay for now'),
  })

  const ending = AbortSignal.any([signal, fenced.signal])
  const serving = serveReplays({ url, sql: client, logger, signal: ending })

  await Promise.all(
    [...wakes].map(([partition, sleeping]) =>
      followPartition({
        url,
        sql: client,
        partition,
        owner,
        ...sleeping,
        logger,
        signal: ending,
        costs,
        takesLeave: () => sharing.takesLeaveOf(partition),
        onBatch(batch, consumer) {
          activity.add(batch, consumer)
          readAhead.add(partition, batch)
          if (backlogs.add(partition, batch)) collectGarbage()
          sharing
            .worksOn(consumer.ownership)
            .catch((err: unknown) => logger.debug({ err, partition }, 'a taking is not written down'))
          if (batch.setAside > 0) {
            logger.error(
              { partition, setAside: batch.setAside },
              `partition ${partition}: ${batch.setAside} events cannot be digested and are set aside`,
            )
          }
          for (const failure of batch.operatorFailures)
            logger.error({ partition, ...failure }, failure.message)
          if (batch.records > 0) advanced.announce(partition)
        },
        onOwning(owning) {
          if (owning === 'has') owned.add(partition)
          else {
            readAhead.forget(partition)
            if (backlogs.forget(partition)) collectGarbage()
          }
          if (owning !== 'has' && owned.delete(partition) && owning === 'lost' && owned.size === 0)
            fenced.abort()
          if (owning === 'yielded') yielded.announce(partition)
        },
      }),
    ),
  )
  await serving
  clearInterval(report)
  void trim.stop()
  advanced.stop()
  yielded.stop()
  void stopListening()
  const farewell = Promise.all([metering.stop(), beating.stop().then(() => sharing.farewell())])
  await within(farewell, FAREWELL_MS).catch((err: unknown) => logger.debug({ err }, 'ends without saying so'))
  await client.end({ timeout: 1 })
  return fenced.signal.aborted ? 'fenced' : 'stopped'
}

async function trimAll(sql: Sql, partitions: readonly number[]): Promise<void> {
  await trimChanges(sql, partitions)
  await trimOperators(sql, partitions)
  await trimLateSales(sql, partitions)
}

/** What was read of the log at once and is held until it is written: a batch of each partition, and no more. */
class ReadAhead {
  readonly #gauge = new StageGauge('stream_batches', LARGEST_READ)
  readonly #records = new Map<number, number>()

  add(partition: number, { records, hasMore }: BatchSummary): void {
    this.#records.set(partition, records)
    if (hasMore && records >= LARGEST_READ) this.#gauge.meet()
    this.#set()
  }

  forget(partition: number): void {
    this.#records.delete(partition)
    this.#set()
  }

  read() {
    return this.#gauge.read()
  }

  #set(): void {
    this.#gauge.set(Math.max(0, ...this.#records.values()))
  }
}

/** What the partitions of a process did since it was last reported. */
class Activity {
  #since = Date.now()
  #events = 0
  #lateEvents = 0
  /** Greatest age of a batch's newest event when its results were committed. */
  #lagMs = 0
  readonly #offsets: Record<string, number> = {}

  add(batch: BatchSummary, consumer: PartitionConsumer): void {
    this.#events += batch.events
    this.#lateEvents += batch.lateEvents
    if (batch.records === 0 || consumer.position === null) return
    this.#offsets[consumer.partition] = consumer.position.offset
    this.#lagMs = Math.max(this.#lagMs, Date.now() - consumer.position.appendedAt)
  }

  /** Says nothing where nothing was done. */
  report(logger: Logger): void {
    const now = Date.now()
    const perSecond = Math.round(this.#events / Math.max(0.001, (now - this.#since) / 1_000))
    const busy = { events: this.#events, lateEvents: this.#lateEvents, perSecond, lagMs: this.#lagMs }
    if (busy.events > 0) {
      logger.info({ ...busy, offsets: this.#offsets }, `${perSecond} events/s, lag ${busy.lagMs} ms`)
    }
    this.#since = now
    this.#events = 0
    this.#lateEvents = 0
    this.#lagMs = 0
  }
}

/** The list of `--partitions`. @throws UsageError */
export function parsePartitions(list: string): number[] {
  const parts = list.split(',').map(part => part.trim())
  const wrong = parts.find(part => !/^\d{1,5}$/.test(part))
  if (wrong !== undefined) {
    throw new UsageError(`--partitions: "${wrong}" is no partition number; give a list such as 0,1`)
  }
  return parts.map(Number)
}

/** The partitions to work on: those asked for, or all. @throws UsageError when the log has no such partition */
export function choosePartitions(asked: readonly number[] | undefined, count: number): number[] {
  const all = Array.from({ length: count }, (_, partition) => partition)
  if (asked === undefined) return all
  const unknown = asked.find(partition => partition >= count)
  if (unknown !== undefined) {
    throw new UsageError(`--partitions: the log has no partition ${unknown}; it has 0 to ${count - 1}`)
  }
  return all.filter(partition => asked.includes(partition))
}
