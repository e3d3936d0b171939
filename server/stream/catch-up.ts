import type { Logger } from 'pino'
import { withConnection } from '#db/open.ts'
import { ENGINE_TITLES, type Engine, OWN_ENGINE } from '#domain/engine.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import { backoffMs, pause } from '#platform/time.ts'
import { FencedError } from '#server/log/fence.ts'
import { isPassing } from '#server/log/log-errors.ts'
import { openOrderLog } from '#server/log/open-log.ts'
import { GenerationMovedError, PartitionConsumer } from './consumer.ts'
import { RETRIES } from './partition-session.ts'
import { loadProgress } from './state/checkpoint.ts'
import { activeStand, OtherEngineError, ownerOf } from './state/generations.ts'

const LOOK_AGAIN_MS = 100
/** A connected owner that has not moved for this long does not work on the partition. */
const OWNER_STALLED_MS = 5_000
/** Failures in a row after which a command gives up: about half a minute. */
const MOST_FAILURES = 20

/** Events at once that change the tables enough to look at them anew. */
const MANY_EVENTS = 10_000

/** How far a partition was brought. */
export interface CaughtUp {
  generation: number
  partition: number
  offset: number
  watermark: Instant | null
  /** Processed by this process; 0 where a running service did it. */
  events: number
  lateEvents: number
}

export interface CatchUpOptions {
  url: string
  partitions: readonly number[]
  owner: string
  logger: Logger
}

/**
 * Brings the active generation to the end of the log as it is now. A running service is not disturbed:
 * where one works on a partition, its progress is waited for. So is that of another engine whose generation is active.
 * @throws OtherEngineError where that does not get on
 */
export async function catchUp(options: CatchUpOptions): Promise<CaughtUp[]> {
  const ends = await readEnd(options.url)
  const caughtUp = await Promise.all(
    options.partitions.map(partition => catchUpPartition(options, partition, ends[partition]?.offset ?? 0)),
  )
  const written = caughtUp.reduce((events, partition) => events + partition.events, 0)
  if (written >= MANY_EVENTS) await gatherStatistics(options.url)
  return caughtUp
}

async function readEnd(url: string): Promise<Position[]> {
  return withConnection(url, {}, async sql => {
    const log = await openOrderLog(sql)
    try {
      return await log.end()
    } finally {
      await log.close()
    }
  })
}

/**
 * After a history has filled the tables: autovacuum looks at them within a minute, and at the partitioned ones
 * as a whole never. Readers who come first, as an audit does, would take them for empty.
 */
async function gatherStatistics(url: string): Promise<void> {
  await withConnection(
    url,
    {},
    sql => sql`
      analyze (skip_locked) stream.windows (generation, partition, store, window_start, channel, currency, business_day),
        stream.stock (generation, store, sku), stream.episodes (generation, store, sku, state)`,
  )
}

async function catchUpPartition(
  options: CatchUpOptions,
  partition: number,
  target: number,
): Promise<CaughtUp> {
  const { url, owner, logger } = options
  let events = 0
  let lateEvents = 0
  for (;;) {
    const watched = await watchOwner(url, partition, target)
    const { engine, ...standing } = watched
    const { generation } = standing
    if (standing.offset >= target) return { partition, ...standing, events, lateEvents }
    if (engine !== OWN_ENGINE) {
      throw new OtherEngineError(
        `partition ${partition} stands at offset ${standing.offset} of ${target}: generation ${generation} is ${ENGINE_TITLES[engine]}'s, which does not get on; start it, or switch back with "npm run replay -- --switch-back"`,
      )
    }
    const consumer = new PartitionConsumer({ url, generation, partition, owner, isLive: true })
    try {
      const done = await advanceTo(consumer, target, logger)
      events += done.events
      lateEvents += done.lateEvents
      const { offset } = done.position
      return { generation, partition, offset, watermark: consumer.watermark, events, lateEvents }
    } catch (error) {
      // Somebody else works on it now, or on a newer generation: watch that one.
      if (!(error instanceof FencedError || error instanceof GenerationMovedError)) throw error
    } finally {
      await consumer.close()
    }
  }
}

/** Waits while a connected owner moves towards the target. @returns where the partition then stands */
async function watchOwner(
  url: string,
  partition: number,
  target: number,
): Promise<{ generation: number; engine: Engine; offset: number; watermark: Instant | null }> {
  return withConnection(url, {}, async sql => {
    let last = -1
    let movedAt = performance.now()
    for (;;) {
      const { generation, engine } = await activeStand(sql)
      const { position, watermark } = await loadProgress(sql, { generation, partition })
      const { offset } = position
      const standing = { generation, engine, offset, watermark: watermark.current }
      if (offset >= target) return standing
      const owner = await ownerOf(sql, { generation, partition })
      if (!owner?.isConnected) return standing
      if (offset > last) movedAt = performance.now()
      else if (performance.now() - movedAt > OWNER_STALLED_MS) return standing
      last = offset
      await pause(LOOK_AGAIN_MS)
    }
  })
}

/**
 * Brings a consumer to an offset, waiting out short outages of the database.
 * @throws FencedError, LogOrderError, and the database's error when it stays away
 */
export async function advanceTo(
  consumer: PartitionConsumer,
  target: number,
  logger: Logger,
): Promise<{ position: Position; events: number; lateEvents: number }> {
  let events = 0
  let lateEvents = 0
  for (let failures = 0; ; ) {
    try {
      const position = await consumer.open()
      if (position.offset >= target) return { position, events, lateEvents }
      const batch = await consumer.processNext(target)
      events += batch.events
      lateEvents += batch.lateEvents
      failures = 0
      if (batch.records === 0) {
        throw new Error(
          `partition ${consumer.partition}: the log ends at ${position.offset}, before offset ${target}`,
        )
      }
    } catch (err) {
      failures += 1
      if (!isPassing(err) || failures >= MOST_FAILURES) throw err
      const waitMs = backoffMs(failures, RETRIES)
      logger.warn({ err, waitMs }, `partition ${consumer.partition}: a batch failed; it is tried again`)
      await pause(waitMs)
    }
  }
}

/** The one line that a run to the end of the log prints. */
export function caughtUpLine(partitions: readonly CaughtUp[], elapsedMs: number): string {
  const events = partitions.reduce((sum, partition) => sum + partition.events, 0)
  const late = partitions.reduce((sum, partition) => sum + partition.lateEvents, 0)
  const generations = [...new Set(partitions.map(({ generation }) => generation))].join(', ')
  const offsets = partitions.map(({ partition, offset }) => `${partition}:${offset}`).join(' ')
  const watermarks = partitions.flatMap(({ watermark }) => (watermark === null ? [] : [watermark]))
  const watermark = watermarks.length === 0 ? 'none' : formatInstant(Math.min(...watermarks))
  return (
    `stream: caught up, ${events} events (${late} late) in ${(elapsedMs / 1_000).toFixed(1)} s; ` +
    `generation ${generations}, offsets ${offsets}, watermark ${watermark}`
  )
}
