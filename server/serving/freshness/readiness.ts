import type { Sql } from '#db/client.ts'
import { describeMissingMigrations } from '#db/migrate.ts'
import { MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { deadline } from '#platform/time.ts'
import type { Freshness } from './freshness.ts'
import { readFreshness } from './freshness.ts'

export interface Readiness {
  ready: boolean
  /** Per part 'ok', or what is wrong with it. */
  parts: Record<'database' | 'migrations' | 'stream' | 'jobs', string>
}

/** Figures older than this are no live figures. */
const MAX_STREAM_LAG_MS = 30 * SECOND_MS
/** The schedule says that it lives at least twice in this time. */
const MAX_HEARTBEAT_AGE_MS = MINUTE_MS
const TIMEOUT_MS = 2 * SECOND_MS
const UNKNOWN = 'not known while the database is away'

/** Asks everything the dashboard needs, for two seconds at most. Never throws: what is missing is named. */
export async function readReadiness(sql: Sql): Promise<Readiness> {
  try {
    const [missing, freshness] = await deadline(
      Promise.all([describeMissingMigrations(sql), readFreshness(sql)]),
      TIMEOUT_MS,
    )
    const parts = { database: 'ok', migrations: missing ?? 'ok', ...judgeFreshness(freshness) }
    return { ready: Object.values(parts).every(part => part === 'ok'), parts }
  } catch (error) {
    const database = error instanceof Error ? error.message : String(error)
    return { ready: false, parts: { database, migrations: UNKNOWN, stream: UNKNOWN, jobs: UNKNOWN } }
  }
}

/** What freshness says about both paths: 'ok' or a sentence. */
export function judgeFreshness({ now, stream, batch }: Freshness): { stream: string; jobs: string } {
  const lagSeconds = Math.round(stream.lagMs / SECOND_MS)
  return {
    stream:
      stream.lagMs <= MAX_STREAM_LAG_MS
        ? 'ok'
        : `${stream.lagEvents} events behind, the oldest for ${lagSeconds} s: does the stream process run?`,
    jobs: judgeSchedule(now, batch),
  }
}

function judgeSchedule(now: number, { heartbeatAt }: Freshness['batch']): string {
  if (heartbeatAt === null) return 'no schedule has run yet: does the jobs process run?'
  const silentMs = now - heartbeatAt
  if (silentMs <= MAX_HEARTBEAT_AGE_MS) return 'ok'
  return `the schedule was last heard of ${Math.round(silentMs / SECOND_MS)} s ago: does the jobs process run?`
}
