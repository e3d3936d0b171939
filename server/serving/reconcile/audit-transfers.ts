import type { Reading } from '#db/transaction.ts'
import { inLogOf, MAX_FOUND, WHOLE_ROW } from './audit-rows.ts'
import type { AuditScope, FoundRow } from './findings.ts'

/**
 * The legs of transfers that are alone in the log, or beside one of another transfer: what leaves a store arrives in
 * one, so goods in transit sum to zero. Both legs are appended in one commit; only a log of version 0.1.0 may hold half
 * a transfer, under the ids it used then.
 */
export async function auditTransfers(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = await reading<
    { store: string; businessDay: string; source: string; id: string; other: string }[]
  >`
    with legs as (
      select e.store, e.business_day, e.source, e.id,
        case e.details ->> 'leg'
          when 'out' then regexp_replace(e.id, 'out$', 'in') else regexp_replace(e.id, 'in$', 'out')
        end as other
      from log.event_log e
      where e.type = 'stock.transferred' and ${inLogOf(reading, scope)}
    )
    select l.store, l.business_day as "businessDay", l.source, l.id, l.other
    from legs l
    join log.event_keys own on own.source = l.source and own.id = l.id
    left join log.event_keys other on other.source = l.source and other.id = l.other
    where own.body_hash is distinct from other.body_hash
    order by l.store, l.business_day, l.id limit ${MAX_FOUND}`
  return rows.map(({ store, businessDay, source, id, other }) => ({
    kind: 'audit row',
    path: 'log',
    relation: 'log.event_log',
    rowKey: { store, business_day: businessDay, source, id },
    metric: WHOLE_ROW,
    stored: '1',
    expected: null,
    detail: `the other leg of this transfer, ${JSON.stringify(other)}, is not in the log`,
  }))
}
