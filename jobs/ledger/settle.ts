import type { Transaction } from '#db/transaction.ts'
import { RULES_VERSION } from '#domain/log-event.ts'
import type { ReportEntry } from '#domain/reports.ts'
import type { Inputs } from '#jobs/planner/facts.ts'
import { type Claim, ClaimLostError } from './claims.ts'

/** A run whose rows stand. */
export interface SettledRun {
  runId: number
  rowCount: number
  checksum: string
}

/**
 * Marks the runs of `staged` as succeeded and current, with row count and checksum: the md5 over a period's
 * rows as sorted text, without run and time, so that equal figures give equal checksums.
 * @throws ClaimLostError unless every run is still claimed by this very connection
 */
export async function settleRuns(
  transaction: Transaction,
  request: { report: ReportEntry; claims: readonly Claim[]; inputs: ReadonlyMap<number, Inputs> },
): Promise<SettledRun[]> {
  const { report, claims, inputs } = request
  const { periodColumn, key, values } = report
  const settled = await transaction<SettledRun[]>`
    with lines as (
      select store, ${transaction(periodColumn)} as period, (${transaction([...key, ...values])})::text as line from staged
    ),
    -- Computed once: without statistics of a new ledger it would be joined by doing it again for every run.
    summary as materialized (
      select store, period, count(*) as row_count, md5(string_agg(line, chr(10) order by line collate "C")) as checksum
      from lines group by store, period
    ),
    settled as (
      update batch.runs r
      set state = 'succeeded', finished_at = clock_timestamp(), row_count = coalesce(s.row_count, 0),
        checksum = coalesce(s.checksum, md5(''))
      from unnest(${claims.map(claim => claim.runId)}::bigint[]) as claim(run_id)
      join batch.runs claimed on claimed.run_id = claim.run_id
      left join summary s on s.store = claimed.store and s.period = claimed.period
      where r.run_id = claim.run_id and r.state = 'running'
        -- pid and start together: a pid alone may have been given to us after its owner was gone.
        and exists (
          select from pg_stat_activity me where me.pid = pg_backend_pid()
            and me.pid = r.backend_pid and me.backend_start = r.backend_start)
      returning r.*
    )
    insert into batch.current_runs (job, store, period, run_id, code_version, rules_version, partition,
      through_offset, through_appended_at, row_count, checksum, computed_at, inputs)
    select s.job, s.store, s.period, s.run_id, s.code_version, ${RULES_VERSION}, s.partition, s.through_offset,
      s.through_appended_at, s.row_count, s.checksum, s.finished_at, input.checksums
    from settled s
    join unnest(
      ${claims.map(claim => claim.runId)}::bigint[],
      ${claims.map(claim => JSON.stringify(inputs.get(claim.runId) ?? {}))}::text[]::jsonb[]
    ) as input(run_id, checksums) on input.run_id = s.run_id
    order by s.job, s.store, s.period
    on conflict (job, store, period) do update set
      run_id = excluded.run_id, code_version = excluded.code_version, rules_version = excluded.rules_version,
      partition = excluded.partition, through_offset = excluded.through_offset,
      through_appended_at = excluded.through_appended_at, row_count = excluded.row_count,
      checksum = excluded.checksum, computed_at = excluded.computed_at, inputs = excluded.inputs
    returning run_id as "runId", row_count as "rowCount", checksum`
  if (settled.length !== claims.length) {
    throw new ClaimLostError(
      `${report.name}: ${claims.length - settled.length} of ${claims.length} runs are no longer ours`,
    )
  }
  return [...settled]
}

/** Publishes the days whose runs close them. From here on a changed figure is a restatement. */
export async function closeDays(transaction: Transaction, claims: readonly Claim[]): Promise<void> {
  const closing = claims.filter(claim => claim.slot.closes !== null)
  if (closing.length === 0) return
  await transaction`
    insert into batch.closed_days (store, business_day, run_id, incomplete)
    select store, business_day, run_id, closing = 'incomplete'
    from unnest(
      ${closing.map(claim => claim.slot.store)}::text[], ${closing.map(claim => claim.slot.period)}::date[],
      ${closing.map(claim => claim.runId)}::bigint[], ${closing.map(claim => claim.slot.closes)}::text[]
    ) as closing(store, business_day, run_id, closing)
    on conflict do nothing`
}
