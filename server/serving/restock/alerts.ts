import { z } from 'zod'
import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { formatAmount } from '#domain/money.ts'
import { isCovered, type Severity, SHORTAGE_RULES, type ShortageRule } from '#domain/shortage.ts'
import { readLag, readStreamStand, type StreamBasis } from '#server/serving/freshness/positions.ts'
import { type LiveStand, standOf } from '#server/serving/live-board/stand.ts'
import { inStores, storesSchema } from '#server/serving/scope.ts'
import { type ActionRow, type AlertHandling, handlingOf } from './alert-actions.ts'
import { type KnownStock, readKnownStock } from './known-stock.ts'
import { readStreamLead, type StreamLead } from './lead.ts'

/** What both lists of the restock page can be narrowed to. */
export const restockScopeSchema = z.strictObject({
  stores: storesSchema,
  /** Empty: all. */
  rules: z.array(z.enum(SHORTAGE_RULES)).max(SHORTAGE_RULES.length).default([]),
  /** Id; null for all. */
  supplier: z.string().min(1).max(128).nullish(),
})

export type RestockScope = z.output<typeof restockScopeSchema>

/** Alerts of one answer at most, the worst first. */
const MOST_ALERTS = 500

/** A shortage, with what people did about it. */
export interface RestockAlert {
  alertId: string
  store: string
  sku: string
  /** Null: not in the catalogue. */
  productName: string | null
  /** Null: nobody is known to deliver it. */
  supplierName: string | null
  /** By which it would be ordered; null: nobody is known to deliver it. */
  terms: OrderTerms | null
  rule: ShortageRule
  severity: Severity
  /**
   * Ordered: what is on order ends it once it comes. Received: some of that has come. Both follow from the orders; the
   * other words are what people said.
   */
  state: 'open' | 'acknowledged' | 'ordered' | 'received' | 'snoozed' | 'dismissed' | 'muted' | 'resolved'
  /** Why nobody wants to hear of it, where it is muted. */
  mutedFor: string | null
  openedAt: Instant
  resolvedAt: Instant | null
  /** The path that was the first to say so. */
  raisedBy: 'stream' | 'batch'
  /** When each said so: the stream by event time, the plan when it was there to be read; null: it has not. */
  streamAt: Instant | null
  batchAt: Instant | null
  /** When the shelf is empty if nothing comes, and as early and late as it is in one case of ten; null: not known. */
  projectedStockoutAt: Instant | null
  stockoutEarlyAt: Instant | null
  stockoutLateAt: Instant | null
  /** When an order would come that is placed as it is judged; null: not known. */
  orderArrivesAt: Instant | null
  /** Up to the policy's level; null: it says none. */
  suggestedUnits: number | null
  /** The same in whole packs. */
  orderUnits: number | null
  /** Units that are forecast for an ordinary day; null: nothing is. */
  demandPerDay: number | null
  /** On hand as days of that; null: nothing is forecast. */
  daysOfCover: number | null
  /**
   * From when the shelf is empty until something can come, as a time below zero; above, so long before it is empty
   * something comes. Null: either is not known.
   */
  marginMs: number | null
  onHand: number
  onOrder: number
  reorderPoint: number | null
  /** What is on order ends it once it comes: it needs nobody. */
  isCovered: boolean
  /** What comes next of it; null: nothing is on order. */
  delivery: NextDelivery | null
  handling: AlertHandling | null
}

/** What a supplier's terms say of a product today. */
interface OrderTerms {
  supplier: string
  packSize: number
  /** Of one unit. */
  unitCost: string
  currency: string
}

/** The order of a product of a store that is due first, as far as it is open. */
interface NextDelivery {
  purchaseOrder: string
  /** Units still to come of it, and those that have come. */
  open: number
  received: number
  /** As its supplier says; null: nobody said when. */
  expectedAt: Instant | null
  /** A buyer ordered it here: it is on the board. */
  isOnBoard: boolean
}

interface RestockAlerts {
  alerts: RestockAlert[]
  /** How many there are of each, whatever of them is listed. */
  counts: {
    /** Of what needs somebody. */
    oversold: number
    outOfStock: number
    runningOut: number
    low: number
    /** Open, and on its way. */
    covered: number
    acknowledged: number
    snoozed: number
    dismissed: number
    muted: number
  }
  /** Everybody who delivers something. */
  suppliers: { supplier: string; name: string }[]
  /** Of the stores and the supplier in scope: no shortage can be told of what is not known. */
  stock: KnownStock
  /** What telling as it happens brought over a plan a night. */
  lead: StreamLead
  now: Instant
  stand: LiveStand
  basis: StreamBasis
}

type AlertRow = Omit<
  RestockAlert,
  'handling' | 'state' | 'isCovered' | 'orderUnits' | 'daysOfCover' | 'marginMs' | 'terms'
