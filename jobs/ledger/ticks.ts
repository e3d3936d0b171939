import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { RULES_VERSION } from '#domain/log-event.ts'
import { PLANNING } from '#domain/reports.ts'

/*
 * What became of the schedule's ticks. A heartbeat says that a process has a timer; that the batch path gets on is said
 * by the last tick that succeeded, and by when the next two should have. A tick that fails before it claims anything has
 * no run to fail: it has a row of the ledger of its own, as has a store that nothing can be planned for.
 */

/** A tick that has been due for as long is late; before that it may be at it. */
const TICK_TAKES_MS = 15_000

export async function beginTick(sql: Sql): Promise<void> {
  await sql`
    insert into batch.heartbeat (beat_at, next_tick_at, tick_began_at)
    values (clock_timestamp(), clock_timestamp(), clock_timestamp())
    on conflict (only_row) do update set beat_at = excluded.beat_at, tick_began_at = excluded.tick_began_at`
}

/** @param nextTicks the schedule's next two, at least one */
export async function succeedTick(sql: Sql, nextTicks: readonly Instant[]): Promise<void> {
  const overdueAt = (nextTicks.at(-1) ?? Date.now()) + TICK_TAKES_MS
  await sql`
    update batch.heartbeat
    set tick_succeeded_at = clock_timestamp(), tick_overdue_at = ${overdueAt}::timestamptz, tick_error = null`
}

/** Keeps why a tick failed: in the ledger, and where health looks. */
export async function failTick(sql: Sql, error: string): Promise<void> {
  await sql.begin(async transaction => {
    await transaction`update batch.heartbeat set tick_error = ${error}`
    await failPlanning(transaction, [{ store: 'all', error }])
  })
}

/** A store of which nothing could be planned; 'all' where the whole tick failed. */
export interface PlanningFailure {
  store: string
  error: string
}

/** Failures one after the other with the same error are one row, with as many attempts. */
export async function failPlanning(
  sql: Sql | Transaction,
  failures: readonly PlanningFailure[],
): Promise<void> {
  for (const { store, error } of failures) {
    await sql`
      with again as (
        update batch.runs r
        set attempt = r.attempt + 1, finished_at = clock_timestamp()
        where r.run_id = (
            select max(n.run_id) from batch.runs n where n.job = ${PLANNING.name} and n.store = ${store})
          and r.error = ${error}
          and r.finished_at >= coalesce((select tick_succeeded_at from batch.heartbeat), '-infinity')
        returning 1
      )
      insert into batch.runs (job, store, period, state, trigger, attempt, code_version, rules_version, partition,
        finished_at, error, backend_pid, backend_start, reason)
      select ${PLANNING.name}, ${store}, (now() at time zone 'UTC')::date, 'failed', 'schedule', 1, '1', ${RULES_VERSION}, 0,
        clock_timestamp(), ${error}, me.pid, me.backend_start, 'tick of the schedule'
      from pg_stat_activity me
      where me.pid = pg_backend_pid() and not exists (select from again)`
  }
}
