import type { Reading } from '#db/transaction.ts'
import { type AuditScope, inStores, salesOf, salesSums } from '#server/serving/reconcile/audit-scope.ts'
import { compareRows } from '#server/serving/reconcile/compare-rows.ts'
import { type FoundColumns, type FoundRow, found } from '#server/serving/reconcile/found-row.ts'

/** Every window against the log up to the stream's checkpoint. What was late is `audit-lateness.ts`. */
export async function auditWindows(
  reading: Reading,
  scope: AuditScope,
  generation: number,
): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with sales as (${salesOf(reading, scope)}),
    expected as (
      select e.store, date_trunc('minute', e.event_time) as window_start, e.channel, e.currency,
        e.business_day, e.partition, ${salesSums(reading)},
        count(*) filter (where e.class = 'bulk') as bulk_events, max(e."offset") as last_offset
      from sales e
      join stream.checkpoints c on c.generation = ${generation} and c.partition = e.partition
        and e."offset" <= c."offset"
      group by 1, 2, 3, 4, 5, 6
    ),
    stored as (
      select * from stream.windows w
      where w.generation = ${generation} and w.business_day between ${scope.from} and ${scope.to}
        ${inStores(reading, scope, 'w.store')}
    )
    ${compareRows(reading, {
      key: ['store', 'window_start', 'channel', 'currency', 'business_day', 'partition'],
      counts: ['orders', 'units', 'return_documents', 'units_returned', 'bulk_events', 'last_offset'],
      money: ['gross', 'discounts', 'returns'],
    })}`
  return found('stream', 'stream.windows', rows)
}
