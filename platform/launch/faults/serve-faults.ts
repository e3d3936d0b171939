import { kill } from 'node:process'
import { connect, type Sql } from '#db/client.ts'
import { FAULTS, type Fault, type FaultName, FREEZE_MS, faultOf, isFaultName } from '#domain/fault.ts'
import { type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { messageOf } from '#platform/command.ts'
import { standsBy } from '#platform/launch/health.ts'
import { processIdentity } from '#platform/process-identity.mjs'
import { pause, startPeriodic, within } from '#platform/time.ts'
import { countEffects } from './count-effects.ts'
import {
  beat,
  type FaultEnd,
  leave,
  settleFaults,
  writeEnd,
  writeRelease,
  writeStrike,
} from './fault-rows.ts'
import {
  firstAppendSince,
  firstTickSince,
  hasReadSince,
  isArchiverAgain,
  isStandingByAgain,
  isStreamAgain,
  type Struck,
} from './processing-again.ts'
import { readStand } from './stream-stand.ts'

/*
 * Faults on purpose, as somebody asks for them on the page Pipeline. Invariant: only processes of this supervisor are
 * signalled, one fault at a time; what is frozen goes on after half a minute, whether or not the database answers, and
 * at the next start of a supervisor at the latest.
 *
 *   live.faults: requested ─ taken with a beat ─> stand of the log and the stream ─> signal ─> processing again?
 *                                                                                                │ the process' own word
 *                recovered, with figures <─ the log held against what counts of it <─────────────┘
 */

export interface FaultsOptions {
  databaseUrl: string
  /** What is ours to break: started again here. */
  targets: ReadonlySet<Fault['target']>
  /** Process id of one of our processes; undefined while it does not run. */
  pidOf(target: Exclude<Fault['target'], 'postgres'>): number | undefined
  /** Where our intake answers. */
  intakeUrl: string
  /** Ends the database as a crash does, where it is among the targets; it is started again by whoever watches it. */
  crashPostgres?: (() => Promise<void>) | undefined
  /** For what a person should know. */
  warn(text: string): void
  /** How long a freeze lasts (FREEZE_MS). */
  freezeMs?: number
}

const BEAT_MS = SECOND_MS
const LOOK_MS = 100
/** An intake that has appended nothing for as long, not even a tick, has nothing to do: then its readiness counts. */
const QUIET_MS = 15 * SECOND_MS
const ANSWER_WITHIN_MS = 4 * SECOND_MS
/** For what is known and only to be written down. */
const INSIST_MS = 2 * MINUTE_MS
/** The demo ends within seconds, whether or not the database answers. */
const FAREWELL_MS = 500
/** How long to wait for a process to work again. A tick of the schedule may be two minutes away, and take a while. */
const PATIENCE_MS: Record<Fault['target'], number> = {
  stream: 2 * MINUTE_MS,
  intake: 2 * MINUTE_MS,
  jobs: 10 * MINUTE_MS,
  postgres: 3 * MINUTE_MS,
  kafka: 3 * MINUTE_MS,
  archiver: 2 * MINUTE_MS,
  // a JVM, and what was appended since its snapshot
  flink: 3 * MINUTE_MS,
}

/** Does the faults that are asked for, until it is stopped. @returns ends it; what is frozen goes on at once */
export function serveFaults(options: FaultsOptions): { stop(): Promise<void> } {
  const { databaseUrl, targets, warn } = options
  const sql = connect(databaseUrl, { max: 2, applicationName: 'tillstream supervisor' })
  const names = FAULTS.filter(({ target }) => targets.has(target)).map(({ name }) => name)
  const ending = new AbortController()
  let current: Promise<void> | null = null
  let isSettled = false

  async function exchange(): Promise<void> {
    if (!isSettled) {
      for (const { pid, identity } of await settleFaults(sql)) {
        if (processIdentity(pid) === identity) signal(pid, 'SIGCONT')
      }
      isSettled = true
    }
    const asked = await beat(sql, names, { takes: current === null })
    if (asked === null) return
    current = doFault(sql, asked, { ...options, stop: ending.signal }).finally(() => {
      current = null
    })
  }

  const exchanging = startPeriodic(exchange, {
    everyMs: BEAT_MS,
    onFailure: error => {
      if (current === null) warn(`Faults cannot be asked for now: ${messageOf(error)}`)
    },
  })
  return {
    async stop() {
      ending.abort()
      const farewell = async () => {
        await exchanging.stop()
        await current
        await leave(sql)
      }
      await within(
        farewell().catch(() => {}),
        FAREWELL_MS,
      )
      await sql.end({ timeout: 0 })
    },
  }
}

type Doing = FaultsOptions & { stop: AbortSignal }

async function doFault(sql: Sql, asked: { fault: number; name: string }, doing: Doing): Promise<void> {
  const { fault, name } = asked
  const end = isFaultName(name)
    ? await strike(sql, { fault, name }, doing).catch(
        (error: unknown): FaultEnd => ({
          state: 'failed',
          againAt: null,
          detail: doing.stop.aborted ? 'The demo ended before it saw what followed.' : messageOf(error),
        }),
      )
    : ({ state: 'failed', againAt: null, detail: `There is no fault "${name}".` } as const)
  await insist(doing.stop, () => writeEnd(sql, fault, end))
}

async function strike(
  sql: Sql,
  { fault, name }: { fault: number; name: FaultName },
  doing: Doing,
): Promise<FaultEnd> {
  const { kind, target }: Fault = faultOf(name)
  const pid = target === 'postgres' ? undefined : doing.pidOf(target)
  if (target !== 'postgres' && pid === undefined) throw new Error(`The process ${target} does not run now.`)
  const victim = pid === undefined ? null : { pid, identity: processIdentity(pid) ?? null }
  const before = await readStand(sql, target === 'flink' ? 'flink' : 'active')
  const struck: Struck = { before, at: await writeStrike(sql, fault, victim), releasedAt: null }
  if (pid === undefined) await doing.crashPostgres?.()
  else if (kind === 'kill') signal(pid, 'SIGKILL')
  else await freeze(pid, doing)
  if (kind === 'freeze') struck.releasedAt = await insist(doing.stop, () => writeRelease(sql, fault))

  const began = performance.now()
  let since: Instant | null = struck.releasedAt
  for (;;) {
    doing.stop.throwIfAborted()
    const isQuiet = performance.now() - began > QUIET_MS
    // The database may be away: that is what some faults are about.
    since ??= await whenRestarted(sql, victim, { target, struckAt: struck.at, ...doing }).catch(() => null)
    const againAt =
      since && (await whenAgain(sql, { target, struck, since, isQuiet }, doing).catch(() => null))
    if (againAt !== null) {
      const figures = await insist(doing.stop, () => countEffects(sql, struck))
      return { state: 'recovered', againAt, figures }
    }
    if (performance.now() - began > PATIENCE_MS[target]) {
      const detail = `Not processing again within ${PATIENCE_MS[target] / SECOND_MS} s.`
      return { state: 'failed', againAt: null, detail }
    }
    await pause(LOOK_MS, doing.stop)
  }
}

/** By the database's clock, once another process runs in the place of the victim; what that one wrote cannot be taken for ours. */
async function whenRestarted(
  sql: Sql,
  victim: { pid: number } | null,
  { target, struckAt, pidOf }: Pick<Doing, 'pidOf'> & { target: Fault['target']; struckAt: Instant },
): Promise<Instant | null> {
  const pid = target === 'postgres' ? undefined : pidOf(target)
  if (victim !== null && (pid === undefined || pid === victim.pid)) return null
  const [row] = await sql<{ now: Instant; serverSince: Instant }[]>`
    select clock_timestamp() as now, pg_postmaster_start_time() as "serverSince"`
  if (!row || victim !== null) return row?.now ?? null
  // A Postgres that has not gone yet is not back.
  return row.serverSince > struckAt ? row.serverSince : null
}

/** Its timer needs no database, and an end of the supervisor ends it at once. */
async function freeze(pid: number, { stop, freezeMs = FREEZE_MS }: Doing): Promise<void> {
  signal(pid, 'SIGSTOP')
  try {
    await pause(freezeMs, stop)
  } finally {
    signal(pid, 'SIGCONT')
  }
}

async function whenAgain(
  sql: Sql,
  looked: { target: Fault['target']; struck: Struck; since: Instant; isQuiet: boolean },
  { intakeUrl }: Pick<Doing, 'intakeUrl'>,
): Promise<Instant | null> {
  const { target, struck, since, isQuiet } = looked
  const intakeAgain = async () =>
    (await firstAppendSince(sql, since)) ?? (isQuiet && (await isReady(intakeUrl)) ? Date.now() : null)
  switch (target) {
    case 'stream': {
      const { now, again } = await ((await standsBy(sql)) ? isStandingByAgain : isStreamAgain)(sql, struck)
      return again ? now : null
    }
    case 'flink': {
      const { now, again } = await isStreamAgain(sql, struck)
      return again ? now : null
    }
    case 'archiver': {
      const { now, again } = await isArchiverAgain(sql, struck)
      return again && (isQuiet || (await firstAppendSince(sql, since)) !== null) ? now : null
    }
    case 'kafka': {
      // Nobody has lost a partition: who reads on takes in what the new broker was told.
      const appended = await intakeAgain()
      const { now, again } = await hasReadSince(sql, since)
      return appended !== null && (again || isQuiet) ? now : null
    }
    case 'intake':
      return intakeAgain()
    case 'jobs':
      return firstTickSince(sql, since, { isTickNeeded: struck.releasedAt === null })
    case 'postgres': {
      const appended = await intakeAgain()
      const { now, again } = await isStreamAgain(sql, struck)
      return appended !== null && again ? now : null
    }
  }
}

async function isReady(intakeUrl: string): Promise<boolean> {
  const response = await fetch(`${intakeUrl}/readyz`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
  await response.body?.cancel()
  return response.ok
}

/** Tries until the database answers. @throws when it does not in time, or the supervisor is to end first */
async function insist<Result>(stop: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  for (const began = performance.now(); ; ) {
    try {
      return await work()
    } catch (error) {
      if (stop.aborted || performance.now() - began > INSIST_MS) throw error
      await pause(SECOND_MS, stop)
    }
  }
}

function signal(pid: number, name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
  try {
    kill(pid, name)
  } catch {
    // It has ended in the meantime.
  }
}
