import { newestAbout, refusalOf } from '#db/certificates.ts'
import type { Transaction } from '#db/transaction.ts'
import { type Engine, OWN_ENGINE } from '#domain/engine.ts'
import type { Instant } from '#domain/instant.ts'
import type { AlertsDifference, PartitionProgress, ReplayKind, TotalsDifference } from '#domain/replay.ts'
import { STREAM_RULES } from '#domain/rules/catalogue.ts'
import { RefusedError } from '#server/serving/failures.ts'
import type { Serving } from '#server/serving/serving.ts'

/** A replay that was asked for, on a page or by a command. */
export interface Replay {
  replay: number
  kind: ReplayKind
  /**
   * kept: the generations differ, and that was not accepted; refused: likewise, by a certificate. abandoned: its process
   * was killed.
   */
  state: 'requested' | 'running' | 'switched' | 'kept' | 'certified' | 'refused' | 'failed' | 'abandoned'
  /** As they call themselves, or the command; null: they did not say. */
  askedBy: string | null
  acceptsDifferences: boolean
  requestedAt: Instant
  startedAt: Instant | null
  endedAt: Instant | null
  from: number | null
  to: number | null
  /** Version of the rules by which each was built. */
  fromRules: number | null
  toRules: number | null
  /** By partition, of the generation that is brought forward. */
  progress: PartitionProgress[]
  /** Null until it has been compared. */
  events: number | null
  buildMs: number | null
  differenceCount: number | null
  /** The first of them. */
  differences: TotalsDifference[]
  /** Rules that have found something else in the rebuilt generation. */
  alerts: RuleDifference[]
  /** What came of it. */
  detail: string | null
  /** Where another engine was concerned. */
  certificate: number | null
  /** For how long nobody wrote the active generation; null: not measured. */
  pauseMs: number | null
}

export interface RuleDifference extends AlertsDifference {
  /** As people know it. */
  title: string
}

interface Generation {
  generation: number
  engine: Engine
  rulesVersion: number
  createdAt: Instant
  activatedAt: Instant | null
}

export interface ReplayBoard {
  now: Instant
  active: Generation
  /** What *Switch back* leads to; null where no replay has switched yet. */
  retired: Generation | null
  /** Whether a stream process is at work: without one a request waits. */
  isStreamAtWork: boolean
  /** Newest first. */
  replays: Replay[]
}

const SHOWN_REPLAYS = 20
/** Of one replay. */
const SHOWN_DIFFERENCES = 50
/** Longest that a stream process asks the database for nothing, and more. */
const AT_WORK_MS = 10_000

/** What is replayed, what was, and which generation can be gone back to. */
export async function readReplays({ sql }: Pick<Serving, 'sql'>): Promise<ReplayBoard> {
  const [rows, generations, [state]] = await Promise.all([
    sql<(Omit<Replay, 'alerts' | 'differences'> & Stored)[]>`
      select r.replay, r.kind, r.asked_by as "askedBy", r.accepts_differences as "acceptsDifferences",
        case when r.state = 'running' and not exists (
          select from pg_stat_activity a where a.pid = r.backend_pid and a.backend_start = r.backend_start)
        then 'abandoned' else r.state end as state,
        r.requested_at as "requestedAt", r.started_at as "startedAt", r.ended_at as "endedAt",
        r.from_generation as "from", r.to_generation as "to", r.from_rules as "fromRules", r.to_rules as "toRules",
        r.progress, r.events, r.build_ms as "buildMs", r.difference_count as "differenceCount",
        coalesce(r.differences, '[]') as differences, coalesce(r.alerts, '[]') as alerts, r.detail,
        r.certificate, r.pause_ms as "pauseMs"
      from live.replays r order by r.replay desc limit ${SHOWN_REPLAYS}`,
    sql<(Generation & { isActive: boolean })[]>`
      select g.generation, g.engine, g.rules_version as "rulesVersion", g.created_at as "createdAt",
        g.activated_at as "activatedAt", a.generation is not null as "isActive"
      from stream.generations g
      left join stream.active_generation a on a.generation = g.generation
      where a.generation is not null or g.state = 'retired'
      order by g.activated_at desc nulls last, g.generation desc`,
    sql<{ now: Instant; isStreamAtWork: boolean }[]>`
      select clock_timestamp() as now, exists (
        select from stream.active_generation g
        join log.owners o on o.consumer = 'stream/' || g.generation and o.owner like 'stream %'
        where log.is_at_work(o.backend_pid, o.backend_start, ${AT_WORK_MS}::int * interval '1 millisecond')
      ) or exists (
        -- While another engine's generation is active they stand by, and do what is asked for.
        select from stream.processes p
        where p.ended_at is null and p.beat_at > clock_timestamp() - ${AT_WORK_MS}::int * interval '1 millisecond'
      ) as "isStreamAtWork"`,
  ])
  const active = generations.find(({ isActive }) => isActive)
  if (!active || !state) throw new Error('the state of the stream came back empty')
  return {
    ...state,
    active,
    retired: generations.find(({ isActive }) => !isActive) ?? null,
    replays: rows.map(row => ({
      ...row,
      differences: row.differences.slice(0, SHOWN_DIFFERENCES),
      alerts: row.alerts.map(alert => ({ ...alert, title: titleOf(alert.rule) })),
    })),
  }
}

