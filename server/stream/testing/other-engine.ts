import { pino } from 'pino'
import { connect } from '#db/client.ts'
import { pause } from '#platform/time.ts'
import { FencedError } from '#server/log/fence.ts'
import { isPassing } from '#server/log/log-errors.ts'
import { GenerationMovedError, PartitionConsumer } from '#server/stream/consumer.ts'
import { activeGeneration } from '#server/stream/state/generations.ts'

/** What follows the log with a generation of another engine. */
export interface OtherEngine {
  /** Ends it after the batch under way. */
  stop(): Promise<void>
}

/**
 * Builds a generation that is marked as another engine's and follows the log with it, as such an engine must: under its own
 * ownership, the owner's row asked for first in every transaction, with change rows while it is the active one. It is a
 * second build of the whole, by the stream's own consumers.
 */
export function startOtherEngine(
  url: string,
  { generation, partitions }: { generation: number; partitions: readonly number[] },
): OtherEngine {
  const stopping = new AbortController()
  const { signal } = stopping
  const logger = pino({ level: 'silent' })
  const sql = connect(url, { max: 1, applicationName: 'other engine' })

  async function follow(partition: number): Promise<void> {
    let consumer: PartitionConsumer | null = null
    let wasLive: boolean | null = null
    while (!signal.aborted) {
      try {
        const isLive = (await activeGeneration(sql)) === generation
        if (!consumer || isLive !== wasLive) {
          await consumer?.close()
          consumer = new PartitionConsumer({ url, generation, partition, owner: 'flink test:1', isLive })
          wasLive = isLive
        }
        const { records } = await consumer.processNext()
        if (records === 0) await pause(10, signal)
      } catch (error) {
        const isForeseen =
          error instanceof FencedError || error instanceof GenerationMovedError || isPassing(error)
        if (!isForeseen) throw error
        logger.info({ error }, 'the other engine begins again')
        await consumer?.close()
        consumer = null
        await pause(20, signal)
      }
    }
    await consumer?.close()
  }
  const following = Promise.all(partitions.map(follow))

  return {
    async stop() {
      stopping.abort()
      await following
      await sql.end({ timeout: 1 })
    },
  }
}
