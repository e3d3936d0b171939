import type { Logger } from 'pino'
import { connect, type Sql } from '#db/client.ts'
import type { AlertsDifference, PartitionProgress, ReplayKind, TotalsDifference } from '#domain/replay.ts'
import { messageOf } from '#platform/command.ts'
import { startPeriodic } from '#platform/time.ts'
import type { Ownership } from '#server/log/fence.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import { advanceTo } from '#server/stream/catch-up.ts'
import { PartitionConsumer } from '#server/stream/consumer.ts'
import { REPLAY_OWNER } from '#server/stream/follow-partition.ts'
import { offsetsOf } from '#server/stream/state/checkpoint.ts'
import {
  activeGeneration,
  createNextGeneration,
  dropGeneration,
  dropRetired,
  newestRetired,
} from '#server/stream/state/generations.ts'
import { compareAlerts, compareTotals, standingAnswer } from './compare-generations.ts'
import { ReplayRecord, settleAbandoned } from './record.ts'
import { switchGeneration } from './switch-generation.ts'

/** Once the rebuilt generation is this many events behind, the rest is done while the service is stopped. */
const CLOSE_ENOUGH = 20_000
const MOST_ROUNDS = 20
const LOOK_FOR_CLIENT_MS = 1_000

interface ReplayOptions {
  /** A migrated database. */
  url: string
  /** Who replays, e.g. `host:pid`. */
  name: string
  logger: Logger
}

export interface ReplayOutcome {
  kind: ReplayKind
  from: number
  to: number
  events: number
  buildMs: number
  differences: TotalsDifference[]
  alerts: AlertsDifference[]
  /** False when the generations differ and that was not accepted: the old one stays. */
  isSwitched: boolean
  /** Whether a stream service works on and now goes on with the new generation. */
  wasRunning: boolean
}

/** Another replay is under way. */
export class ReplayRunningError extends Error {
  override readonly name = 'ReplayRunningError'
}

/** There is no generation to go back to. */
export class NothingRetiredError extends Error {
  override readonly name = 'NothingRetiredError'
}

/**
 * Rebuilds the stream's tables from offset 0 as a new generation, without side effects, holds it against
 * the active one at equal offsets, and switches; or brings the generation that was active before to where the active
 * one stands, and switches back to it. The service goes on meanwhile; it pauses for the last
 * moment. Whatever happens before the switch leaves the active generation as it was; what was half built
 * is dropped by the next replay. Either way `live.replays` keeps what was done.
 * @throws ReplayRunningError, NothingRetiredError; what the database or the log throws
 */
export async function replay(
  options: ReplayOptions & { acceptsDifferences: boolean; kind?: ReplayKind; askedBy?: string | null },
): Promise<ReplayOutcome> {
  const { acceptsDifferences, kind = 'rebuild', askedBy = null } = options
  return onConnection(options, async sql =>
    underRecord(sql, options, await ReplayRecord.begin(sql, { kind, acceptsDifferences, askedBy })),
  )
}

/** Does what was asked for on a page. @returns null when another process has taken it @throws as `replay` does */
export async function replayAsked(
  options: ReplayOptions & { request: number },
): Promise<ReplayOutcome | null> {
  return onConnection(options, async sql => {
    const record = await ReplayRecord.take(sql, options.request)
    return record && underRecord(sql, options, record)
  })
}

