import type { Reading } from '#db/transaction.ts'
import { MAX_FOUND } from './audit-rows.ts'
import type { AuditScope, FoundRow } from './findings.ts'
import { readFrom } from './store-calendar.ts'

// Where the log is a topic, its offsets have gaps, and a row that somebody takes out of log.event_log leaves no hole to be
// seen. So the archiver counts what it writes (log.archived_rows), and here it is counted again.

/** How far behind its key's offset an event may stand: the offset was the end that its intake knew. */
const BEHIND_ITS_KEY = 100_000
/** Events that are named of one day. */
const MAX_NAMED = 5

interface Day {
  partition: number
  day: string
  rows: number
  written: number
  first: number | null
  last: number | null
}

type Differing = Pick<FoundRow, 'rowKey' | 'metric' | 'stored' | 'expected' | 'detail'>

/** Append days of which the log holds another number of rows than the archiver wrote, with what is gone of them. */
export async function differingDays(reading: Reading, scope: AuditScope): Promise<Differing[]> {
  const days = await reading<Day[]>`
    select w.partition, w.append_day::text as day, held.rows, w.rows as written, held.first, held.last
    from log.archived_rows w
    cross join lateral (
      select count(*) as rows, min(e."offset") as first, max(e."offset") as last from log.event_log e
      where e.partition = w.partition and e.appended_at >= w.append_day::timestamp at time zone 'UTC'
        and e.appended_at < (w.append_day + 1)::timestamp at time zone 'UTC'
    ) held
    where w.append_day >= (${readFrom(scope)}::timestamptz at time zone 'UTC')::date and held.rows <> w.rows
      and not exists (select from log.archived_days d where d.append_day = w.append_day and d.dropped_at is not null)
    order by w.partition, w.append_day
    limit ${MAX_FOUND}`
  const found: Differing[] = []
  for (const day of days) {
    const gone = day.rows < day.written ? await goneOf(reading, day) : []
    const named = gone.map(({ source, id }) => `${id} of ${source}`).join(', ')
    found.push({
      rowKey: { partition: day.partition, append_day: day.day },
      metric: 'rows',
      stored: String(day.rows),
      expected: String(day.written),
      detail:
        `of what was appended to the partition on ${day.day} the archiver wrote ${day.written} rows, and ${day.rows} ` +
        `are there${named === '' ? '' : `: gone are ${named}${gone.length === MAX_NAMED ? ' …' : ''}`}`,
    })
  }
  return found
}

/** A key that is settled has its event in the log. Ticks have none. */
function goneOf(
  reading: Reading,
  { partition, day, first, last }: Day,
): Promise<{ source: string; id: string }[]> {
  return reading<{ source: string; id: string }[]>`
    select k.source, k.id from log.event_keys k
    where k.partition = ${partition} and k."offset" >= ${Math.max(0, (first ?? 0) - BEHIND_ITS_KEY)}
      and k."offset" <= (
        select least(a."offset", ${(last ?? Number.MAX_SAFE_INTEGER - BEHIND_ITS_KEY) + BEHIND_ITS_KEY}::bigint) from log.archived a
        where a.partition = ${partition})
      and not exists (select from log.kafka_batches b where b.batch = k.batch)
      and not exists (
        select from log.event_log e
        where e.source = k.source and e.id = k.id and e.partition = ${partition}
          and e.appended_at >= ${day}::timestamp at time zone 'UTC' - interval '1 day')
      and not exists (
        select from log.set_aside u
        where u.partition = ${partition} and position(convert_to(k.id, 'UTF8') in u.payload) > 0)
    order by k."offset", k.source, k.id
    limit ${MAX_NAMED}`
}
