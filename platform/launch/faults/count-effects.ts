import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { FaultFigures } from '#domain/fault.ts'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import { archivedKeysMissing } from './keys-missing.ts'
import { generationOf, type StreamStand, standColumns } from './stream-stand.ts'

/** What was appended as long before the fault is looked at as well. */
const MARGIN_MS = MINUTE_MS

/**
 * Holds the log around a fault against what counts of it, in one snapshot:
 * - the log itself: no event in it twice, no hole in its offsets; those of a topic have holes, so there every key that was
 *   confirmed is looked for;
 * - the stream's count of events, from its checkpoint at the fault to the one of now;
 * - every window of the last hour that these events touched, added up from the log up to the checkpoint;
 * - every store-day that a batch run has published since, added up from the log up to what the run has read.
 *
 * An order too few is lost, one too many counted twice; a void that is missing shows as the order that it should take back.
 */
export async function countEffects(
  sql: Sql,
  fault: { before: StreamStand; at: Instant },
): Promise<FaultFigures> {
  const since = fault.at - MARGIN_MS
  const keysMissing = await archivedKeysMissing(sql, fault)
  return readSnapshot(sql, async reading => {
    const log = await compareEvents(reading, { ...fault, since })
    const missing = keysMissing ?? log.missing
    const sums = [await compareWindows(reading, fault.before, since), await compareReports(reading, since)]
    const total = (of: (one: Sums) => number) => sums.reduce((sum, one) => sum + of(one), 0)
    const lost = total(one => one.lost)
    const twice = total(one => one.twice)
    return {
      events: log.events,
      lost: missing + Math.max(log.uncounted, lost),
      twice: log.repeated + Math.max(-log.uncounted, twice),
      rows: total(({ rows }) => rows),
      differing: total(({ differing }) => differing),
    }
  })
}

interface LogFigures {
  events: number
  /** Offsets that nothing stands at. */
  missing: number
  /** Events that the log holds once more. */
  repeated: number
  /** Events past the checkpoint at the fault, less what the stream has counted since; below 0: it counted too many. */
  uncounted: number
}

async function compareEvents(
  reading: Reading,
  { before, since }: { before: StreamStand; since: Instant },
): Promise<LogFigures> {
  const columns = standColumns(before)
  const [figures] = await reading<LogFigures[]>`
    with places as (
      select b.partition, b."offset" as before, c."offset" as through, c.events - b.events as counted,
        least(b.appended_at, ${since}::timestamptz) as since, g.generation
      from unnest(${columns.partition}::text::smallint[], ${columns.offset}::text::bigint[],
        ${columns.appendedAt}::text::timestamptz[], ${columns.events}::text::bigint[]
      ) as b(partition, "offset", appended_at, events)
      cross join ${generationOf(reading, before)} g
      join stream.checkpoints c on c.generation = g.generation and c.partition = b.partition
    ), entries as (
      select p.partition, p.before, e."offset", e.type <> 'tick' as is_event, e.source, e.id, e.appended_at
      from places p
      join log.event_log e on e.partition = p.partition and e.appended_at >= p.since and e."offset" <= p.through
    ), recent as (select * from entries where appended_at >= ${since}::timestamptz)
    select
      (select count(*) from recent where is_event) as events,
      (select coalesce(sum(holes), 0)::bigint
        from (select max("offset") - min("offset") + 1 - count(*) as holes from recent group by partition) each) as missing,
      (select count(*) filter (where is_event) - count(distinct (source, id)) filter (where is_event) from recent) as repeated,
      case when ${generationOf(reading, before)} = ${before.generation}
        then (select count(*) from entries where is_event and "offset" > before)
          - (select count(*) from places p join stream.set_aside s on s.generation = p.generation
            and s.partition = p.partition and s."offset" > p.before and s."offset" <= p.through)
          - (select coalesce(sum(counted), 0)::bigint from places)
        else 0 end as uncounted`
  return figures ?? { events: 0, missing: 0, repeated: 0, uncounted: 0 }
}

interface Sums {
  rows: number
  differing: number
  lost: number
  twice: number
}

