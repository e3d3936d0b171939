import type { LogEvent } from './log-event.ts'

export type MovementKind = 'sold' | 'returned' | 'received' | 'adjusted' | 'transferred' | 'counted'

/** One line's effect on stock: a signed delta, or a count that replaces what was thought. */
export interface StockEffect {
  sku: string
  kind: MovementKind
  /** Signed delta; for `counted` the units counted. */
  units: number
}

type StockFields = Pick<LogEvent, 'type' | 'details'> & {
  lines: Pick<NonNullable<LogEvent['lines']>, 'skus' | 'units' | 'stocked'> | null
}

/**
 * The stock effects of an event, line by line; empty where it has none. A product that one count names twice lies in
 * two places: its units add up to one effect.
 */
export function stockEffects(event: StockFields): StockEffect[] {
  const rule = stockRule(event)
  if (!rule || !event.lines) return []
  const { skus, units, stocked } = event.lines
  const effects: StockEffect[] = []
  for (let index = 0; index < skus.length; index += 1) {
    const sku = skus[index]
    if (sku === undefined || stocked?.[index] === false) continue
    effects.push({ sku, kind: rule.kind, units: rule.sign * (units[index] ?? 0) })
  }
  return rule.kind === 'counted' ? addedUp(effects) : effects
}

function addedUp(counts: readonly StockEffect[]): StockEffect[] {
  const bySku = new Map<string, StockEffect>()
  for (const count of counts) {
    const known = bySku.get(count.sku)
    if (known) known.units += count.units
    else bySku.set(count.sku, count)
  }
  return [...bySku.values()]
}

function stockRule(event: StockFields): { kind: MovementKind; sign: 1 | -1 } | null {
  switch (event.type) {
    case 'order.placed':
      return { kind: 'sold', sign: -1 }
    case 'order.voided':
      return { kind: 'sold', sign: 1 }
    case 'order.returned':
      return { kind: 'returned', sign: 1 }
    case 'stock.received':
      return { kind: 'received', sign: 1 }
    case 'stock.adjusted':
      return { kind: 'adjusted', sign: 1 }
    case 'stock.counted':
      return { kind: 'counted', sign: 1 }
    case 'stock.transferred':
      return { kind: 'transferred', sign: event.details?.leg === 'out' ? -1 : 1 }
    case 'purchase.placed':
    case 'purchase.confirmed':
    case 'purchase.cancelled':
    case 'review.posted':
    case 'price.changed':
    case 'till.closed':
      return null
  }
}
