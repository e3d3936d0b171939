import type { EventType } from '#domain/event.ts'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import type { Policy } from './sent.ts'

/** Where the log has an event, or a tick. */
export interface Place {
  partition: number
  offset: number
  appendedAt: Instant
}

/** An event in the order of the log. */
export type Logged = LogEvent & Place & { late: boolean; watermark: Instant | null }
export interface Tick extends Place {
  type: 'tick'
  watermark: Instant | null
}

/**
 * Lateness, in the order of the log: the watermark of a partition is the least, over its sources that sent within a
 * minute, of the newest event time less 30 s, never past the newest append and never back; without such a source a
 * minute before the newest append. An event is late when its minute had closed by the entries before it.
 */
export function judgeTime(records: readonly (Logged | Tick)[]): void {
  for (const own of Map.groupBy(records, record => record.partition).values()) {
    const sources = new Map<string, { newest: Instant; last: Instant }>()
    let watermark: Instant | null = null
    const raise = (now: Instant) => {
      const awake = [...sources.values()].filter(source => now - source.last < MINUTE_MS)
      const least = Math.min(...awake.map(source => source.newest - 30_000))
      const candidate = awake.length > 0 ? Math.min(least, now) : now - MINUTE_MS
      watermark = Math.max(watermark ?? candidate, candidate)
    }
    own.forEach((record, index) => {
      if (index > 0) raise(record.appendedAt)
      if (record.type !== 'tick') {
        const before = index > 0 ? watermark : null
        const ends = Math.floor(record.eventTime / MINUTE_MS) * MINUTE_MS + MINUTE_MS
        record.late = record.class === 'live' && before !== null && before >= ends
        if (record.class === 'live') {
          const known = sources.get(record.source)
          sources.set(record.source, {
            newest: Math.max(known?.newest ?? record.eventTime, record.eventTime),
            last: record.appendedAt,
          })
        }
      }
      const isLive = record.type !== 'tick' && record.class === 'live'
      if (index === 0 || isLive) raise(record.appendedAt)
      record.watermark = watermark
    })
  }
}

/** The figures of a minute. Money in 1/10,000. */
export interface WindowFigures {
  orders: number
  units: number
  gross: number
  discounts: number
  returns: number
  returnDocuments: number
  unitsReturned: number
  lateNet: number
  revision: number
}

/** Windows by `store|minute|channel|currency` over these records. */
export function windowsOf(records: readonly Logged[]): Map<string, WindowFigures> {
  const windows = new Map<string, WindowFigures>()
  for (const record of records) {
    const sign = record.type === 'order.placed' ? 1 : record.type === 'order.voided' ? -1 : 0
    const back = record.type === 'order.returned' ? 1 : 0
    if (sign === 0 && back === 0) continue
    const minute = Math.floor(record.eventTime / MINUTE_MS) * MINUTE_MS
    const key = [record.store, minute, record.channel, record.currency].join('|')
    const window = windows.get(key) ?? {
      orders: 0,
      units: 0,
      gross: 0,
      discounts: 0,
      returns: 0,
      returnDocuments: 0,
      unitsReturned: 0,
      lateNet: 0,
      revision: 0,
    }
    window.orders += sign
    window.units += sign * record.totalUnits
    window.gross += sign * record.totalGross
    window.discounts += sign * record.totalDiscounts
    window.returns += back * record.totalReturns
    window.returnDocuments += back
    window.unitsReturned += back * record.totalUnits
    if (record.late) {
      window.revision += 1
      window.lateNet += sign * (record.totalGross - record.totalDiscounts) - back * record.totalReturns
    }
    windows.set(key, window)
  }
  return windows
}

/** A product of a store after an event that touched it. */
export interface Shelf {
  offset: number
  /** Null: unknown. */
  onHand: number | null
  onOrder: number
  asOf: Instant
  reorderPoint: number | null
  alert: Alert | null
  /** Alerts of this product so far, the open one among them, as they stand. */
  alerts: ReadonlyMap<string, Alert>
}

export interface Alert {
  alertId: string
  rule: 'low_stock' | 'out_of_stock' | 'oversold'
  state: 'open' | 'resolved'
  openedAt: Instant
  onHand: number
  onOrder: number
  reorderPoint: number | null
  suggestedUnits: number | null
}

/** The history of every product of every store, `store|sku`, an entry for each event that touched it. */
export function shelvesOf(records: readonly Logged[], policies: readonly Policy[]): Map<string, Shelf[]> {
  const histories = new Map<string, Shelf[]>()
  for (const [store, own] of Map.groupBy(records, record => record.store)) {
    const skus = new Set(own.flatMap(record => record.lines?.skus ?? []))
    for (const sku of skus) {
      const touching = own.filter(record => touches(record, sku))
      const history: Shelf[] = []
      for (const [index, record] of touching.entries()) {
        const seen = touching.slice(0, index + 1)
        const asOf = Math.max(...seen.map(event => event.eventTime))
        const policy =
          policies
            .filter(rule => rule.store === store && rule.sku === sku && rule.validFrom <= asOf)
            .sort((one, other) => one.validFrom - other.validFrom)
            .at(-1) ?? null
        const figures = {
          onHand: onHandOf(seen, sku),
          onOrder: onOrderOf(seen, sku),
          reorderPoint: policy?.reorderPoint ?? null,
        }
        const alert = alertOf(history.at(-1)?.alert ?? null, {
          figures,
          policy,
          asOf,
          id: `${store}/${sku}@${record.partition}-${record.offset}`,
        })
        const alerts = new Map(history.at(-1)?.alerts)
        if (alert) alerts.set(alert.alertId, alert)
        const isOpen = alert?.state === 'open'
        history.push({ offset: record.offset, asOf, ...figures, alert: isOpen ? alert : null, alerts })
      }
      if (history.length > 0) histories.set(`${store}|${sku}`, history)
    }
  }
  return histories
}

