import { SECOND_MS } from '#domain/instant.ts'
import type { Freshness } from '#server/serving/freshness/freshness.ts'

/**
 * How a part of the pipeline does: ok, behind (it works, and has more to do than it should), down (it does
 * not work), quiet (nothing comes, which may be right).
 */
export type Health = 'ok' | 'behind' | 'down' | 'quiet'

export interface Judged {
  health: Health
  /** Why, in a few words; empty when all is well. */
  why: string
}

export interface HealthFacts {
  freshness: Freshness
  intakeIsUp: boolean
  /** Partitions that a living stream process owns, of all. */
  streamOwned: number
  partitions: number
  liveEventsPerMinute: number
  bulkEventsPerMinute: number
  /** A job whose newest run failed. */
  failedJobs: readonly string[]
}

export type PipelineHealth = Record<
  'tills' | 'files' | 'intake' | 'log' | 'stream' | 'batch' | 'liveTables' | 'reports' | 'serving',
  Judged
>

/** An event that lies unread for longer is no live figure any more. */
const STREAM_BEHIND_MS = 5 * SECOND_MS
/** The schedule beats every ten seconds. */
export const JOBS_SILENT_MS = 30 * SECOND_MS
const TICK_OVERDUE_MS = 60 * SECOND_MS

const OK: Judged = { health: 'ok', why: '' }

export function judgeHealth(facts: HealthFacts): PipelineHealth {
  const stream = judgeStream(facts)
  const batch = judgeBatch(facts.freshness)
  return {
    tills: facts.liveEventsPerMinute > 0 ? OK : { health: 'quiet', why: 'no event in the last minute' },
    // Files come now and then.
    files: facts.bulkEventsPerMinute > 0 ? OK : { health: 'quiet', why: 'no file in the last minute' },
    intake: facts.intakeIsUp ? OK : { health: 'down', why: 'does not answer' },
    // Its answer is what all of this stands on.
    log: OK,
    stream,
    batch,
    liveTables: stream.health === 'ok' ? OK : { health: 'behind', why: 'wait for the stream' },
    reports: judgeReports(facts, batch),
    serving: OK,
  }
}

function judgeStream({ freshness: { stream }, streamOwned, partitions }: HealthFacts): Judged {
  if (streamOwned === 0) return { health: 'down', why: 'no stream process owns a partition' }
  if (streamOwned < partitions)
    return {
      health: 'behind',
      why: `${partitions - streamOwned} of ${partitions} partitions without an owner`,
    }
  if (stream.lagMs > STREAM_BEHIND_MS)
    return {
      health: 'behind',
      why: `its oldest unread event waits ${Math.round(stream.lagMs / SECOND_MS)} s`,
    }
  return OK
}

function judgeBatch({ now, batch }: Freshness): Judged {
  const { heartbeatAt, nextTickAt } = batch
  if (heartbeatAt === null) return { health: 'down', why: 'no jobs process has run yet' }
  if (now - heartbeatAt > JOBS_SILENT_MS) return { health: 'down', why: 'no jobs process runs' }
  // It is behind between ticks by design; past a tick it is late.
  if (nextTickAt !== null && now - nextTickAt > TICK_OVERDUE_MS && batch.lagEvents > 0)
    return { health: 'behind', why: 'its tick is overdue' }
  return OK
}

function judgeReports({ failedJobs }: HealthFacts, batch: Judged): Judged {
  if (failedJobs.length > 0) return { health: 'behind', why: `last run failed: ${failedJobs.join(', ')}` }
  return batch.health === 'ok' ? OK : { health: 'behind', why: 'wait for the batch' }
}
