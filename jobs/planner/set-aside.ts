import type { Transaction } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'

/*
 * What the batch path goes on without: rows of the log that log.why_indigestible has something against, set aside as the
 * planner meets them, and events with which a report could not be computed (run/find-poison.ts). A report reads the log
 * without them, an audit knows of them, and each is a finding of its store until it is put right or accepted.
 */

/** In batch.current_runs.code_version: the run read events that have been set aside since, or was spared some that count now. */
export const WITHDRAWN = 'withdrawn'

/** A store's business day whose events are no longer those that its runs read. */
export interface ChangedDay {
  store: string
  businessDay: BusinessDay
}

/**
 * Makes every run that took in one of the days dirty. Its rows stay until it has run again: a published figure that
 * changes thereby is a restatement, as ever.
 */
export async function withdrawRuns(transaction: Transaction, days: readonly ChangedDay[]): Promise<void> {
  if (days.length === 0) return
  await transaction`
    update batch.current_runs c set code_version = ${WITHDRAWN}
    from unnest(
      ${days.map(day => day.store)}::text[], ${days.map(day => day.businessDay)}::date[]
    ) as changed(store, day)
    where c.store = changed.store and isfinite(changed.day) and c.period in (
      changed.day, date_trunc('week', changed.day)::date, date_trunc('month', changed.day)::date)`
}

/** Forgets a partition's events of before that count now: the row was put right, or the rule is another one. */
export async function findPutRight(
  transaction: Transaction,
  partition: number,
): Promise<{ offset: number; appendedAt: number }[]> {
  return transaction<{ offset: number; appendedAt: number }[]>`
    with right_now as (
      select a."offset"
      from batch.set_aside a
      cross join lateral (
        select log.why_indigestible(e) as why, md5(e::text) as digest from log.event_log e
        where e.partition = a.partition and e.appended_at = a.appended_at and e."offset" = a."offset"
      ) now_there
      -- what a report could not be computed with looked right before: it is tried again once it looks different
      where a.partition = ${partition} and why is null and (a.job is null or a.row_digest <> digest)
      order by a."offset" limit 1000
    )
    delete from batch.set_aside a using right_now r
    where a.partition = ${partition} and a."offset" = r."offset"
    returning a."offset", a.appended_at as "appendedAt"`
}
