import { z } from 'zod'
import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { isCovered, type Severity, type ShortageRule } from '#domain/shortage.ts'
import { readLag, readStreamStand, type StreamBasis } from '#server/serving/freshness/positions.ts'
import { type LiveStand, standOf } from '#server/serving/live-board/stand.ts'
import { inStores, storesSchema } from '#server/serving/scope.ts'
import { type ActionRow, type AlertHandling, handlingOf } from './alert-actions.ts'
import { type KnownStock, readKnownStock } from './known-stock.ts'

/** What both lists of the restock page can be narrowed to. */
export const restockScopeSchema = z.strictObject({
  stores: storesSchema,
  /** Empty: all. */
  rules: z
    .array(z.enum(['oversold', 'out_of_stock', 'low_stock']))
    .max(3)
    .default([]),
  /** Id; null for all. */
  supplier: z.string().min(1).max(128).nullish(),
})

export type RestockScope = z.output<typeof restockScopeSchema>

/** Alerts of one answer at most, the worst first. */
const MOST_ALERTS = 500

/** A shortage, with what people did about it. */
interface RestockAlert {
  alertId: string
  store: string
  sku: string
  /** Null: not in the catalogue. */
  productName: string | null
  /** Null: nobody is known to deliver it. */
  supplierName: string | null
  rule: ShortageRule
  severity: Severity
  state: 'open' | 'acknowledged' | 'snoozed' | 'resolved'
  openedAt: Instant
  resolvedAt: Instant | null
  raisedBy: 'stream'
  onHand: number
  onOrder: number
  reorderPoint: number | null
  /** What is on order ends it once it comes: it needs nobody. */
  isCovered: boolean
  handling: AlertHandling | null
}

interface RestockAlerts {
  alerts: RestockAlert[]
  /** How many there are of each, whatever of them is listed. */
  counts: {
    /** Of what needs somebody. */
    oversold: number
    outOfStock: number
    low: number
    /** Open, and on its way. */
    covered: number
    acknowledged: number
    snoozed: number
  }
  /** Everybody who delivers something. */
  suppliers: { supplier: string; name: string }[]
  /** Of the stores and the supplier in scope: no shortage can be told of what is not known. */
  stock: KnownStock
  now: Instant
  stand: LiveStand
  basis: StreamBasis
}

type AlertRow = Omit<RestockAlert, 'handling' | 'state' | 'raisedBy' | 'isCovered'> & ActionRow

/** The shortages there are now: what nobody has taken care of first, of that the worst, of those the newest. */
export async function readOpenAlerts(sql: Sql, scope: RestockScope): Promise<RestockAlerts> {
  return readSnapshot(sql, async reading => {
    const streamStand = await readStreamStand(reading)
    const { now, basis, positions } = streamStand
    const { generation } = basis
    const [rows, suppliers, stock, lag] = await Promise.all([
      reading<AlertRow[]>`
        ${alertColumns(reading)}
        where e.generation = ${generation} and e.state = 'open' ${inScope(reading, scope)}
        order by e.opened_at desc, e.alert_id`,
      readSuppliers(reading),
      readKnownStock(reading, { generation, stores: scope.stores, supplier: scope.supplier }),
      readLag(reading, positions),
    ])
    const alerts = rows.map(row => toAlert(row, now)).sort((one, other) => urgency(one) - urgency(other))
    const stand = standOf(streamStand, lag)
    return {
      alerts: alerts.slice(0, MOST_ALERTS),
      counts: countAlerts(alerts),
      suppliers,
      stock,
      now,
      stand,
      basis,
    }
  })
}

interface ResolvedAlerts {
  alerts: RestockAlert[]
  /** Asks for the next page; null on the last. */
  nextCursor: number | null
  basis: StreamBasis
}

