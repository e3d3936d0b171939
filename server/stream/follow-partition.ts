import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { afterFencing } from './after-fencing.ts'
import { withConnection } from './connection.ts'
import { consumerName, PartitionConsumer, type Step } from './consumer.ts'
import { retryMs } from './pace.ts'
import { isDatabaseAway, runPartition } from './run-partition.ts'
import { activeGeneration, ownerOf } from './state/generations.ts'
import type { WakeUp } from './wake-up.ts'

const LOOK_AGAIN_MS = 200
/** A replay switches within seconds of stopping the service. One that does not is frozen: it is stopped in turn. */
const REPLAY_PATIENCE_MS = 15_000

export interface FollowOptions {
  url: string
  partition: number
  /** Shown in log.owners. */
  owner: string
  wake: WakeUp
  logger: Logger
  signal: AbortSignal
  onStep(step: Step, consumer: PartitionConsumer): void
}

/**
 * Works on one partition of the active generation, across replays that switch generations, until it is
 * told to stop or another process takes the partition.
 */
export async function followPartition(options: FollowOptions): Promise<'stopped' | 'lost'> {
  const { url, partition, owner, wake, logger, signal, onStep } = options
  while (!signal.aborted) {
    const generation = await whenReachable(options, sql => activeGeneration(sql))
    if (generation === null) break
    const consumer = new PartitionConsumer({ url, generation, partition, owner, isLive: true })
    const run = { consumer, wake, logger, signal, onStep: (step: Step) => onStep(step, consumer) }
    const end = await runPartition(run)
    const { epoch } = consumer
    await consumer.close()
    if (end === 'stopped') break
    if (end === 'moved') continue
    if ((await outcomeOfFencing(options, { generation, epoch })) === 'lost') {
      logger.error(
        { partition, generation },
        `partition ${partition} was taken by another stream process: this one stops working on it`,
      )
      return 'lost'
    }
    if (!signal.aborted) logger.info({ partition }, `partition ${partition}: goes on after a replay`)
  }
  return 'stopped'
}

/** Waits out a replay that has taken the partition. */
async function outcomeOfFencing(
  options: FollowOptions,
  own: { generation: number; epoch: number },
): Promise<'lost' | 'follow' | 'retake'> {
  const { partition, signal } = options
  const consumer = consumerName(own.generation)
  const since = performance.now()
  for (;;) {
    const outcome = await whenReachable(options, async sql => {
      const owner = await ownerOf(sql, { consumer, partition })
      if (!owner) return 'lost'
      const active = await activeGeneration(sql)
      return afterFencing({
        ownEpoch: own.epoch,
        owner,
        generation: own.generation,
        activeGeneration: active,
      })
    })
    if (outcome === null) return 'retake'
    if (outcome !== 'wait') return outcome
    if (performance.now() - since > REPLAY_PATIENCE_MS) return 'retake'
    await sleep(LOOK_AGAIN_MS, undefined, { signal }).catch(() => {})
  }
}

/** Asks the database, waiting until it is there. @returns null when told to stop meanwhile */
async function whenReachable<Answer>(
  { url, signal }: FollowOptions,
  ask: Parameters<typeof withConnection<Answer>>[1],
): Promise<Answer | null> {
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      return await withConnection(url, ask)
    } catch (error) {
      if (!isDatabaseAway(error)) throw error
      await sleep(retryMs(failures, Math.random()), undefined, { signal }).catch(() => {})
    }
  }
  return null
}
