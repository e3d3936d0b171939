import type { Sql } from '#db/client.ts'
import { addDays, type BusinessDay } from '#domain/business-day.ts'
import { MINUTE_MS } from '#domain/instant.ts'
import { REPORTS } from '#domain/reports.ts'
import { runRecorded } from '#jobs/command/run-job.ts'
import { AlreadyRunningError, type OtherJob } from '#jobs/ledger/other-jobs.ts'
import type { FollowUp } from './batch-tick.ts'

/** A little less than an hour: hourly ticks audit every time, those of every few minutes once an hour. */
const AUDIT_EVERY_MS = 55 * MINUTE_MS

/** Begins the reason in the ledger, by which the next audit finds the last. */
const AUDIT = 'every row of'

/**
 * Both paths are held against each other wherever a tick has changed figures. Once an hour every row is audited, of
 * all days that changed since the last time (the first time, of all days there are). In between the figures are
 * compared, which costs a twentieth, and rows are audited where those show anything.
 */
export function reconcileChanges(reconciliation: OtherJob): FollowUp {
  return async ({ databaseUrl, runs, changedDays, logger }) => {
    const audit = await dueAudit(runs)
    const days = audit ? [...new Set([...changedDays, ...audit.days])].sort() : changedDays
    for (const range of stretchesOf(days)) {
      const { from, to } = range
      const reason = audit ? `${AUDIT} ${from} to ${to}` : `figures of ${from} to ${to} changed`
      try {
        const depth = audit ? 'full' : 'quick'
        const run = { other: reconciliation, range, trigger: 'schedule', reason, depth } as const
        await runRecorded(runs, run, { databaseUrl, logger })
      } catch (err) {
        // Another scheduler is at the same days.
        if (!(err instanceof AlreadyRunningError))
          logger.error({ err, from, to }, `reconciliation failed: ${String(err)}`)
      }
    }
  }
}

/** The days that ticks have changed since the last audit began, or every day; null while none is due. */
async function dueAudit(sql: Sql): Promise<{ days: string[] } | null> {
  const [last] = await sql<{ runId: number; isDue: boolean }[]>`
    select run_id as "runId", started_at < now() - make_interval(secs => ${AUDIT_EVERY_MS / 1_000}::integer) as "isDue"
    from batch.runs
    where job = 'reconciliation' and state = 'succeeded' and trigger = 'schedule' and reason like ${`${AUDIT}%`}
    order by run_id desc limit 1`
  if (last && !last.isDue) return null
  const daily = REPORTS.filter(report => report.grain === 'day').map(({ name }) => name)
  const rows = last
    ? await sql<{ day: string }[]>`
        select distinct period as day from batch.runs
        where run_id > ${last.runId} and job = any(${daily}) and state = 'succeeded' and trigger = 'schedule'`
    : await sql<{ day: string }[]>`
        select distinct period as day from batch.current_runs where job = any(${daily})`
  return { days: rows.map(({ day }) => day) }
}

/** Sorted days as stretches without a gap, both ends included. */
export function stretchesOf(days: readonly BusinessDay[]): { from: BusinessDay; to: BusinessDay }[] {
  const stretches: { from: BusinessDay; to: BusinessDay }[] = []
  for (const day of days) {
    const last = stretches.at(-1)
    if (last && addDays(last.to, 1) === day) last.to = day
    else stretches.push({ from: day, to: day })
  }
  return stretches
}
