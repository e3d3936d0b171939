import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { classifyLogError } from '#server/log/log-errors.ts'
import { LogUnavailableError } from '#server/log/order-log.ts'
import { FencedError } from '#server/log/ownership.ts'
import { GenerationMovedError, type PartitionConsumer, type Step } from './consumer.ts'
import { pauseMs, retryMs } from './pace.ts'
import type { WakeUp } from './wake-up.ts'

/** Longest a partition goes unread when no hint comes. */
const POLL_MS = 250

export interface PartitionRun {
  consumer: PartitionConsumer
  wake: WakeUp
  logger: Logger
  signal: AbortSignal
  onStep(step: Step): void
}

/**
 * Consumes a partition until it is told to stop or somebody takes it. Errors of the database are waited
 * out; anything else is reported and tried again, never skipped: a hole in the log stops its partition.
 * @returns why it ended: told to stop, the partition was taken, or its generation is not the active one
 */
export async function runPartition(run: PartitionRun): Promise<'stopped' | 'fenced' | 'moved'> {
  const { consumer, wake, logger, signal, onStep } = run
  let failures = 0
  while (!signal.aborted) {
    const startedAt = performance.now()
    try {
      const step = await consumer.step()
      if (failures > 0) logger.info({ failures }, `partition ${consumer.partition}: works again`)
      failures = 0
      onStep(step)
      if (step.records === 0) await wake.wait(POLL_MS)
      else if (!step.hasMore) await pause(pauseMs(performance.now() - startedAt), signal)
    } catch (err) {
      if (err instanceof FencedError) return 'fenced'
      if (err instanceof GenerationMovedError) return 'moved'
      failures += 1
      const waitMs = retryMs(failures, Math.random())
      // The first, second, fourth … failure: an outage of hours is not thousands of lines.
      if ((failures & (failures - 1)) === 0) {
        const level = isDatabaseAway(err) ? 'warn' : 'error'
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

/** Whether an error passes when the database is back, or when the same is done again. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof LogUnavailableError) return true
  const { kind } = classifyLogError(error)
  return kind === 'unavailable' || kind === 'transient'
}

/** Sleeps, or returns at once when told to stop. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {})
}
