import type { Sql } from '#db/client.ts'
import { describeMissingMigrations } from '#db/migrate.ts'
import { HttpProblem } from './problem.ts'

export interface Readiness {
  status: 'ready'
  parts: Record<string, string>
}

/** A part that the process needs; throws when it is not there. */
export type ReadinessCheck = () => Promise<void>

/**
 * Asks every part, each for `timeoutMs` at most.
 * @throws HttpProblem 503 naming the parts that fail
 */
export async function checkReadiness(
  checks: Readonly<Record<string, ReadinessCheck>>,
  timeoutMs: number,
): Promise<Readiness> {
  const parts: Record<string, string> = {}
  const failing: string[] = []
  await Promise.all(
    Object.entries(checks).map(async ([part, check]) => {
      try {
        await within(check(), timeoutMs)
        parts[part] = 'ok'
      } catch (error) {
        parts[part] = error instanceof Error ? error.message : String(error)
        failing.push(part)
      }
    }),
  )
  if (failing.length > 0) {
    throw new HttpProblem(503, `Not ready: ${failing.sort().join(', ')}.`, {
      headers: { 'Retry-After': '2' },
      members: { failing, parts },
    })
  }
  return { status: 'ready', parts }
}

/** The database answers. */
export function databaseCheck(sql: Pick<Sql, 'unsafe'>): ReadinessCheck {
  return async () => {
    await sql.unsafe('select 1')
  }
}

/** Every migration of this version is applied. */
export function migrationsCheck(sql: Pick<Sql, 'unsafe'>): ReadinessCheck {
  return async () => {
    const missing = await describeMissingMigrations(sql)
    if (missing !== undefined) throw new Error(missing)
  }
}

async function within<Result>(work: Promise<Result>, timeoutMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}
