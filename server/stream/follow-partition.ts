import type { Logger } from 'pino'
import type { Sql } from '#db/client.ts'
import { withConnection } from '#db/open.ts'
import { ENGINE_TITLES, OWN_ENGINE } from '#domain/engine.ts'
import { backoffMs, pause } from '#platform/time.ts'
import type { WakeUp } from '#platform/wake-up.ts'
import { FencedError, PartitionHeldError } from '#server/log/fence.ts'
import { isPassing } from '#server/log/log-errors.ts'
import { type BatchSummary, GenerationMovedError, PartitionConsumer } from './consumer.ts'
import type { OperatorCosts } from './operator-costs.ts'
import { RETRIES } from './partition-session.ts'
import { YIELD_PATIENCE_MS } from './sharing.ts'
import { activeGeneration, activeStand, type Owner, ownerOf } from './state/generations.ts'

/** Longest a partition goes unread when no hint comes. */
const POLL_MS = 250
/** Least and most time between the starts of two batches at the log's end. */
const SHORTEST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 200

const LOOK_AGAIN_MS = 200
/** A replay switches within seconds of stopping the service. One that does not is frozen: it is stopped in turn. */
const REPLAY_PATIENCE_MS = 15_000

/** Owner name of a replay that switches generations; a service that it stopped waits for the outcome. */
export const REPLAY_OWNER = 'replay'

/**
 * How often a process that stands by looks whether the partition is free now: often at first, when it may be the one
 * that follows a process just killed, whose backend ends in a moment.
 */
const STAND_BY = { firstMs: 50, firstLooks: 60, laterMs: 500 }

export interface FollowOptions {
  url: string
  /** For looks at who works on what while standing by. */
  sql: Sql
  partition: number
  /** Shown in log.owners. */
  owner: string
  wake: WakeUp
  /** Woken when another process has let go of the partition. */
  freed: WakeUp
  logger: Logger
  signal: AbortSignal
  /** Told what batches cost. */
  costs: OperatorCosts
  /** Asked between two batches: whether to let go of the partition, for a process that has fewer. */
  takesLeave(): boolean
  onBatch(batch: BatchSummary, consumer: PartitionConsumer): void
  /** Told when it has the partition, when another process has taken it, and when it has let go of it or stands by. */
  onOwning(owning: 'has' | 'lost' | 'yielded' | 'stands-by'): void
}

/**
 * Works on one partition of the active generation, across replays that switch generations, until it is
 * told to stop. It takes the partition when nobody works on it: while another process does, it stands by and says who.
 * So it does while the active generation is another engine's.
 */
export async function followPartition(options: FollowOptions): Promise<void> {
  const { url, partition, owner, wake, freed, logger, signal, costs, onOwning } = options
  for (const sleeping of [wake, freed])
    signal.addEventListener('abort', () => sleeping.notify(), { once: true })
  let leavesUntil = 0
  while (!signal.aborted) {
    const stand = await whenReachable(options, sql => activeStand(sql))
    if (stand === null) break
    const { generation } = stand
    if (stand.engine !== OWN_ENGINE) {
      logger.info(
        { partition, generation, engine: stand.engine },
        `partition ${partition}: generation ${generation} is ${ENGINE_TITLES[stand.engine]}'s; stands by`,
      )
      onOwning('stands-by')
      await whenMoved(options, generation)
      continue
    }
    if (!(await whenFree(options, { generation, leavesUntil }))) continue
    leavesUntil = 0
    const consumer = new PartitionConsumer({
      url,
      generation,
      partition,
      owner,
      isLive: true,
      takes: 'free',
      costs,
    })
    const end = await consumeOn(consumer, options)
    await consumer.close()
    if (end === 'stopped') break
    if (end === 'yielded') {
      logger.info({ partition, generation }, `partition ${partition}: left to a process that has fewer`)
      leavesUntil = performance.now() + YIELD_PATIENCE_MS
      onOwning('yielded')
    }
    if (end !== 'fenced') continue
    if ((await outcomeOfFencing(options, generation)) === 'lost') {
      logger.error(
        { partition, generation },
        `partition ${partition} was taken by another stream process: this one stops working on it`,
      )
      onOwning('lost')
    } else if (!signal.aborted) logger.info({ partition }, `partition ${partition}: goes on after a replay`)
  }
}

/** Stands by while a generation is the active one. */
async function whenMoved({ sql, signal }: FollowOptions, generation: number): Promise<void> {
  while (!signal.aborted) {
    try {
      if ((await activeGeneration(sql)) !== generation) return
    } catch (error) {
      if (!isPassing(error)) throw error
    }
    await pause(LOOK_AGAIN_MS, signal)
  }
}

/**
 * Stands by while another process works on the partition.
 * @param standing leavesUntil: when a partition that it has let go of is its own again, should nobody have taken it
 * @returns false when told to stop, or the generation moved
 */
