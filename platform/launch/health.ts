import { hostname } from 'node:os'
import type { Sql } from '#db/client.ts'
import { withConnection } from '#db/open.ts'
import { type Engine, OWN_ENGINE } from '#domain/engine.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { messageOf, parseOptions, runCommand, UsageError } from '#platform/command.ts'
import { type Environment, readEnvironment } from '#platform/environment.ts'
import { deadline, pause } from '#platform/time.ts'
import { browserUrl } from './ports.ts'
import { isProcessName, type ProcessName, processNames } from './processes.ts'

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
      return withDatabase(context, async sql => {
        const [active] = await sql<{ generation: number }[]>`select generation from stream.active_generation`
        const consumer = `stream/${active?.generation ?? 0}`
        return checkOwner(sql, { hostname: context.hostname, process: 'stream', consumer })
      })
    case 'archiver':
      return withDatabase(context, sql =>
        checkOwner(sql, { hostname: context.hostname, process: 'archiver', consumer: 'archiver' }),
      )
    case 'flink':
      return withDatabase(context, async sql => {
        const [newest] = await sql<{ generation: number }[]>`
          select generation from stream.generations where engine = 'flink' order by generation desc limit 1`
        const consumer = `stream/${newest?.generation ?? 0}`
        return checkOwner(sql, { hostname: context.hostname, process: 'flink', consumer })
      })
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

/** @returns null when a GET is answered well, else what is wrong with the answer */
async function checkAnswer(url: string, stop?: AbortSignal): Promise<string | null> {
  const late = AbortSignal.timeout(ANSWER_WITHIN_MS)
  try {
    const response = await fetch(url, { signal: stop ? AbortSignal.any([stop, late]) : late })
    await response.body?.cancel()
    return response.ok ? null : `${url} answers ${response.status}`
  } catch {
    return `${url} does not answer`
  }
}

const LOOK_EVERY_MS = 100

/**
 * Waits until a GET of `url` is answered well.
 *
 * @returns whether that was within `timeoutMs`
 * @throws when `stop` is aborted
 */
export async function isUpWithin(options: {
  url: string
  timeoutMs: number
  stop: AbortSignal
}): Promise<boolean> {
  const { url, timeoutMs, stop } = options
  const end = performance.now() + timeoutMs
  while (performance.now() < end) {
    if ((await checkAnswer(url, stop)) === null) return true
    await pause(LOOK_EVERY_MS, stop)
    stop.throwIfAborted()
  }
  return false
}

/**
 * A process that owns no partition stands by while others have every one, or cannot begin. One that owns some and has
 * not asked for anything in ten seconds stands still.
 */
async function checkOwner(
  sql: Sql,
  { hostname, process, consumer }: { hostname: string; process: ProcessName; consumer: string },
): Promise<string | null> {
  if (process === 'stream' && (await standsBy(sql))) return checkBeat(sql, hostname)
  const [row] = await sql<{ own: number; standing: number; free: number }[]>`
    select count(*) filter (where is_own and is_at_work) as own,
      count(*) filter (where is_own and is_connected and not is_at_work) as standing,
      count(*) filter (where not coalesce(is_at_work, false)) as free
    from log.partitions p
    left join log.owners o on o.partition = p.partition and o.consumer = ${consumer}
    cross join lateral (
      select starts_with(o.owner, ${`${process} ${hostname}:`}) as is_own,
        log.is_at_work(o.backend_pid, o.backend_start, interval '10 seconds') as is_at_work,
        exists (
          select from pg_stat_activity a where a.pid = o.backend_pid and a.backend_start = o.backend_start
        ) as is_connected
    ) owner`
  if (row && row.standing > 0) return `the ${process} process on ${hostname} stands still`
  return row && (row.own > 0 || row.free === 0)
    ? null
    : `${process} works on no partition of the log from ${hostname}`
}

/** Whether the active generation is another engine's: no stream process of ours owns anything then. */
export async function standsBy(sql: Sql): Promise<boolean> {
  const [active] = await sql<{ engine: Engine }[]>`
    select g.engine from stream.active_generation a join stream.generations g using (generation)`
  return active !== undefined && active.engine !== OWN_ENGINE
}

/** One that stands by says once a second that it is there. */
async function checkBeat(sql: Sql, hostname: string): Promise<string | null> {
  const rows = await sql`
    select from stream.processes
    where host = ${hostname} and ended_at is null and beat_at > clock_timestamp() - interval '10 seconds'`
  return rows.length > 0 ? null : `no stream process on ${hostname} says that it is there`
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
  try {
    return await withConnection(environment.databaseUrl, { applicationName: 'tillstream health' }, sql =>
      deadline(look(sql), ANSWER_WITHIN_MS),
    )
  } catch (error) {
    return `the database cannot be asked: ${messageOf(error)}`
  }
}

const USAGE = `Usage: node platform/launch/health.ts PROCESS

Ends with 0 when the process (${processNames.join(', ')}) works on this machine, with 1 and a sentence
when it does not: for the health checks of containers.
`

if (import.meta.main) {
  await runCommand({
    usage: USAGE,
    hint: USAGE,
    parse(args): ProcessName {
      const [name = '', ...others] = parseOptions(args, {}, { takesWords: true }).words
      if (isProcessName(name) && others.length === 0) return name
      throw new UsageError('Name one process.')
    },
    async run(name) {
      const context = { environment: readEnvironment(), hostname: hostname(), now: Date.now() }
      const problem = await checkHealth(name, context)
      if (problem === null) return 0
      process.stdout.write(`${name}: ${problem}\n`)
      return 1
    },
  })
}