const PURCHASES: readonly EventType[] = ['purchase.placed', 'purchase.confirmed', 'purchase.cancelled']
const MOVES: readonly EventType[] = [
  'order.placed',
  'order.voided',
  'order.returned',
  'stock.received',
  'stock.adjusted',
  'stock.counted',
  'stock.transferred',
]

function touches(record: Logged, sku: string): boolean {
  if (!MOVES.includes(record.type) && !PURCHASES.includes(record.type)) return false
  return unitsFor(record, sku) !== null
}

/** Units of a product in a document, null when no line of it moves stock. */
function unitsFor({ lines }: Logged, sku: string): number | null {
  let units: number | null = null
  lines?.skus.forEach((name, index) => {
    if (name === sku && lines.stocked?.[index] !== false) units = (units ?? 0) + (lines.units[index] ?? 0)
  })
  return units
}

/**
 * The latest count and what moved after it; without a count what moved since the earliest receipt; else unknown. Of
 * counts at one instant the later in the log stands.
 */
function onHandOf(records: readonly Logged[], sku: string): number | null {
  const moves = records.flatMap(record => {
    const units = unitsFor(record, sku)
    return units === null || PURCHASES.includes(record.type) ? [] : [{ record, at: record.eventTime, units }]
  })
  const counts = moves.filter(({ record }) => record.type === 'stock.counted')
  const count = counts
    .sort((one, other) => one.at - other.at || one.record.offset - other.record.offset)
    .at(-1)
  const deltas = moves.filter(({ record }) => record.type !== 'stock.counted')
  const sum = (since: (at: Instant) => boolean) =>
    deltas
      .filter(({ at }) => since(at))
      .reduce((total, { record, units }) => total + signOf(record) * units, 0)
  if (count) return count.units + sum(at => at > count.at)
  const receipts = deltas.filter(({ record }) => record.type === 'stock.received').map(({ at }) => at)
  if (receipts.length === 0) return null
  return sum(at => at >= Math.min(...receipts))
}

function signOf(record: Logged): 1 | -1 {
  if (record.type === 'order.placed') return -1
  return record.type === 'stock.transferred' && record.details?.leg === 'out' ? -1 : 1
}

/** What is open of every purchase order, never below zero for one of them. */
function onOrderOf(records: readonly Logged[], sku: string): number {
  const open = new Map<string, number>()
  for (const record of records) {
    const order = record.details?.purchaseOrderId as string | undefined
    // What a supplier confirms is on order already, or will be.
    if (order === undefined || record.type === 'purchase.confirmed') continue
    const units = unitsFor(record, sku) ?? 0
    open.set(order, (open.get(order) ?? 0) + (record.type === 'purchase.placed' ? units : -units))
  }
  return [...open.values()].reduce((sum, units) => sum + Math.max(0, units), 0)
}

/** The alert of a product after an event: opened, going on, resolved, or null. */
function alertOf(
  open: Alert | null,
  now: {
    figures: { onHand: number | null; onOrder: number; reorderPoint: number | null }
    policy: Policy | null
    asOf: Instant
    id: string
  },
): Alert | null {
  const { onHand, onOrder, reorderPoint } = now.figures
  const isLow = onHand !== null && reorderPoint !== null && onHand <= reorderPoint
  const rule =
    onHand === null
      ? null
      : onHand < 0
        ? 'oversold'
        : onHand === 0
          ? 'out_of_stock'
          : isLow
            ? 'low_stock'
            : null
  if (rule === null)
    return (
      open && {
        ...open,
        state: 'resolved',
        onHand: onHand ?? open.onHand,
        onOrder,
        reorderPoint,
        suggestedUnits: null,
      }
    )
  return {
    alertId: open?.alertId ?? now.id,
    openedAt: open?.openedAt ?? now.asOf,
    state: 'open',
    rule,
    onHand: onHand ?? 0,
    onOrder,
    reorderPoint,
    suggestedUnits: now.policy ? Math.max(0, now.policy.orderUpTo - (onHand ?? 0) - onOrder) : null,
  }
}

/** A register's Z report against the log: `store|day|register` to the state it must have. */
export function zStatesOf(records: readonly Logged[]): Map<string, string> {
  const last = new Map<string, Logged>()
  for (const record of records) {
    if (record.type !== 'till.closed') continue
    const key = [record.store, record.details?.zBusinessDay, record.register].join('|')
    const known = last.get(key)
    const isNewer =
      !known ||
      record.eventTime > known.eventTime ||
      (record.eventTime === known.eventTime && record.offset > known.offset)
    if (isNewer) last.set(key, record)
  }
  const states = new Map<string, string>()
  for (const [key, z] of last) {
    let [orders, units, net] = [0, 0, 0]
    for (const record of records) {
      const isOwn =
        record.store === z.store &&
        record.register === z.register &&
        record.businessDay === z.details?.zBusinessDay &&
        record.currency === z.currency
      if (!isOwn) continue
      const sign = record.type === 'order.placed' ? 1 : record.type === 'order.voided' ? -1 : 0
      orders += sign
      units += sign * record.totalUnits
      net += sign * (record.totalGross - record.totalDiscounts)
      if (record.type === 'order.returned') net -= record.totalReturns
    }
    states.set(
      key,
      orders === z.details?.zOrders && units === z.details?.zUnits && net === z.details?.zNet
        ? 'complete'
        : 'different',
    )
  }
  return states
}