async function whenFree(
  options: FollowOptions,
  { generation, leavesUntil }: { generation: number; leavesUntil: number },
): Promise<boolean> {
  const { sql, partition, freed, logger, signal } = options
  let told: string | null = null
  for (let looks = 0; !signal.aborted; looks += 1) {
    try {
      const [current, owner] = await Promise.all([
        activeGeneration(sql),
        ownerOf(sql, { generation, partition }),
      ])
      if (current !== generation) return false
      const isFree = !owner?.isAtWork
      if (isFree && performance.now() >= leavesUntil) return true
      if (!isFree && owner.name !== told) {
        logger.info(
          { partition, owner: owner.name },
          `partition ${partition}: ${owner.name} has it; stands by`,
        )
        told = owner.name
      }
    } catch (error) {
      if (!isPassing(error)) throw error
    }
    await freed.wait(looks < STAND_BY.firstLooks ? STAND_BY.firstMs : STAND_BY.laterMs)
  }
  return false
}

/**
 * Consumes a partition until it is told to stop or somebody takes it. Errors of the database are waited
 * out; anything else is reported and tried again, never skipped: a hole in the log stops its partition.
 * @returns why it ended: told to stop, the partition was taken, its generation is not the active one, another
 *   process was quicker, or it is left to one that has fewer
 */
async function consumeOn(
  consumer: PartitionConsumer,
  { wake, logger, signal, takesLeave, onBatch, onOwning }: FollowOptions,
): Promise<'stopped' | 'fenced' | 'moved' | 'held' | 'yielded'> {
  let failures = 0
  while (!signal.aborted) {
    const startedAt = performance.now()
    try {
      const batch = await consumer.processNext()
      onOwning('has')
      if (failures > 0) logger.info({ failures }, `partition ${consumer.partition}: works again`)
      failures = 0
      onBatch(batch, consumer)
      if (takesLeave()) return 'yielded'
      if (batch.records === 0) await wake.wait(POLL_MS)
      else if (!batch.hasMore) await pause(pauseMs(performance.now() - startedAt), signal)
    } catch (err) {
      if (err instanceof FencedError) return 'fenced'
      if (err instanceof PartitionHeldError) return 'held'
      if (err instanceof GenerationMovedError) return 'moved'
      failures += 1
      const waitMs = backoffMs(failures, RETRIES)
      // The first, second, fourth … failure: an outage of hours is not thousands of lines.
      if ((failures & (failures - 1)) === 0) {
        const level = isPassing(err) ? 'warn' : 'error'
        logger[level](
          { err, failures, waitMs },
          `partition ${consumer.partition}: a batch failed; it is tried again`,
        )
      }
      await pause(waitMs, signal)
    }
  }
  return 'stopped'
}

/**
 * How long to let events gather after a batch that reached the log's end: as long as the batch took, so a
 * busy partition works in larger batches at half its capacity, and a quiet one answers at once.
 */
export function pauseMs(batchMs: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, batchMs))
}

/** Waits out a replay that has taken the partition. */
async function outcomeOfFencing(
  options: FollowOptions,
  generation: number,
): Promise<'lost' | 'follow' | 'retake'> {
  const { partition, signal } = options
  const since = performance.now()
  for (;;) {
    const outcome = await whenReachable(options, async sql => {
      const owner = await ownerOf(sql, { generation, partition })
      if (!owner) return 'lost'
      return afterFencing({ owner, generation, activeGeneration: await activeGeneration(sql) })
    })
    if (outcome === null) return 'retake'
    if (outcome !== 'wait') return outcome
    if (performance.now() - since > REPLAY_PATIENCE_MS) return 'retake'
    await pause(LOOK_AGAIN_MS, signal)
  }
}

export interface Fencing {
  owner: Owner
  /** Generation this process worked on. */
  generation: number
  activeGeneration: number
}

/**
 * What a process does whose partition was taken.
 * - `lost`: another stream process works on it now, so this one leaves it alone.
 * - `follow`: a replay took it to switch generations, and has switched: go on with the new one.
 * - `wait`: a replay took it and is still at it.
 * - `retake`: a replay took it and died before it switched: go on with the old one.
 */
export function afterFencing(fencing: Fencing): 'lost' | 'follow' | 'wait' | 'retake' {
  const { owner, generation, activeGeneration } = fencing
  // Replays may have taken it more than once while this process slept, or waited. Should another process have had it in
  // between, both stand by until it is free, and one of them gets it.
  if (!owner.name.startsWith(`${REPLAY_OWNER} `)) return 'lost'
  if (activeGeneration !== generation) return 'follow'
  return owner.isConnected ? 'wait' : 'retake'
}

/** Asks the database, waiting until it is there. @returns null when told to stop meanwhile */
async function whenReachable<Answer>(
  { url, signal }: FollowOptions,
  ask: (sql: Sql) => Promise<Answer>,
): Promise<Answer | null> {
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      return await withConnection(url, {}, ask)
    } catch (error) {
      if (!isPassing(error)) throw error
      await pause(backoffMs(failures, RETRIES), signal)
    }
  }
  return null
}
