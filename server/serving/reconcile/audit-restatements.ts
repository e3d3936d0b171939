import type { Reading } from '#db/transaction.ts'
import { inStores } from '#server/serving/scope.ts'
import { type FoundColumns, found, MAX_FOUND } from './audit-rows.ts'
import type { AuditScope, FoundRow } from './findings.ts'

/**
 * What was said of figures that changed after they were published: each restatement of a figure begins where the one
 * before ended, the last ends at the figure as it stands, those of a net add up to those of what makes it up, and no
 * published day changed without one.
 */
export async function auditRestatements(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const inScope = reading`t.business_day between ${scope.from} and ${scope.to} ${inStores(reading, scope, 't.store')}`
  const rows = await reading<FoundColumns[]>`
    with told as (
      select t.*, lead(t.old_value) over (
        partition by t.store, t.business_day, t.channel, t.currency, t.metric order by t.restatement) as begins_next
      from batch.restatements t where ${inScope}
    ),
    standing as (
      select t.store, t.business_day, t.channel, t.currency, figure.metric, figure.value
      from batch.daily_sales t
      cross join lateral (
        select key as metric, value::numeric * case
          when key in ('gross', 'discounts', 'returns', 'net', 'tax', 'net_in_reporting_currency') then 0.0001 else 1 end
        from jsonb_each_text(to_jsonb(t) || jsonb_build_object('net', t.gross - t.discounts - t.returns))
        where value ~ '^-?[0-9]+$'
      ) figure(metric, value)
      where ${inScope} and exists (select from told where told.store = t.store and told.business_day = t.business_day)
    ),
    chained as (
      select told.store, told.business_day, told.channel, told.currency, told.metric, told.new_value as stored,
        case when told.begins_next is not null then told.begins_next else coalesce(s.value, 0) end as expected
      from told
      left join standing s on s.store = told.store and s.business_day = told.business_day
        and s.channel = told.channel and s.currency = told.currency and s.metric = told.metric
    ),
    moved as (
      select store, business_day, channel, currency, coalesce(sum(change) filter (where metric = 'net'), 0) as stored,
        coalesce(sum(case metric when 'gross' then change when 'discounts' then -change when 'returns' then -change end), 0)
          as expected
      from (select *, new_value - old_value as change from told) moves
      group by 1, 2, 3, 4
    ),
    silent as (
      select t.store, t.business_day
      from batch.closed_days t
      join batch.runs published on published.run_id = t.run_id
      join batch.current_runs c on c.job = 'daily_sales' and c.store = t.store and c.period = t.business_day
      where ${inScope} and c.code_version = published.code_version and c.checksum <> published.checksum
        and not exists (select from told where told.store = t.store and told.business_day = t.business_day)
        -- Another rate changes the row; where it comes to the same, nothing that is told has changed.
        and not exists (
          select from batch.daily_sales d
          join ref.exchange_rates x on x.currency = d.currency and x.reporting_currency = d.reporting_currency
          where d.store = t.store and d.business_day = t.business_day and x.valid_from <= d.business_day
            and x.said_at > published.finished_at)
    )
    select jsonb_build_object('store', store, 'business_day', business_day, 'channel', channel, 'currency', currency)
        as "rowKey", metric, stored, expected
    from chained where stored <> expected
    union all
    select jsonb_build_object('store', store, 'business_day', business_day, 'channel', channel, 'currency', currency),
      'net, all restatements added up', stored, expected
    from moved where stored <> expected
    union all
    select jsonb_build_object('store', store, 'business_day', business_day), 'row', null, 1 from silent
    order by 1, 2
    limit ${MAX_FOUND}`
  return found('batch', 'batch.restatements', rows)
}
