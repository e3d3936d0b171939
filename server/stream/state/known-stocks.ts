import type { Sql } from '#db/client.ts'
import type { LogRecord } from '#server/log/order-log.ts'
import { ownText } from '#server/log/own-text.ts'
import type { KnownStock, KnownStocks } from '#server/stream/fold/stock.ts'
import { STOCK } from '#server/stream/write/operators.ts'
import { loadStock, type StockKey } from './load-stock.ts'
import type { StockCache } from './stock-cache.ts'

/**
 * What is known of every sku that a batch touches: from the cache, the rest from the tables in one round
 * trip. Held apart from the cache, which may let go of entries while the batch runs.
 */
export async function knownStocks(
  sql: Pick<Sql, 'unsafe'>,
  request: { generation: number; cache: StockCache; records: readonly LogRecord[] },
): Promise<KnownStocks> {
  const { generation, cache, records } = request
  const known = new Map<string, Map<string, KnownStock>>()
  const missing: StockKey[] = []
  for (const record of records) {
    if (record.type === 'tick' || record.lines === null || !MOVES_STOCK.has(record.type)) continue
    const { store } = record
    let skus = known.get(store)
    if (!skus) {
      skus = new Map()
      known.set(store, skus)
    }
    for (const sku of record.lines.skus) {
      if (skus.has(sku)) continue
      const cached = cache.get(store, sku)
      if (cached) {
        skus.set(sku, cached)
      } else {
        const own = ownText(sku)
        skus.set(own, { sku: own, state: null, policies: [] })
        missing.push({ store, sku: own })
      }
    }
  }
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

const MOVES_STOCK: ReadonlySet<string> = new Set(STOCK.reads)
