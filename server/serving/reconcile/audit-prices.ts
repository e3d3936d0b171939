import type { Reading } from '#db/transaction.ts'
import { type FoundColumns, inLogOf, isCounted, MAX_FOUND } from './audit-rows.ts'
import type { AuditScope, FoundRow } from './findings.ts'

/**
 * Every line of a `price.changed` of the scope against ref.prices: a row of its product and its beginning is there, and says
 * what the line says unless something was said of it later.
 */
export async function auditPrices(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = await reading<(FoundColumns & { detail: string | null })[]>`
    with said as (
      select e.store, e.business_day, e.event_time, e."offset", line ->> 'sku' as sku,
        (line ->> 'from')::timestamptz as valid_from, (line ->> 'to')::timestamptz as valid_to, (line ->> 'price')::bigint as price
      from log.event_log e
      cross join lateral jsonb_array_elements(case when e.type = 'price.changed' then e.details -> 'prices' else '[]' end) line
      where e.type = 'price.changed' and ${inLogOf(reading, scope)} and ${isCounted(reading, 'batch')}
    )
    select jsonb_build_object('store', s.store, 'business_day', s.business_day, 'sku', s.sku, 'valid_from', s.valid_from) as "rowKey",
      m.metric, m.stored, m.expected,
      'as offset ' || s."offset" || ' of the log says, and nothing that was said later' as detail
    from said s
    left join ref.prices p on p.store = s.store and p.sku = s.sku and p.valid_from = s.valid_from
    cross join lateral (values
      ('row', case when p.store is not null then '1' end, '1'),
      ('said_at', p.said_at::text, s.event_time::text),
      ('price', (p.price * 0.0001)::text, (s.price * 0.0001)::text),
      ('valid_to', p.valid_to::text, s.valid_to::text)
    ) m(metric, stored, expected)
    where case
      when p.store is null then m.metric = 'row'
      when (p.said_at, p."offset") < (s.event_time, s."offset") then m.metric = 'said_at'
      when p."offset" = s."offset" then m.stored is distinct from m.expected
    end
    order by s.store, s.sku, s.valid_from, m.metric
    limit ${MAX_FOUND}`
  return rows.map(row => ({ kind: 'audit row', path: 'log', relation: 'ref.prices', ...row }))
}
