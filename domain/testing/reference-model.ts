import type { LogEvent } from '#domain/log-event.ts'
import { MEASURE_NAMES, noSales, type SalesEffect, salesEffect } from '#domain/measures.ts'
import { stockEffects } from '#domain/stock-effects.ts'

/** An event with its offset: what the model needs to settle counts of equal event time. */
export type ModelEvent = LogEvent & { offset: number }

/**
 * The figures of a set of events, computed in the plainest way: sort, then add up in memory. Tests hold
 * both paths against it; it shares none of their code but the effects of one event.
 */
export function modelSales<Key extends string>(
  events: readonly LogEvent[],
  keyOf: (event: LogEvent) => Key,
): Map<Key, SalesEffect> {
  const figures = new Map<Key, SalesEffect>()
  for (const event of events) {
    const effect = salesEffect(event)
    if (!effect) continue
    const sum = figures.get(keyOf(event)) ?? noSales()
    for (const measure of MEASURE_NAMES) sum[measure] += effect[measure]
    figures.set(keyOf(event), sum)
  }
  return figures
}

/** On hand per `store/sku` after all events, null where unknown. */
export function modelStock(events: readonly ModelEvent[]): Map<string, number | null> {
  const movements = events.flatMap(event =>
    stockEffects(event).map(effect => ({
      key: `${event.store}/${effect.sku}`,
      kind: effect.kind,
      units: effect.units,
      at: event.eventTime,
      offset: event.offset,
    })),
  )
  const stock = new Map<string, number | null>()
  for (const key of new Set(movements.map(movement => movement.key))) {
    const own = movements.filter(movement => movement.key === key)
    const deltas = own.filter(movement => movement.kind !== 'counted')
    const byTime = (a: { at: number; offset: number }, b: { at: number; offset: number }) =>
      a.at - b.at || a.offset - b.offset
    const count = own
      .filter(movement => movement.kind === 'counted')
      .sort(byTime)
      .at(-1)
    const opening = own
      .filter(movement => movement.kind === 'received')
      .sort(byTime)
      .at(0)
    if (count) {
      stock.set(key, count.units + sum(deltas.filter(delta => delta.at > count.at)))
    } else if (opening) {
      stock.set(key, sum(deltas.filter(delta => delta.at >= opening.at)))
    } else {
      stock.set(key, null)
    }
  }
  return stock
}

/**
 * Units on order per `store/sku` after all events: per purchase order what was ordered less what was cancelled and
 * what came, never below zero. Counts by itself, from the events' types.
 */
export function modelOnOrder(events: readonly LogEvent[]): Map<string, number> {
  const orders = new Map<string, Map<string, number>>()
  for (const { type, store, lines, details } of events) {
    const purchaseOrder = details?.purchaseOrderId
    if (!lines || typeof purchaseOrder !== 'string') continue
    const sign =
      type === 'purchase.placed' ? 1 : ['purchase.cancelled', 'stock.received'].includes(type) ? -1 : 0
    for (const [index, sku] of lines.skus.entries()) {
      if (sign === 0 || lines.stocked?.[index] === false) continue
      const ofSku = orders.get(`${store}/${sku}`) ?? new Map<string, number>()
      ofSku.set(purchaseOrder, (ofSku.get(purchaseOrder) ?? 0) + sign * (lines.units[index] ?? 0))
      orders.set(`${store}/${sku}`, ofSku)
    }
  }
  return new Map(
    [...orders].map(([key, ofSku]) => [
      key,
      [...ofSku.values()].reduce((open, units) => open + Math.max(0, units), 0),
    ]),
  )
}

function sum(movements: readonly { units: number }[]): number {
  return movements.reduce((total, movement) => total + movement.units, 0)
}
