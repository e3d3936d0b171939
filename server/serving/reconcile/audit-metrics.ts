import type { Reading } from '#db/transaction.ts'
import { inStores } from '#server/serving/scope.ts'
import { compareRows, type FoundColumns, found, isCounted } from './audit-rows.ts'
import type { AuditScope, FoundRow } from './findings.ts'

/** How a metric is added up again from the log: durations and SQL of its own, as far as the stream's is from it. */
interface PaneAudit {
  metric: string
  pane: string
  /** Panes that began as long before the watermark are kept, and so judged. */
  kept: string
  /** key, documents, units and net of what one row `e` of the log adds. */
  adds: string
}

/** One for every metric of the stream. */
export const PANE_AUDITS: readonly PaneAudit[] = [
  {
    metric: 'product_sales',
    pane: '5 minutes',
    kept: '1 hour 15 minutes',
    adds: `
      select l.sku as key, s.sign as documents, s.sign * sum(l.units) as units, 0 as net
      from (select case e.type when 'order.placed' then 1 when 'order.voided' then -1 end as sign) s
      cross join lateral unnest(e.skus, e.units) l(sku, units)
      where s.sign is not null group by l.sku, s.sign`,
  },
]

/**
 * The panes that are kept, against the log up to the stream's checkpoint; of now, whatever the days. A metric that is
 * younger than the log is judged from its second pane on: what it has of its first began in the middle.
 */
export async function auditPanes(
  reading: Reading,
  scope: AuditScope,
  generation: number,
): Promise<FoundRow[]> {
  const differing: FoundRow[] = []
  for (const { metric, pane, kept, adds } of PANE_AUDITS) {
    const rows = await reading<FoundColumns[]>`
      with kept as (
        select c.partition, c."offset", c.watermark - ${kept}::interval as since,
          (select min(pane_start) from stream.panes p
            where p.generation = ${generation} and p.partition = c.partition and p.metric = ${metric}) as first
        from stream.checkpoints c where c.generation = ${generation} and c.watermark is not null
      ),
      added as materialized (
        select e.partition, e.store, date_bin(${pane}::interval, e.event_time, 'epoch') as pane_start, a.key,
          a.documents, a.units, a.net
        from kept k
        join log.event_log e on e.partition = k.partition and e."offset" <= k."offset"
          and e.event_time >= k.since and e.appended_at >= k.since - interval '1 hour'
          and e.type <> 'tick' and ${isCounted(reading, 'stream', generation)}
        cross join lateral (${reading.unsafe(adds)}) a
      ),
      judged as (
        select k.partition, greatest(k.since, k.first + case when exists (
            select from added a where a.partition = k.partition and a.pane_start < k.first and a.pane_start >= k.since
          ) then ${pane}::interval else '0'::interval end) as since
        from kept k where k.first is not null
      ),
      expected as (
        select ${metric}::text as metric, a.store, a.pane_start, a.key, a.partition, batch.exact_sum(a.documents) as documents,
          batch.exact_sum(a.units::bigint) as units, batch.exact_sum(a.net) as net
        from added a join judged j on j.partition = a.partition and a.pane_start >= j.since
        where true ${inStores(reading, scope, 'a.store')}
        group by a.store, a.pane_start, a.key, a.partition
      ),
      stored as (
        select p.* from stream.panes p join judged j on j.partition = p.partition and p.pane_start >= j.since
        where p.generation = ${generation} and p.metric = ${metric} ${inStores(reading, scope, 'p.store')}
      )
      ${compareRows(reading, {
        key: ['metric', 'store', 'pane_start', 'key', 'partition'],
        counts: ['documents', 'units'],
        money: ['net'],
      })}`
    differing.push(...found('stream', 'stream.panes', rows))
  }
  return differing
}

/**
 * The sessions that are kept, against the orders of the log, by who ordered: what a key's sessions add up to, and the
 * first and last order of them. How a late order divides a key's sessions is not judged, nor who ordered before the
 * oldest session that is kept.
 */
export async function auditSessions(
  reading: Reading,
  scope: AuditScope,
  generation: number,
): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with own as (
      select s.* from stream.sessions s where s.generation = ${generation} and s.metric = 'online_sessions'
    ),
    kept as (
      select c.partition, c."offset", greatest(c.watermark - interval '1 day',
        (select min(started_at) from own where own.partition = c.partition)) as since
      from stream.checkpoints c where c.generation = ${generation} and c.watermark is not null
    ),
    ordered as (
      select e.store, coalesce(e.details ->> 'session', e.customer) || ' ' || e.currency as key,
        batch.exact_sum(1) as orders, batch.exact_sum(e.total_units) as units,
        batch.exact_sum(e.total_gross - e.total_discounts) as net,
        min(e.event_time) as started_at, max(e.event_time) as ended_at, k.since
      from kept k
      join log.event_log e on e.partition = k.partition and e."offset" <= k."offset"
        -- A day more: who ordered before is left out.
        and e.event_time >= k.since - interval '1 day' and e.appended_at >= k.since - interval '25 hours'
        and e.type = 'order.placed' and e.channel = 'online' and ${isCounted(reading, 'stream', generation)}
      where coalesce(e.details ->> 'session', e.customer) is not null ${inStores(reading, scope, 'e.store')}
      group by 1, 2, k.since
    ),
    expected as (select * from ordered where started_at >= since),
    stored as (
      select s.store, s.key, batch.exact_sum(s.orders) as orders, batch.exact_sum(s.units) as units,
        batch.exact_sum(s.net) as net, min(s.started_at) as started_at, max(s.ended_at) as ended_at
      from own s join kept k on k.partition = s.partition and s.ended_at >= k.since
      where not exists (select from ordered o where o.store = s.store and o.key = s.key and o.started_at < o.since)
        ${inStores(reading, scope, 's.store')}
      group by s.store, s.key
    )
    ${compareRows(reading, { key: ['store', 'key', 'started_at', 'ended_at'], counts: ['orders', 'units'], money: ['net'] })}`
  return found('stream', 'stream.sessions', rows)
}
