import type { Reading } from '#db/transaction.ts'
import type { LogRecord } from '#server/log/order-log.ts'
import { ownText } from '#server/log/read-statement.ts'
import type { StockKey } from '#server/stream/fold/stock.ts'
import type { KnownStock, KnownStocks } from '#server/stream/fold/stock-state.ts'
import { loadStock } from './load-stock.ts'
import type { StockCache } from './stock-cache.ts'

/**
 * What is known of every sku that a batch touches: from the cache, the rest from the tables in one round
 * trip. Held apart from the cache, which may let go of entries while the batch runs.
 */
export async function knownStocks(
  sql: Reading,
  request: {
    generation: number
    cache: StockCache
    /** What the batch has made of those that it has touched already, before all that is kept elsewhere. */
    begun: { stockAt(store: string, sku: string): KnownStock | undefined } | null
    records: readonly LogRecord[]
    /** To be looked at again, too. */
    due: readonly StockKey[]
  },
): Promise<KnownStocks> {
  const { generation, cache, begun, records, due } = request
  const known = new Map<string, Map<string, KnownStock>>()
  const missing: StockKey[] = []
  const ofStore = (store: string) => {
    let skus = known.get(store)
    if (!skus) {
      skus = new Map()
      known.set(store, skus)
    }
    return skus
  }
  const require = (store: string, skus: Map<string, KnownStock>, sku: string) => {
    if (skus.has(sku)) return
    const cached = begun?.stockAt(store, sku) ?? cache.get(store, sku)
    if (cached) {
      skus.set(sku, cached)
    } else {
      const own = ownText(sku)
      skus.set(own, { sku: own, state: null, policies: [], forecasts: [] })
      missing.push({ store, sku: own })
    }
  }
  for (const record of records) {
    if (record.type === 'tick' || record.lines === null) continue
    const skus = ofStore(record.store)
    for (const sku of record.lines.skus) require(record.store, skus, sku)
  }
  for (const { store, sku } of due) require(store, ofStore(store), sku)
  if (missing.length > 0) {
    const loaded = await loadStock(sql, generation, missing)
    missing.forEach(({ store, sku }, index) => {
      const entry = loaded[index]
      if (!entry) return
      known.get(store)?.set(sku, entry)
      cache.set(store, entry)
    })
  }
  return known
}
