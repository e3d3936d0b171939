import type { Reading } from '#db/transaction.ts'
import { MEASURE_NAMES, MEASURES } from '#domain/measures.ts'
import { inStores } from '#server/serving/scope.ts'
import { allSalesOf, isCounted, runsOf, salesSums } from './audit-rows.ts'
import type { AuditScope } from './findings.ts'

/** A metric of `recon.reconciliation`, with how many events moved it on each side. */
interface ComparedMetric {
  column: string
  eventsMet(side: 'a' | 'f'): string
}

const COMPARED: readonly ComparedMetric[] = [
  { column: 'net', eventsMet: side => `${side}.orders_met + ${side}.returns_met` },
  ...MEASURE_NAMES.map(name => MEASURES[name]).map(({ column, movedBy }) => ({
    column,
    eventsMet: (side: 'a' | 'f') => `${side}.${movedBy === 'returns' ? 'returns' : 'orders'}_met`,
  })),
]

/** `gross - discounts - returns` where the metric is net: sides keep what adds up. */
function figure(side: string, column: string): string {
  const value = (name: string) => `coalesce(${side}.${name}, 0)`
  return column === 'net' ? `${value('gross')} - ${value('discounts')} - ${value('returns')}` : value(column)
}

/** What is held against the batch path, and where that is kept. */
export interface ComparedGeneration {
  generation: number
  runId: number
  /** reconciliation: it is the active one; answers: it gives an answer beside that. */
  into: 'reconciliation' | 'answers'
}

/**
 * Compares both paths for every store-day of the scope, per currency and metric, and replaces their rows in
 * `recon.reconciliation`, or those of this generation in `recon.answers`:
 * stream - batch = after_batch - before_stream + rule_version + unexplained. Both classes of events are read
 * from the whole log of those days; nothing the paths keep for themselves is trusted.
 */
export async function comparePaths(
  reading: Reading,
  scope: AuditScope,
  { generation, runId, into }: ComparedGeneration,
): Promise<void> {
  const isOther = into === 'answers'
  const table = reading.unsafe(`recon.${into}`)
  await reading`
    delete from ${table} r
    where ${isOther ? reading`r.generation = ${generation}` : reading`true`} and r.business_day between ${scope.from} and ${scope.to} ${inStores(reading, scope, 'r.store')}`
  const values = COMPARED.map(({ column, eventsMet }) => {
    const sides = ['b', 's', 'a', 'f'].map(side => figure(side, column))
    return `('${column}', ${sides.join(', ')}, coalesce(${eventsMet('a')}, 0), coalesce(${eventsMet('f')}, 0))`
  })
  await reading`
    with sales as (${allSalesOf(reading, scope)}),
    runs as (${runsOf(reading, scope, 'daily_sales')}),
    unshared as (
      select e.store, e.business_day, e.currency, e."offset" > through.batch as after_batch, ${salesSums(reading)},
        count(*) filter (where not e.returned) as orders_met, count(*) filter (where e.returned) as returns_met
      from sales e
      left join runs r on r.store = e.store and r.business_day = e.business_day
      left join stream.checkpoints c on c.generation = ${generation} and c.partition = e.partition
      -- What a path has set aside it has as good as never read: it stands with what only the other one has.
      cross join lateral (
        select case when ${isCounted(reading, 'batch')} then coalesce(r.through, 0) else 0 end as batch,
          case when ${isCounted(reading, 'stream', generation)} then coalesce(c."offset", 0) else 0 end as stream
      ) through
      where e."offset" > least(through.batch, through.stream)
        and e."offset" <= greatest(through.batch, through.stream)
      group by 1, 2, 3, 4
    ),
    batch_days as (
      select * from batch.store_days t
      where business_day between ${scope.from} and ${scope.to} ${inStores(reading, scope, 't.store')}
    ),
    stream_days as (
      select * from stream.store_days w
      where generation = ${generation} and business_day between ${scope.from} and ${scope.to}
        ${inStores(reading, scope, 'w.store')}
    ),
    keys as (
      select store, business_day, currency from batch_days
      union select store, business_day, currency from stream_days
      union select store, business_day, currency from unshared
    )
    insert into ${table} (${isOther ? reading`generation, engine,` : reading``} business_day, store, currency, metric, batch, stream, after_batch,
      before_stream, rule_version, unexplained, after_batch_events, before_stream_events, run_id, batch_through,
      stream_through, partition, computed_at)
    select ${isOther ? reading`g.generation, g.engine,` : reading``} k.business_day, k.store, k.currency, m.metric, m.batch, m.stream, m.after_batch, m.before_stream,
      case when rules.differ then remainder.value else 0 end, case when rules.differ then 0 else remainder.value end,
      m.after_batch_events, m.before_stream_events, ${runId}, coalesce(r.through_offset, 0), coalesce(c."offset", 0),
      p.partition, now()
    from keys k
    join ref.stores p on p.store = k.store
    join stream.generations g on g.generation = ${generation}
    left join batch.current_runs r on r.job = 'daily_sales' and r.store = k.store and r.period = k.business_day
    left join stream.checkpoints c on c.generation = g.generation and c.partition = p.partition
    left join batch_days b on b.store = k.store and b.business_day = k.business_day and b.currency = k.currency
    left join stream_days s on s.store = k.store and s.business_day = k.business_day and s.currency = k.currency
    left join unshared a on a.store = k.store and a.business_day = k.business_day and a.currency = k.currency
      and a.after_batch
    left join unshared f on f.store = k.store and f.business_day = k.business_day and f.currency = k.currency
      and not f.after_batch
    cross join lateral (select r.rules_version is not null and r.rules_version <> g.rules_version as differ) rules
    cross join lateral (values ${reading.unsafe(values.join(', '))})
      m(metric, batch, stream, after_batch, before_stream, after_batch_events, before_stream_events)
    cross join lateral (select m.stream - m.batch - m.after_batch + m.before_stream as value) remainder
    -- A row that another reconciliation put there since our snapshot fails this one, which then begins anew.
    on conflict do nothing`
}