async function onConnection<Outcome>(
  { url }: ReplayOptions,
  work: (sql: Sql) => Promise<Outcome>,
): Promise<Outcome> {
  // Killed while it waits for a lock, it is gone within a second: its record says so, and the next one need not wait.
  const session = { client_connection_check_interval: LOOK_FOR_CLIENT_MS }
  const sql = connect(url, { max: 1, applicationName: 'tillstream replay', session })
  try {
    await settleAbandoned(sql)
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function underRecord(sql: Sql, options: ReplayOptions, record: ReplayRecord): Promise<ReplayOutcome> {
  try {
    await takeReplayLock(sql)
    return await (record.request.kind === 'rebuild' ? rebuild : goBack)(sql, { ...options, record })
  } catch (error) {
    // Where not even that can be written, its backend is gone, which says it too.
    await record.unswitched({ state: 'failed', detail: messageOf(error) }).catch(() => {})
    throw error
  }
}

type Recorded = ReplayOptions & { record: ReplayRecord }

async function rebuild(sql: Sql, options: Recorded): Promise<ReplayOutcome> {
  const { logger, record } = options
  const from = await activeGeneration(sql)
  const to = await createNextGeneration(sql)
  return bringForward(sql, options, { from, to }, async (build, partitions) => {
    await buildUntilClose(sql, build, { from, partitions })
    const { offsets, ...active } = await standingAnswer(sql, { generation: from, partitions })
    await build.advance(offsets)
    const rebuilt = await standingAnswer(sql, { generation: to, partitions })
    const differences = compareTotals(active.totals, rebuilt.totals)
    const alerts = compareAlerts(active.alerts, rebuilt.alerts)
    const built = { from, to, events: build.events, buildMs: build.elapsedMs(), differences, alerts }
    await record.progress(build.progress())
    await record.compared(built)
    const outcome = { kind: 'rebuild' as const, ...built }
    if (differences.length + alerts.length > 0 && !record.request.acceptsDifferences) {
      await build.close()
      await dropGeneration(sql, to)
      await record.unswitched({
        state: 'kept',
        detail: `The rebuilt generation differs: generation ${from} stays active.`,
      })
      return { ...outcome, isSwitched: false, wasRunning: false }
    }
    const wasRunning = await switchOver(sql, options, { build, from, to, partitions })
    await dropRetired(sql, logger)
    return { ...outcome, events: build.events, isSwitched: true, wasRunning }
  })
}

async function goBack(sql: Sql, options: Recorded): Promise<ReplayOutcome> {
  const from = await activeGeneration(sql)
  const to = await newestRetired(sql)
  if (to === null) {
    throw new NothingRetiredError('there is no retired generation to go back to: no replay has switched yet')
  }
  return bringForward(sql, options, { from, to }, async (build, partitions) => {
    await buildUntilClose(sql, build, { from, partitions })
    const wasRunning = await switchOver(sql, options, { build, from, to, partitions })
    const { events } = build
    const built = { from, to, events, buildMs: build.elapsedMs(), differences: [], alerts: [] }
    await options.record.compared(built)
    return { kind: 'switch_back', ...built, isSwitched: true, wasRunning }
  })
}

/** Tells how far a generation is while it is brought forward. */
const TELL_MS = 500

async function bringForward(
  sql: Sql,
  { url, name, logger, record }: Recorded,
  { from, to }: { from: number; to: number },
  work: (build: Build, partitions: readonly number[]) => Promise<ReplayOutcome>,
): Promise<ReplayOutcome> {
  await record.between({ from, to })
  const count = await createPostgresLog(sql).partitionCount()
  const partitions = Array.from({ length: count }, (_, index) => index)
  const owner = ownerName(name)
  const consumers = partitions.map(
    partition => new PartitionConsumer({ url, generation: to, partition, owner, isLive: false }),
  )
  const build = new Build(consumers, logger)
  const telling = startPeriodic(() => record.progress(build.progress()), {
    everyMs: TELL_MS,
    onFailure: err => logger.warn({ err }, 'the progress of the replay is not told'),
  })
  try {
    return await work(build, partitions)
  } finally {
    await telling.stop()
    await build.close()
  }
}

function ownerName(name: string): string {
  return `${REPLAY_OWNER} ${name}`
}

async function switchOver(
  sql: Sql,
  { name, record }: Recorded,
  { build, from, to, partitions }: { build: Build; from: number; to: number; partitions: readonly number[] },
): Promise<boolean> {
  const { wasRunning } = await switchGeneration(sql, {
    from,
    to,
    partitions,
    owner: ownerName(name),
    advance: offsets => build.advance(offsets),
    onMoved: transaction => record.switched(transaction, `Generation ${to} is active.`),
  })
  await record.progress(build.progress())
  await build.close()
  return wasRunning
}

/** The consumers of the generation that is brought forward, one per partition. */
class Build {
  events = 0
  readonly #consumers: readonly PartitionConsumer[]
  readonly #logger: Logger
  readonly #startedAt = performance.now()
  readonly #reached: PartitionProgress[]

  constructor(consumers: readonly PartitionConsumer[], logger: Logger) {
    this.#consumers = consumers
    this.#logger = logger
    this.#reached = consumers.map(({ partition }) => ({ partition, offset: 0, target: 0 }))
  }

  /** Brings every partition to its offset. @returns the ownerships under which that was written */
  async advance(offsets: readonly number[]): Promise<Ownership[]> {
    return Promise.all(
      this.#consumers.map(async (consumer, index) => {
        const target = offsets[index] ?? 0
        const reached = this.#reached[index]
        if (reached) reached.target = Math.max(reached.target, target)
        const { events } = await advanceTo(consumer, target, this.#logger)
        this.events += events
        return consumer.ownership
      }),
    )
  }

  /** Never back: after a failure a consumer knows its place again with its next batch. */
  progress(): PartitionProgress[] {
    for (const [index, reached] of this.#reached.entries()) {
      reached.offset = Math.max(reached.offset, this.#consumers[index]?.position?.offset ?? 0)
    }
    return this.#reached.map(reached => ({ ...reached }))
  }

  elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  async close(): Promise<void> {
    await Promise.all(this.#consumers.map(consumer => consumer.close()))
  }
}

/** Follows the active generation, which moves on meanwhile, until little is left. */
async function buildUntilClose(
  sql: Sql,
  build: Build,
  { from, partitions }: { from: number; partitions: readonly number[] },
): Promise<void> {
  let reached = 0
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const offsets = await offsetsOf(sql, from, partitions)
    const target = offsets.reduce((total, offset) => total + offset, 0)
    if (target - reached <= CLOSE_ENOUGH) return
    await build.advance(offsets)
    reached = target
  }
}

/** One replay at a time. Held by the connection: it ends with this process, however that ends. */
async function takeReplayLock(sql: Sql): Promise<void> {
  const [row] = await sql<{ taken: boolean }[]>`
    select pg_try_advisory_lock(hashtext('tillstream.stream.replay')) as taken`
  if (!row?.taken) {
    throw new ReplayRunningError('another replay is under way: wait for it, or stop it first')
  }
}
