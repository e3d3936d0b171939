import type { Instant } from '#domain/instant.ts'
import { stockEffects } from '#domain/stock-effects.ts'
import type { LogRecord } from '#server/log/order-log.ts'
import { type KnownStocks, opensBefore, type StockState } from './stock-state.ts'

/** A question to the log: the sum of a sku's deltas after an instant (at it too, where inclusive). */
export interface Lookback {
  store: string
  sku: string
  after: Instant
  inclusive: boolean
}

/**
 * The anchors (counts and openings) of a batch that lie before a delta of an earlier batch: only for them
 * must the log be read again. Usually none: goods are counted after what was sold before.
 * @param known the states before the batch
 */
export function neededLookbacks(records: readonly LogRecord[], known: KnownStocks): Lookback[] {
  const needed = new Map<string, Lookback>()
  for (const record of records) {
    if (record.type !== 'stock.counted' && record.type !== 'stock.received') continue
    const inclusive = record.type === 'stock.received'
    for (const { sku } of stockEffects(record)) {
      const state = known.get(record.store)?.get(sku)?.state
      if (!state || !mayAnchor(state, record.eventTime, inclusive)) continue
      const lookback = { store: record.store, sku, after: record.eventTime, inclusive }
      needed.set(lookbackKey(lookback), lookback)
    }
  }
  return [...needed.values()]
}

export function lookbackKey({ store, sku, after, inclusive }: Lookback): string {
  return `${store}\u001f${sku}\u001f${after}\u001f${inclusive ? '>=' : '>'}`
}

/** Anchors only get firmer within a batch, so what cannot anchor now cannot anchor later in it. */
function mayAnchor(state: StockState, eventTime: Instant, inclusive: boolean): boolean {
  const { maxDeltaTime, anchorKind, anchorTime } = state
  if (maxDeltaTime === null) return false
  if (inclusive) return maxDeltaTime >= eventTime && opensBefore(state, eventTime)
  if (anchorKind === 'count' && anchorTime !== null && anchorTime > eventTime) return false
  return maxDeltaTime > eventTime
}
