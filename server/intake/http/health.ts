import { readFile } from 'node:fs/promises'
import type { Sql } from '#db/client.ts'
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

const MIGRATION_JOURNAL = new URL('../../../db/migrations/meta/_journal.json', import.meta.url)

/** At least as many migrations are applied as this version brings. */
export function migrationsCheck(sql: Pick<Sql, 'unsafe'>): ReadinessCheck {
  return async () => {
    const journal = JSON.parse(await readFile(MIGRATION_JOURNAL, 'utf8')) as { entries: unknown[] }
    const [row] = await sql.unsafe<{ applied: number }[]>(
      'select count(*)::integer as applied from tillstream.__drizzle_migrations',
    )
    const applied = row?.applied ?? 0
    if (applied < journal.entries.length) {
      throw new Error(`${applied} of ${journal.entries.length} migrations are applied`)
    }
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
