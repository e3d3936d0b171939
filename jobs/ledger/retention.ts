import type { Sql } from '#db/client.ts'
import { withConnection } from '#db/open.ts'
import { dueOnceADay, type OtherJob } from './other-jobs.ts'

/** Attempts that failed or were asked for by somebody, for whoever wants to know what happened. */
export const KEEP_RUNS_DAYS = 30

/** Runs of the schedule that a newer one has replaced: at two minutes' ticks 17,000 a day with eight stores. */
export const KEEP_REPLACED_DAYS = 2

/** The lane of operations keeps as many entries whatever their age: the newest are what a page shows of the past. */
export const KEEP_LANE_ENTRIES = 1_000

/** Rows of one statement. */
const STEP = 20_000

/** Once a day: takes out of the ledger what no figure stands on and nobody will ask for, and of the lane what all have heard. */
export const ledgerRetention: OtherJob = {
  name: 'ledger_retention',
  isReady: dueOnceADay('ledger_retention'),
  run: ({ databaseUrl }) =>
    withConnection(databaseUrl, { applicationName: 'tillstream ledger retention' }, async sql => {
      const removed = await trimLedger(sql)
      const told = await trimLane(sql)
      const entries = (count: number) => `${count} ${count === 1 ? 'entry' : 'entries'}`
      const detail = `${entries(removed)} removed from the ledger, ${entries(told)} from the lane of operations`
      return { text: `${detail}.\n`, json: { removed, told }, detail, rowCount: removed }
    }),
}

/**
 * Removes old entries. What stays whatever its age: runs under way, runs whose rows stand in a report, the run that
 * closed a day, runs that a restatement or a reconciliation names, and the newest of every job that fills no report.
 * @returns how many were removed
 */
export async function trimLedger(sql: Sql, { step = STEP } = {}): Promise<number> {
  let removed = 0
  for (;;) {
    const { count } = await sql`
      delete from batch.runs where run_id in (
        select r.run_id from batch.runs r
        where r.state <> 'running' and (
            r.started_at < now() - make_interval(days => ${KEEP_RUNS_DAYS}::integer)
            or (r.state = 'succeeded' and r.trigger = 'schedule'
              and r.started_at < now() - make_interval(days => ${KEEP_REPLACED_DAYS}::integer)))
          and not exists (select from batch.current_runs c where c.run_id = r.run_id)
          and not exists (select from batch.closed_days d where d.run_id = r.run_id)
          and not exists (select from batch.restatements s where s.run_id = r.run_id)
          and not exists (select from recon.reconciliation n where n.run_id = r.run_id)
          and not exists (select from recon.findings f where f.run_id = r.run_id)
          -- a job without a report has no current run: its newest says when it was done last
          and (r.store <> 'all' or exists (
            select from batch.runs newer where newer.job = r.job and newer.run_id > r.run_id))
        order by r.run_id limit ${step})`
    removed += count
    if (count < step) return removed
  }
}

/**
 * Removes old entries of the lane of operations. Whoever comes back after so long finds the gap and begins with a
 * snapshot.
 * @returns how many were removed
 */
export async function trimLane(sql: Sql, { keep = KEEP_LANE_ENTRIES } = {}): Promise<number> {
  const { count } = await sql`
    delete from live.ops_lane
    where at < now() - make_interval(days => ${KEEP_REPLACED_DAYS}::integer)
      and sequence <= (select max(sequence) from live.ops_lane) - ${keep}::bigint`
  return count
}
