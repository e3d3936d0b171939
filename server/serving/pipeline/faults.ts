import { FAULTS, type Fault, type FaultOutcome, faultOf, faultSentence, isFaultName } from '#domain/fault.ts'
import { type Instant, SECOND_MS } from '#domain/instant.ts'
import { RefusedError } from '#server/serving/failures.ts'
import type { Serving } from '#server/serving/serving.ts'

/** A fault that somebody asked for, and what followed. */
export interface FaultRun {
  fault: number
  title: string
  state: FaultOutcome['state']
  /** As they call themselves; null: they did not say. */
  askedBy: string | null
  requestedAt: Instant
  endedAt: Instant | null
  /** What followed, with its figures; times are UTC. */
  sentence: string
  /** It came back, and not all that it should count is counted once. */
  isWrong: boolean
}

export interface FaultBoard {
  now: Instant
  /** Those that can be caused here; empty where no supervisor of the demo runs. */
  faults: readonly Fault[]
  /** Null where none ever ran. */
  supervisorBeatAt: Instant | null
  /** Newest first. */
  runs: FaultRun[]
}

/** It says that it lives once a second; while Postgres restarts nobody can. */
const SUPERVISOR_SILENT_MS = 15 * SECOND_MS
const SHOWN_RUNS = 20

/** What can be done to the processes, what is being done, and what followed. */
export async function readFaults({ sql }: Pick<Serving, 'sql'>): Promise<FaultBoard> {
  const [runs, [state]] = await Promise.all([
    readFaultRows(sql, SHOWN_RUNS),
    sql<{ now: Instant; beatAt: Instant | null; faults: string[] | null }[]>`
      select clock_timestamp() as now, beat_at as "beatAt", faults
      from (values (1)) one left join live.supervisor on true`,
  ])
  if (!state) throw new Error('the state of the supervisor came back empty')
  const { now, beatAt, faults } = state
  const isAlive = beatAt !== null && now - beatAt < SUPERVISOR_SILENT_MS
  return {
    now,
    faults: isAlive ? FAULTS.filter(({ name }) => faults?.includes(name)) : [],
    supervisorBeatAt: beatAt,
    runs: runs.map(toRun),
  }
}

/**
 * Asks the demo's supervisor for a fault.
 * @returns its number
 * @throws RefusedError where no supervisor runs that can do it, or one has not ended
 */
export async function requestFault(
  serving: Pick<Serving, 'sql'>,
  { name, by }: { name: string; by: string | null },
): Promise<number> {
  const { faults, supervisorBeatAt } = await readFaults(serving)
  if (faults.length === 0) {
    throw new RefusedError(
      supervisorBeatAt === null
        ? 'Faults can be caused in the demo alone: its supervisor starts again what it breaks (npm run demo).'
        : 'The demo’s supervisor is not heard of: nobody would start again what is broken.',
    )
  }
  if (!faults.some(fault => fault.name === name))
    throw new RefusedError(`There is no fault ${JSON.stringify(name)} here: choose one of the list.`)
  return serving.sql.begin(async transaction => {
    // Two people who press at once: the second waits here and then sees the fault of the first.
    await transaction`select pg_advisory_xact_lock(hashtext('tillstream.live.faults'))`
    const [other] = await transaction<{ fault: number; name: string }[]>`
      select fault, name from live.faults where state in ('requested', 'running')`
    if (other) {
      throw new RefusedError(
        `${titleOf(other.name)} (fault ${other.fault}) has not ended yet: wait until what follows is known.`,
      )
    }
    const [asked] = await transaction<{ fault: number }[]>`
      insert into live.faults (name, asked_by) values (${name}, ${by}) returning fault`
    if (!asked) throw new Error('the request was not written')
    await transaction`
      select pg_notify('ops_changed', ''),
        live.append_ops('fault', ${transaction.json({ fault: asked.fault, state: 'requested' })})`
    return asked.fault
  })
}

/** A fault as its row has it. */
interface FaultRow extends Omit<FaultOutcome, 'name'> {
  fault: number
  name: string
  askedBy: string | null
  requestedAt: Instant
  endedAt: Instant | null
}

/** The newest first. */
async function readFaultRows(sql: Serving['sql'], most: number): Promise<FaultRow[]> {
  return sql<FaultRow[]>`
    select fault, name, state, asked_by as "askedBy", requested_at as "requestedAt", struck_at as "struckAt",
      released_at as "releasedAt", again_at as "againAt", ended_at as "endedAt", figures, detail
    from live.faults order by fault desc limit ${most}`
}

function toRun(row: FaultRow): FaultRun {
  const { fault, name, state, askedBy, requestedAt, endedAt, figures } = row
  return {
    fault,
    title: titleOf(name),
    state,
    askedBy,
    requestedAt,
    endedAt,
    sentence: isFaultName(name) ? faultSentence({ ...row, name }) : (row.detail ?? ''),
    isWrong: figures !== null && figures.lost + figures.twice + figures.differing > 0,
  }
}

function titleOf(name: string): string {
  return isFaultName(name) ? faultOf(name).title : name
}

/** What was done to processes since then, in sentences. Of very many the newest. */
export async function readFaultsSince(
  sql: Serving['sql'],
  since: Instant,
): Promise<{ at: Instant; text: string }[]> {
  const rows = await readFaultRows(sql, MOST_SINCE)
  return rows
    .filter(({ requestedAt }) => requestedAt > since)
    .map(row => ({ at: row.struckAt ?? row.requestedAt, text: toRun(row).sentence }))
}

const MOST_SINCE = 200
