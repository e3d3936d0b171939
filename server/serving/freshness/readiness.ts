import type { Sql } from '#db/client.ts'
import { describeMissingMigrations } from '#db/migrate.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { deadline } from '#platform/time.ts'
import { readFreshness } from './freshness.ts'
import type { Judgement } from './judge.ts'

export interface Readiness {
  ready: boolean
  /** Per part 'ok', or what is wrong with it. */
  parts: Record<'database' | 'migrations' | keyof Judgement, string>
}

const TIMEOUT_MS = 2 * SECOND_MS
const UNKNOWN = 'not known while the database is away'

/** Asks everything the dashboard needs, for two seconds at most. Never throws: what is missing is named. */
export async function readReadiness(sql: Sql): Promise<Readiness> {
  try {
    const [missing, freshness] = await deadline(
      Promise.all([describeMissingMigrations(sql), readFreshness(sql)]),
      TIMEOUT_MS,
    )
    const parts = { database: 'ok', migrations: missing ?? 'ok', ...freshness.health }
    return { ready: Object.values(parts).every(part => part === 'ok'), parts }
  } catch (error) {
    const database = error instanceof Error ? error.message : String(error)
    const unknown = {
      migrations: UNKNOWN,
      stream: UNKNOWN,
      jobs: UNKNOWN,
      reports: UNKNOWN,
      archive: UNKNOWN,
      events: UNKNOWN,
    }
    return { ready: false, parts: { database, ...unknown } }
  }
}
