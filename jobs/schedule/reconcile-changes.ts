import type { Sql } from '#db/client.ts'
import { addDays, type BusinessDay, type DayRange } from '#domain/calendar.ts'
import { MINUTE_MS } from '#domain/instant.ts'
import { REPORTS } from '#domain/reports.ts'
import { type OtherJob, runOtherJob } from '#jobs/ledger/other-jobs.ts'
import { messageOf } from '#platform/command.ts'
import { type FollowUp, unlessRunning } from './batch-tick.ts'

/** A little less than an hour: hourly ticks audit every time, those of every few minutes once an hour. */
const AUDIT_EVERY_MS = 55 * MINUTE_MS

/**
 * Both paths are held against each other wherever a tick has changed figures. Once an hour every row is audited, of
 * all days that changed since the last time (the first time, of all days there are). In between the figures are
 * compared, which costs a twentieth, and rows are audited where those show anything.
 */
export function reconcileChanges(reconciliation: OtherJob): FollowUp {
  return async tick => {
    const { runs, changedDays, logger } = tick
    const audit = await dueAudit(runs)
    const days = audit ? [...new Set([...changedDays, ...audit.days])].sort() : changedDays
    for (const range of stretchesOf(days)) {
      const stretch = `${range.from} to ${range.to}`
      const ask = {
        job: reconciliation,
        range,
        trigger: 'schedule',
        reason: audit ? `every row of ${stretch}` : `figures of ${stretch} changed`,
        depth: audit ? 'rows' : 'figures',
      } as const
      try {
        await unlessRunning(async () => void (await runOtherJob(runs, ask, tick)))
      } catch (err) {
        logger.error({ err, ...range }, `reconciliation failed: ${messageOf(err)}`)
      }
    }
  }
}

/** The days that ticks have changed since the last audit began, or every day; null while none is due. */
async function dueAudit(sql: Sql): Promise<{ days: BusinessDay[] } | null> {
  const [last] = await sql<{ runId: number; isDue: boolean }[]>`
    select run_id as "runId", started_at < now() - make_interval(secs => ${AUDIT_EVERY_MS / 1_000}::integer) as "isDue"
    from batch.runs
    where job = 'reconciliation' and state = 'succeeded' and trigger = 'schedule' and depth = 'rows'
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
export function stretchesOf(days: readonly BusinessDay[]): DayRange[] {
  const stretches: DayRange[] = []
  for (const day of days) {
    const last = stretches.at(-1)
    if (last && addDays(last.to, 1) === day) last.to = day
    else stretches.push({ from: day, to: day })
  }
  return stretches
}