/** The shortages that are over, the newest first, page by page. */
export async function readResolvedAlerts(
  sql: Sql,
  { scope, cursor, limit }: { scope: RestockScope; cursor?: number | null | undefined; limit: number },
): Promise<ResolvedAlerts> {
  return readSnapshot(sql, async reading => {
    const { now, basis } = await readStreamStand(reading)
    const from = cursor ?? 0
    const rows = await reading<AlertRow[]>`
      ${alertColumns(reading)}
      where e.generation = ${basis.generation} and e.state = 'resolved' ${inScope(reading, scope)}
      order by e.resolved_at desc, e.alert_id
      offset ${from} limit ${limit + 1}`
    return {
      alerts: rows.slice(0, limit).map(row => toAlert(row, now)),
      nextCursor: rows.length > limit ? from + limit : null,
      basis,
    }
  })
}

/** Names for a toast: of a few alerts, whatever they came to meanwhile. */
export async function describeAlerts(
  sql: Sql,
  alertIds: readonly string[],
): Promise<{ alertId: string; storeName: string; productName: string | null }[]> {
  return sql`
    select e.alert_id as "alertId", coalesce(s.name, e.store) as "storeName", p.name as "productName"
    from stream.active_generation a
    join stream.episodes e on e.generation = a.generation and e.alert_id = any(${[...alertIds]})
    left join ref.stores s on s.store = e.store
    left join ref.products p on p.sku = e.sku`
}

function readSuppliers(reading: Reading): Promise<{ supplier: string; name: string }[]> {
  return reading`select supplier, name from ref.suppliers order by name, supplier`
}

function alertColumns(reading: Reading) {
  return reading`
    select e.alert_id as "alertId", e.store, e.sku, p.name as "productName", terms.name as "supplierName",
      e.rule, e.severity, e.opened_at as "openedAt", e.resolved_at as "resolvedAt", e.on_hand as "onHand",
      e.on_order as "onOrder", e.reorder_point as "reorderPoint", latest.kind as "actionKind",
      latest.snoozed_until as "snoozedUntil", latest.acted_by as "actedBy", latest.acted_at as "actedAt"
    from stream.episodes e
    left join ref.products p on p.sku = e.sku
    left join lateral (
      select t.supplier, s.name from ref.supply_terms t join ref.suppliers s on s.supplier = t.supplier
      where t.sku = e.sku and t.valid_from <= now() order by t.valid_from desc limit 1
    ) terms on true
    left join lateral (
      select * from live.alert_actions l where l.alert_id = e.alert_id order by l.action desc limit 1
    ) latest on true`
}

function inScope(reading: Reading, { stores, rules, supplier }: RestockScope) {
  return reading`
    ${inStores(reading, { stores }, 'e.store')}
    ${rules.length > 0 ? reading`and e.rule = any(${rules})` : reading``}
    ${supplier ? reading`and terms.supplier = ${supplier}` : reading``}`
}

function toAlert(
  { actionKind, snoozedUntil, actedBy, actedAt, ...row }: AlertRow,
  now: Instant,
): RestockAlert {
  const handling = handlingOf({ actionKind, snoozedUntil, actedBy, actedAt })
  return {
    ...row,
    raisedBy: 'stream',
    state: stateOf(row.resolvedAt, handling, now),
    isCovered: isCovered(row),
    handling,
  }
}

function stateOf(
  resolvedAt: Instant | null,
  handling: AlertHandling | null,
  now: Instant,
): RestockAlert['state'] {
  if (resolvedAt !== null) return 'resolved'
  if (handling === null || (handling.until !== null && handling.until <= now)) return 'open'
  return handling.kind
}

const RULES: readonly ShortageRule[] = ['out_of_stock', 'oversold', 'low_stock']

/** Less is more urgent. */
function urgency({ state, rule, isCovered }: RestockAlert): number {
  return (isCovered ? 2 * RULES.length : 0) + (state === 'open' ? 0 : RULES.length) + RULES.indexOf(rule)
}

function countAlerts(alerts: readonly RestockAlert[]): RestockAlerts['counts'] {
  const open = (rule: ShortageRule) =>
    alerts.filter(alert => alert.state === 'open' && !alert.isCovered && alert.rule === rule).length
  return {
    oversold: open('oversold'),
    outOfStock: open('out_of_stock'),
    low: open('low_stock'),
    covered: alerts.filter(alert => alert.state === 'open' && alert.isCovered).length,
    acknowledged: alerts.filter(({ state }) => state === 'acknowledged').length,
    snoozed: alerts.filter(({ state }) => state === 'snoozed').length,
  }
}
