import type { Reading } from '#db/transaction.ts'
import type { AppendDay } from '#domain/log-archive.ts'
import type { RetentionFacts } from '#domain/log-retention.ts'

/** Reports of a week or month are finished so many days after its end: late journals and Z reports have come. */
const FINISHED_AFTER_DAYS = 10

/** What either path, and who follows the log beside them, may still read of it. */
export async function readLogNeeds(reading: Reading): Promise<Omit<RetentionFacts, 'keepDays' | 'archived'>> {
  const [[clock], newest, readers, open, setAside] = await Promise.all([
    reading<{ today: AppendDay }[]>`select (clock_timestamp() at time zone 'UTC')::date as today`,
    reading<{ day: AppendDay }[]>`
      select distinct (l.appended_at at time zone 'UTC')::date as day
      from log.partitions p cross join lateral log.last_position(p.partition) l where l."offset" > 0`,
    readReaders(reading),
    readOpen(reading),
    reading<{ day: AppendDay }[]>`
      select (appended_at at time zone 'UTC')::date as day from batch.set_aside
      union
      select (appended_at at time zone 'UTC')::date from stream.set_aside
      where generation = (select generation from stream.active_generation)`,
  ])
  return {
    today: clock?.today ?? '',
    newest: newest.map(({ day }) => day),
    readers,
    open: open.map(({ day }) => day),
    setAside: setAside.map(({ day }) => day),
  }
}

/** Where each reader of the log is: of its partitions the one that is least far, of those that it has not read to their end. */
async function readReaders(reading: Reading): Promise<RetentionFacts['readers']> {
  return reading<{ name: string; day: AppendDay }[]>`
    with partitions as (
      select p.partition, l."offset" from log.partitions p cross join lateral log.last_position(p.partition) l
      where l."offset" > 0
    )
    select name, (min(coalesce(appended_at, 'epoch')) at time zone 'UTC')::date as day
    from (
      select 'the stream' as name, case when c."offset" = p."offset" then clock_timestamp() else c.appended_at end as appended_at
      from partitions p cross join stream.active_generation a
      left join stream.checkpoints c on c.generation = a.generation and c.partition = p.partition
      union all
      select 'the planner', case when c."offset" = p."offset" then clock_timestamp() else c.appended_at end
      from partitions p left join batch.planner_checkpoints c on c.partition = p.partition
      union all
      -- they look at hours and days behind their place
      select 'the rules of the batch path', least(through, judged_hour, days_through::timestamp at time zone 'UTC')
        - interval '2 days'
      from (select) one left join batch.rule_progress on true
      union all
      select 'what is open of purchase orders', case when c."offset" = p."offset" then clock_timestamp() else c.appended_at end
      from partitions p left join batch.purchase_progress c on c.partition = p.partition
    ) places
    group by name`
}

/** Append days that hold events of business days whose reports are due, not closed, or part of a period that goes on. */
async function readOpen(reading: Reading): Promise<{ day: AppendDay }[]> {
  return reading<{ day: AppendDay }[]>`
    with heads as (
      select store, business_day, append_days from batch.day_head
      union all
      select store, business_day, append_days from batch.till_head
    )
    select distinct unnest(h.append_days) as day
    from heads h
    where h.business_day >= date_trunc('month', now() - make_interval(days => ${FINISHED_AFTER_DAYS}))::date
      or not exists (select from batch.closed_days c where c.store = h.store and c.business_day = h.business_day)
      -- a slot that is due covers a month at most
      or exists (
        select from batch.open_slots s
        where s.store = h.store and s.state = 'due' and h.business_day between s.period and s.period + 31)`
}