interface Stored {
  differences: TotalsDifference[]
  alerts: AlertsDifference[]
}

/** A rule that is no more is called by its name. */
function titleOf(rule: string): string {
  return STREAM_RULES.find(({ name }) => name === rule)?.title ?? rule
}

export interface ReplayRequest {
  kind: ReplayKind
  /** Of certify and switch: the generation. */
  to?: number | null
  acceptsDifferences: boolean
  /** As they call themselves; null: they did not say. */
  by: string | null
}

/** Says at once what the replay would say: the replay looks again. */
async function refuseGeneration(
  transaction: Transaction,
  { kind, to }: { kind: 'certify' | 'switch'; to: number | null },
): Promise<void> {
  const rows = await transaction<{ generation: number; engine: Engine; isActive: boolean }[]>`
    select g.generation, g.engine, a.generation is not null as "isActive"
    from stream.generations g left join stream.active_generation a using (generation)`
  const active = rows.find(({ isActive }) => isActive)
  const asked = rows.find(({ generation }) => generation === to)
  if (!active || !asked) throw new RefusedError(`There is no generation ${to}.`)
  if (asked.engine === active.engine)
    throw new RefusedError(`Generation ${to} is not another engine’s: ask for a replay.`)
  if (kind === 'certify' || asked.engine === OWN_ENGINE) return
  const newest = await newestAbout(transaction, [active.generation, asked.generation])
  const refusal = refusalOf(newest, asked.generation)
  if (refusal !== null) throw new RefusedError(`Not switched: ${refusal}.`)
}

/**
 * Asks for a replay: a stream process takes it within about a second. One at a time.
 * @returns its number
 * @throws RefusedError while one has not ended, where there is nothing to go back to, and where the generation that is
 *   asked for is not another engine's or has no certificate to be switched to by
 */
export async function requestReplay(
  { sql }: Pick<Serving, 'sql'>,
  { kind, acceptsDifferences, by, to = null }: ReplayRequest,
): Promise<number> {
  return sql.begin(async transaction => {
    // Two people who press at once: the second waits here and then sees the request of the first.
    await transaction`select pg_advisory_xact_lock(hashtext('tillstream.live.replays'))`
    const [other] = await transaction<{ replay: number }[]>`
      select r.replay from live.replays r
      where r.state = 'requested' or (r.state = 'running' and exists (
        select from pg_stat_activity a where a.pid = r.backend_pid and a.backend_start = r.backend_start))`
    if (other) throw new RefusedError(`Replay ${other.replay} has not ended yet: wait for it.`)
    if (kind === 'switch_back') {
      const retired = await transaction`select from stream.generations where state = 'retired' limit 1`
      if (retired.length === 0)
        throw new RefusedError('There is no generation to go back to: no replay has switched yet.')
    }
    if (kind === 'certify' || kind === 'switch') await refuseGeneration(transaction, { kind, to })
    const [asked] = await transaction<{ replay: number }[]>`
      insert into live.replays (kind, to_generation, accepts_differences, asked_by)
      values (${kind}, ${to}, ${acceptsDifferences}, ${by}) returning replay`
    if (!asked) throw new Error('the request was not written')
    await transaction`
      select pg_notify('ops_changed', ''),
        live.append_ops('replay', ${transaction.json({ replay: asked.replay, state: 'requested' })})`
    return asked.replay
  })
}
