import { connect, type Sql } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
import type { Environment } from '#platform/environment.ts'
import { browserUrl } from './ports.ts'
import type { ProcessName } from './processes.ts'

/** Long after the beats of the schedule (10 s) and of the simulators (2 s). */
const OLDEST_BEAT_MS = { jobs: 60 * SECOND_MS, simulate: 30 * SECOND_MS }
const ANSWER_WITHIN_MS = 4 * SECOND_MS

/** Where to look, and as whom. */
export interface HealthContext {
  environment: Pick<Environment, 'databaseUrl' | 'host' | 'port' | 'intakePort'>
  /** Of the machine (or container) whose process is asked about. */
  hostname: string
  now: number
}

/**
 * Whether a process of this machine does its work: those with a port are asked there; the others leave signs of
 * life in the database.
 *
 * @returns null when it does, else a sentence that says what is missing
 */
export async function checkHealth(name: ProcessName, context: HealthContext): Promise<string | null> {
  const { host, port, intakePort } = context.environment
  switch (name) {
    case 'web':
      return checkAnswer(`${browserUrl(host, port)}/healthz`)
    case 'intake':
      return checkAnswer(`${browserUrl(host, intakePort)}/healthz`)
    case 'stream':
      return withDatabase(context, sql => checkOwner(sql, context.hostname))
    case 'jobs':
      return withDatabase(context, async sql => {
        const [row] = await sql<{ at: number }[]>`select beat_at as at from batch.heartbeat`
        return judgeBeat(row?.at, OLDEST_BEAT_MS.jobs, context.now)
      })
    case 'simulate':
      return withDatabase(context, async sql => {
        const [row] = await sql<{ at: number }[]>`select beat_at as at from live.simulator_heartbeat`
        return judgeBeat(row?.at, OLDEST_BEAT_MS.simulate, context.now)
      })
  }
}

async function checkAnswer(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
    await response.body?.cancel()
    return response.ok ? null : `${url} answers ${response.status}`
  } catch {
    return `${url} does not answer`
  }
}

/** A stream process that owns nothing has been replaced by another, or cannot begin. */
async function checkOwner(sql: Sql, hostname: string): Promise<string | null> {
  const [row] = await sql<{ partitions: number }[]>`
    select count(*) as partitions from log.owners o
    join pg_stat_activity a on a.pid = o.backend_pid and a.backend_start = o.backend_start
    where starts_with(o.owner, ${`stream ${hostname}:`})`
  return row && row.partitions > 0 ? null : `no partition of the log is worked on from ${hostname}`
}

function judgeBeat(at: number | undefined, oldestMs: number, now: number): string | null {
  if (at === undefined) return 'no sign of life yet'
  const silentMs = now - at
  return silentMs <= oldestMs ? null : `last heard of ${Math.round(silentMs / SECOND_MS)} s ago`
}

async function withDatabase(
  { environment }: HealthContext,
  look: (sql: Sql) => Promise<string | null>,
): Promise<string | null> {
  if (environment.databaseUrl === undefined)
    return 'DATABASE_URL is not set: nowhere to look for signs of life'
  const sql = connect(environment.databaseUrl, { max: 1, applicationName: 'tillstream health' })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>(resolve => {
    timer = setTimeout(resolve, ANSWER_WITHIN_MS, 'the database does not answer')
  })
  try {
    return await Promise.race([look(sql), late])
  } catch (error) {
    return `the database cannot be asked: ${error instanceof Error ? error.message : String(error)}`
  } finally {
    clearTimeout(timer)
    await sql.end({ timeout: 0.5 })
  }
}
