import { connect, type Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import { LOG_START, type Position, RULES_VERSION } from '#domain/log-event.ts'
import type { ReportRule, Slot } from '#jobs/planner/facts.ts'

/** Who asked for a run. */
export type Trigger = 'schedule' | 'manual' | 'backfill' | 'request'

/** A slot with its row in the ledger: nobody else runs it while that says `running`. */
export interface Claim {
  runId: number
  slot: Slot
  /** How far the run reads the log of the slot's partition. */
  through: Position
}

/** The claim of a run went to somebody else, or its connection was replaced: what it computed must not stand. */
export class ClaimLostError extends Error {
  override readonly name = 'ClaimLostError'
}

/**
 * A client of one connection on which runs are claimed and done. A claim lives as long as this connection, so
 * Postgres must notice when its process is gone or stands still: it looks for the client every two seconds
 * also while it computes, and ends a transaction that is left open for a minute.
 */
export function connectForRuns(url: string, applicationName = 'tillstream jobs'): Sql {
  return connect(url, {
    max: 1,
    applicationName,
    session: { client_connection_check_interval: 2_000, idle_in_transaction_session_timeout: 60_000 },
  })
}

/**
 * Claims slots by a row each in the ledger, state `running`, of which an index allows one a slot. A claim
 * lives as long as the connection it was made on: that of a dead process is marked abandoned here and does
 * not stand in the way. Slots that somebody else holds, or has run since they were planned, are left out.
 * @param sql a client of one connection; the run must happen on the same
 */
export async function claimSlots(
  sql: Sql,
  request: {
    rule: ReportRule
    slots: readonly Slot[]
    basis: readonly Position[]
    trigger: Trigger
    attempt: number
  },
): Promise<Claim[]> {
  const { rule, slots, basis, trigger, attempt } = request
  await abandonDeadRuns(sql)
  const throughs = slots.map(slot => basis[slot.partition] ?? LOG_START)
  const rows = await sql<{ runId: number; store: string; period: string }[]>`
    insert into batch.runs (job, store, period, state, trigger, attempt, code_version, rules_version, partition,
      through_offset, through_appended_at, backend_pid, backend_start, reason)
    select ${rule.name}, slot.store, slot.period, 'running', ${trigger}, ${attempt}, ${rule.version}, ${RULES_VERSION},
      slot.partition, slot.through_offset, slot.through_appended_at, me.pid, me.backend_start, slot.reason
    from unnest(
      ${slots.map(slot => slot.store)}::text[], ${slots.map(slot => slot.period)}::date[],
      ${slots.map(slot => slot.partition)}::integer[], ${throughs.map(({ offset }) => offset)}::bigint[],
      ${throughs.map(({ appendedAt }) => new Date(appendedAt).toISOString())}::timestamptz[],
      ${slots.map(slot => slot.reason)}::text[]
    ) as slot(store, period, partition, through_offset, through_appended_at, reason)
    cross join (select pid, backend_start from pg_stat_activity where pid = pg_backend_pid()) me
    order by slot.store, slot.period
    on conflict (job, store, period) where state = 'running' do nothing
    returning run_id as "runId", store, period`
  const bySlot = new Map(
    slots.map((slot, index) => [
      `${slot.store} ${slot.period}`,
      { slot, through: throughs[index] ?? LOG_START },
    ]),
  )
  const claims = rows.flatMap(({ runId, store, period }): Claim[] => {
    const claimed = bySlot.get(`${store} ${period}`)
    return claimed ? [{ runId, ...claimed }] : []
  })
  const settled = await releaseSettled(sql, claims)
  const own = claims.filter(claim => !settled.has(claim.runId))
  return rule.isChained ? releaseBroken(sql, { slots, claims: own }) : own
}

/** In a chain a day opens where the day before ended: behind a day that somebody else has, nothing can run. */
async function releaseBroken(
  sql: Sql,
  { slots, claims }: { slots: readonly Slot[]; claims: readonly Claim[] },
): Promise<Claim[]> {
  const claimed = new Map(claims.map(claim => [claim.slot, claim]))
  const broken = new Set<string>()
  const kept: Claim[] = []
  for (const slot of slots.toSorted((a, b) => (a.period < b.period ? -1 : 1))) {
    const claim = claimed.get(slot)
    if (claim === undefined) broken.add(slot.store)
    else if (!broken.has(slot.store)) kept.push(claim)
  }
  const given = claims.filter(claim => !kept.includes(claim)).map(claim => claim.runId)
  if (given.length > 0) await giveBack(sql, given)
  return kept
}

/** Takes back claims under which nothing was done: for the ledger nobody has tried. */
export async function giveBack(sql: Sql, runIds: readonly number[]): Promise<void> {
  await sql`delete from batch.runs where run_id = any(${[...runIds]}::bigint[]) and state = 'running'`
}

/**
 * Another scheduler may have planned the same slot, run it, and be done. Only now, with the claim in hand, is
 * it certain that none is at it: give back what has a newer run than the plan saw.
 */
async function releaseSettled(sql: Sql, claims: readonly Claim[]): Promise<Set<number>> {
  const rows = await sql<{ runId: number }[]>`
    delete from batch.runs r
    using unnest(
      ${claims.map(claim => claim.runId)}::bigint[], ${claims.map(claim => claim.slot.previousRunId)}::bigint[]
    ) as claim(run_id, previous_run_id)
    where r.run_id = claim.run_id and exists (
      select from batch.current_runs c
      where c.job = r.job and c.store = r.store and c.period = r.period
        and c.run_id is distinct from claim.previous_run_id)
    returning r.run_id as "runId"`
  return new Set(rows.map(row => row.runId))
}

/** Runs whose backend is gone will never end: pid and start together name a backend for good. */
export async function abandonDeadRuns(sql: Sql): Promise<void> {
  await sql`
    update batch.runs r
    set state = 'abandoned', finished_at = clock_timestamp(), error = 'its process ended before the run did'
    where r.state = 'running' and not exists (
      select from pg_stat_activity a where a.pid = r.backend_pid and a.backend_start = r.backend_start)`
}

/** Writes why runs failed. Runs that are no longer `running` are left as they are. */
export async function failRuns(
  sql: Sql | Transaction,
  failures: readonly { runId: number; error: string }[],
): Promise<void> {
  await sql`
    update batch.runs r set state = 'failed', finished_at = clock_timestamp(), error = failure.error
    from unnest(
      ${failures.map(failure => failure.runId)}::bigint[], ${failures.map(failure => failure.error)}::text[]
    ) as failure(run_id, error)
    where r.run_id = failure.run_id and r.state = 'running'`
}
