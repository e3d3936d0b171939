import type { Reading } from '#db/transaction.ts'
import { severityOf, shortageOf } from '#domain/shortage.ts'
import { type AuditScope, inStores } from '#server/serving/reconcile/audit-scope.ts'
import { type FoundRow, MAX_FOUND, WHOLE_ROW } from '#server/serving/reconcile/found-row.ts'

interface StockAndEpisode {
  store: string
  sku: string
  onHand: number | null
  onOrder: number | null
  reorderPoint: number | null
  alertId: string | null
  rule: string | null
  severity: string | null
  episodeOnHand: number | null
  episodeOnOrder: number | null
  episodeReorderPoint: number | null
}

/**
 * Open alerts against the stock they are about: one where it is short and none elsewhere, saying the same
 * figures. Whether the stock itself is right is `audit-stock.ts`.
 */
export async function auditEpisodes(
  reading: Reading,
  scope: AuditScope,
  generation: number,
): Promise<FoundRow[]> {
  const rows = await reading<StockAndEpisode[]>`
    select coalesce(s.store, e.store) as store, coalesce(s.sku, e.sku) as sku, s.on_hand as "onHand",
      s.on_order as "onOrder", s.reorder_point as "reorderPoint", e.alert_id as "alertId", e.rule, e.severity,
      e.on_hand as "episodeOnHand", e.on_order as "episodeOnOrder", e.reorder_point as "episodeReorderPoint"
    from (
      select * from stream.stock where generation = ${generation} ${inStores(reading, scope, 'store')}
    ) s
    full join (
      select * from stream.episodes
      where generation = ${generation} and state = 'open' ${inStores(reading, scope, 'store')}
    ) e on e.store = s.store and e.sku = s.sku
    where s.on_hand <= greatest(s.reorder_point, 0) or e.alert_id is not null
    order by 1, 2`
  return rows.flatMap(judgeEpisode).slice(0, MAX_FOUND)
}

/** What is wrong with the open alert of one store and sku. */
export function judgeEpisode(row: StockAndEpisode): FoundRow[] {
  const { store, sku, alertId, onHand } = row
  const finding = (metric: string, stored: number | null, expected: number | null): FoundRow => ({
    path: 'stream',
    relation: 'stream.episodes',
    rowKey: alertId === null ? { store, sku } : { alert_id: alertId },
    metric,
    stored: stored === null ? null : String(stored),
    expected: expected === null ? null : String(expected),
  })
  const verdict = shortageOf(onHand, row.reorderPoint)
  if (verdict === null) return alertId === null ? [] : [finding(WHOLE_ROW, 1, null)]
  if (alertId === null) return [finding(WHOLE_ROW, null, 1)]
  const found: FoundRow[] = []
  if (row.rule !== verdict || row.severity !== severityOf(verdict))
    found.push(finding(`rule ${verdict}`, 0, 1))
  if (row.episodeOnHand !== onHand) found.push(finding('on_hand', row.episodeOnHand, onHand))
  if (row.episodeOnOrder !== row.onOrder) found.push(finding('on_order', row.episodeOnOrder, row.onOrder))
  if (row.episodeReorderPoint !== row.reorderPoint)
    found.push(finding('reorder_point', row.episodeReorderPoint, row.reorderPoint))
  return found
}