> & { terms: (Omit<OrderTerms, 'unitCost'> & { unitCost: number }) | null } & ActionRow

/**
 * The shortages there are now: what nobody has taken care of first, of that the worst: where the shelf is empty longest
 * before something can come.
 */
export async function readOpenAlerts(sql: Sql, scope: RestockScope): Promise<RestockAlerts> {
  return readSnapshot(sql, async reading => {
    const streamStand = await readStreamStand(reading)
    const { now, basis, positions } = streamStand
    const { generation } = basis
    const [rows, suppliers, stock, lead, lag] = await Promise.all([
      reading<AlertRow[]>`
        ${alertColumns(reading)}
        where e.generation = ${generation} and e.state = 'open' ${inScope(reading, scope)}
        order by e.opened_at desc, e.alert_id`,
      readSuppliers(reading),
      readKnownStock(reading, { generation, stores: scope.stores, supplier: scope.supplier }),
      readStreamLead(reading, { generation, stores: scope.stores, now }),
      readLag(reading, positions),
    ])
    const alerts = rows.map(row => toAlert(row, now)).sort(byUrgency)
    const stand = standOf(streamStand, lag)
    return {
      alerts: alerts.slice(0, MOST_ALERTS),
      counts: countAlerts(alerts),
      suppliers,
      stock,
      lead,
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

/** @returns null where there is no such alert */
export async function readAlert(
  reading: Reading,
  { generation, alertId, now }: { generation: number; alertId: string; now: Instant },
): Promise<RestockAlert | null> {
  const [row] = await reading<AlertRow[]>`
    ${alertColumns(reading)}
    where e.generation = ${generation} and e.alert_id = ${alertId}`
  return row ? toAlert(row, now) : null
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

function readSuppliers(reading: Reading): Promise<{ supplier: string; name: string }[]> {
  return reading`select supplier, name from ref.suppliers order by name, supplier`
}

function alertColumns(reading: Reading) {
  return reading`
    select e.alert_id as "alertId", e.store, e.sku, p.name as "productName", terms.name as "supplierName",
      e.rule, e.severity, e.opened_at as "openedAt", e.resolved_at as "resolvedAt", e.on_hand as "onHand",
      e.on_order as "onOrder", e.reorder_point as "reorderPoint", e.suggested_units as "suggestedUnits",
      e.projected_stockout_at as "projectedStockoutAt", e.stockout_early_at as "stockoutEarlyAt",
      e.stockout_late_at as "stockoutLateAt", e.order_arrives_at as "orderArrivesAt", e.stream_at as "streamAt",
      plan.since as "batchAt",
      case when e.stream_at is null or plan.since < e.stream_at then 'batch' else 'stream' end as "raisedBy", latest.kind as "actionKind",
      latest.snoozed_until as "snoozedUntil", latest.acted_by as "actedBy", latest.acted_at as "actedAt",
      latest.note as "actionNote", next.delivery, muted.reason as "mutedFor", forecast.per_day as "demandPerDay",
      case when terms.supplier is not null then jsonb_build_object('supplier', terms.supplier,
        'packSize', terms.pack_size, 'unitCost', terms.unit_cost, 'currency', terms.currency) end as terms
    from (
      select generation, alert_id, store, sku, rule, severity, state, opened_at, opened_at as stream_at, resolved_at,
        on_hand, on_order, reorder_point, suggested_units, projected_stockout_at, stockout_early_at, stockout_late_at,
        order_arrives_at
      from stream.episodes
      union all
      select generation, alert_id, store, sku, rule, severity, 'open', since, null, null, on_hand, on_order, reorder_point,
        suggested_units, runs_out_at, runs_out_early, runs_out_late, order_arrives_at
      from live.planned_shortages
    ) e
    left join ref.products p on p.sku = e.sku
    left join lateral (
      select s.since from batch.shortages s
      where s.store = e.store and s.sku = e.sku and s.since <= coalesce(e.resolved_at, 'infinity')
        and coalesce(s.ended_at, 'infinity') >= e.opened_at
      order by s.since limit 1
    ) plan on true
    left join lateral (
      select t.supplier, s.name, t.pack_size, t.unit_cost, t.currency from ref.supply_terms t join ref.suppliers s on s.supplier = t.supplier
      where t.sku = e.sku and t.valid_from <= now() order by t.valid_from desc limit 1
    ) terms on true
    left join lateral (
      select (select sum(units) / 7 from unnest(f.units_by_weekday) units) as per_day
      from ref.demand_forecasts f
      where f.store = e.store and f.sku = e.sku and f.valid_from <= now() order by f.valid_from desc limit 1
    ) forecast on true
    left join lateral (
      select * from live.alert_actions l where l.alert_id = e.alert_id order by l.action desc limit 1
    ) latest on true
    left join lateral (
      select jsonb_build_object('purchaseOrder', p.purchase_order, 'open', p.ordered - p.cancelled - p.received,
        'received', p.received, 'expectedAt', round(extract(epoch from p.expected_at) * 1000)::bigint,
        'isOnBoard', exists (select from purchasing.orders o where o.purchase_order = p.purchase_order)) as delivery
      from stream.purchases p
      where e.state = 'open' and p.generation = e.generation and p.store = e.store and p.sku = e.sku
        and p.ordered > p.cancelled + p.received
      order by p.expected_at nulls last, p.purchase_order limit 1
    ) next on true
    left join lateral (
      select m.reason from purchasing.mutes m
      where e.state = 'open' and m.ended_at is null and (m.until is null or m.until > now())
        and (m.store is null or m.store = e.store) and (m.sku is null or m.sku = e.sku)
        and (m.supplier is null or m.supplier = terms.supplier)
      order by m.mute desc limit 1
    ) muted on true`
}

function inScope(reading: Reading, { stores, rules, supplier }: RestockScope) {
  return reading`
    ${inStores(reading, { stores }, 'e.store')}
    ${rules.length > 0 ? reading`and e.rule = any(${rules})` : reading``}
    ${supplier ? reading`and terms.supplier = ${supplier}` : reading``}`
}

function toAlert(
  { actionKind, snoozedUntil, actedBy, actedAt, actionNote, terms, ...row }: AlertRow,
  now: Instant,
): RestockAlert {
  const { onHand, demandPerDay, suggestedUnits, projectedStockoutAt, orderArrivesAt, delivery } = row
  const emptyAt = onHand > 0 ? projectedStockoutAt : now
  // What is late can come from now on.
  const comesAt = delivery ? delivery.expectedAt : orderArrivesAt
  const helpAt = comesAt === null ? null : Math.max(comesAt, now)
  const packSize = terms?.packSize ?? 1
  const handling = handlingOf({ actionKind, snoozedUntil, actedBy, actedAt, actionNote })
  return {
    ...row,
    state: stateOf({ ...row, isCovered: isCovered(row) }, handling, now),
    isCovered: isCovered(row),
    terms: terms && { ...terms, unitCost: formatAmount(terms.unitCost) },
    orderUnits: suggestedUnits === null ? null : Math.ceil(suggestedUnits / packSize) * packSize,
    daysOfCover: demandPerDay !== null && demandPerDay > 0 ? Math.max(0, onHand) / demandPerDay : null,
    marginMs: emptyAt === null || helpAt === null ? null : emptyAt - helpAt,
    handling,
  }
}

function stateOf(
  {
    resolvedAt,
    isCovered,
    delivery,
    mutedFor,
  }: Pick<RestockAlert, 'resolvedAt' | 'isCovered' | 'delivery' | 'mutedFor'>,
  handling: AlertHandling | null,
  now: Instant,
): RestockAlert['state'] {
  if (resolvedAt !== null) return 'resolved'
  const holds = handling !== null && (handling.until === null || handling.until > now)
  if (holds && handling.kind !== 'acknowledged') return handling.kind
  if (isCovered) return (delivery?.received ?? 0) > 0 ? 'received' : 'ordered'
  if (mutedFor !== null) return 'muted'
  return holds ? 'acknowledged' : 'open'
}

const RULES: readonly ShortageRule[] = ['out_of_stock', 'oversold', 'stockout_before_delivery', 'low_stock']

/** By what nobody has taken care of; then by how long the shelf is empty; where that is not known, by what is wrong. */
function byUrgency(one: RestockAlert, other: RestockAlert): number {
  return (
    careOf(one) - careOf(other) ||
    (one.marginMs ?? 0) - (other.marginMs ?? 0) ||
    RULES.indexOf(one.rule) - RULES.indexOf(other.rule)
  )
}

function careOf({ state, isCovered }: RestockAlert): number {
  if (isCovered) return 2
  return state === 'open' ? 0 : 1
}

function countAlerts(alerts: readonly RestockAlert[]): RestockAlerts['counts'] {
  const open = (rule: ShortageRule) =>
    alerts.filter(alert => alert.state === 'open' && alert.rule === rule).length
  const of = (state: RestockAlert['state']) => alerts.filter(alert => alert.state === state).length
  return {
    oversold: open('oversold'),
    outOfStock: open('out_of_stock'),
    runningOut: open('stockout_before_delivery'),
    low: open('low_stock'),
    covered: of('ordered') + of('received'),
    acknowledged: of('acknowledged'),
    snoozed: of('snoozed'),
    dismissed: of('dismissed'),
    muted: of('muted'),
  }
}