async function compareWindows(reading: Reading, before: StreamStand, since: Instant): Promise<Sums> {
  const [sums] = await reading<Sums[]>`
    with places as (
      select c.partition, c."offset" as through, c.generation
      from stream.checkpoints c join ${generationOf(reading, before)} g using (generation)
    ), touched as (
      select distinct s.store, s.channel, s.currency, date_trunc('minute', s.event_time) as window_start
      from places p join log.sales s on s.partition = p.partition and s."offset" <= p.through
      where s.appended_at >= ${since}::timestamptz
        and s.event_time >= ${since}::timestamptz - interval '1 hour'
    ), expected as (
      select t.store, t.channel, t.currency, t.window_start, sum(s.orders) as orders, sum(s.units) as units,
        sum(s.gross) as gross, sum(s.discounts) as discounts, sum(s.returns) as returns,
        sum(s.return_documents) as return_documents, sum(s.units_returned) as units_returned
      from places p
      join log.sales s on s.partition = p.partition and s."offset" <= p.through
      join touched t on t.store = s.store and t.channel = s.channel and t.currency = s.currency
        and t.window_start = date_trunc('minute', s.event_time)
      -- clocks may be two minutes ahead
      where s.appended_at >= ${since}::timestamptz - interval '65 minutes'
        and not exists (select from stream.set_aside a
          where a.generation = p.generation and a.partition = s.partition and a."offset" = s."offset")
      group by 1, 2, 3, 4
    ), stored as (
      select w.* from stream.windows w join ${generationOf(reading, before)} g using (generation)
      join touched t using (store, channel, currency, window_start)
    )
    ${comparison(reading, ['store', 'channel', 'currency', 'window_start'])}`
  return sums ?? NO_SUMS
}

async function compareReports(reading: Reading, since: Instant): Promise<Sums> {
  const [sums] = await reading<Sums[]>`
    with runs as (
      select store, period as business_day, partition, through_offset, through_appended_at from batch.current_runs
      where job = 'daily_sales' and computed_at >= ${since}::timestamptz
    ), expected as (
      select r.store, r.business_day, s.channel, s.currency, sum(s.orders) as orders, sum(s.units) as units,
        sum(s.gross) as gross, sum(s.discounts) as discounts, sum(s.returns) as returns,
        sum(s.return_documents) as return_documents, sum(s.units_returned) as units_returned
      from runs r
      join log.sales s on s.partition = r.partition and s.store = r.store and s.business_day = r.business_day
        and s."offset" <= r.through_offset
      -- a business day begins at most a day before its date does in UTC
      where s.appended_at >= (select min(business_day)::timestamp at time zone 'UTC' - interval '2 days' from runs)
        and not exists (select from batch.set_aside a where a.partition = s.partition and a."offset" = s."offset")
      group by 1, 2, 3, 4
    ), stored as (
      select d.* from batch.daily_sales d join runs r using (store, business_day)
    )
    ${comparison(reading, ['store', 'business_day', 'channel', 'currency'])}`
  return sums ?? NO_SUMS
}

const NO_SUMS: Sums = { rows: 0, differing: 0, lost: 0, twice: 0 }
const MEASURES = ['orders', 'units', 'gross', 'discounts', 'returns', 'return_documents', 'units_returned']

/** Holds rows of `stored` against those of `expected` by their key. */
function comparison(reading: Reading, key: readonly string[]) {
  const measures = (table: string) =>
    reading.unsafe(MEASURES.map(name => `coalesce(${table}.${name}, 0)`).join(', '))
  const missing = reading.unsafe('coalesce(e.orders, 0) - coalesce(s.orders, 0)')
  const missingReturns = reading.unsafe('coalesce(e.return_documents, 0) - coalesce(s.return_documents, 0)')
  return reading`
    select count(*) as rows,
      count(*) filter (where row(${measures('e')}) is distinct from row(${measures('s')})) as differing,
      coalesce(sum(greatest(0, ${missing}) + greatest(0, ${missingReturns})), 0)::bigint as lost,
      coalesce(sum(greatest(0, -(${missing})) + greatest(0, -(${missingReturns}))), 0)::bigint as twice
    from expected e full join stored s using (${reading.unsafe(key.join(', '))})`
}
