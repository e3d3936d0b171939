import type { Reading } from '#db/transaction.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import type { StockKey, TouchedStock } from '#server/stream/fold/stock.ts'
import type { GenerationPartition } from './generations.ts'

/** SQL of a row of stream.stock: when it is looked at, by the forecasts of now. `lookOf` says the same of one that is loaded. */
export function effectiveLook(row: string): string {
  return `least(${row}.look_at, case when ${row}.on_hand <= greatest(0, ${row}.reorder_point) then (
    select min(f.valid_from) from ref.demand_forecasts f
    where f.store = ${row}.store and f.sku = ${row}.sku and f.valid_from > coalesce(${row}.judged_at, ${row}.as_of)
  ) end)`
}

/**
 * When a partition's stocks are to be looked at again though no event may touch them, by the hour: what is due by some moment
 * is found without going through all. It follows the tables: a batch asks, and tells once it is written.
 */
export class StockLooks {
  /** By store and sku. */
  readonly #lookAts = new Map<string, Map<string, Instant>>()
  /** By the hour of the moment and store, the skus: a hundred bytes a shelf, where a joined key and an object took three times that. */
  readonly #hours = new Map<number, Map<string, Set<string>>>()

  async load(sql: Reading, { generation, partition }: GenerationPartition): Promise<void> {
    this.clear()
    const rows = await sql.unsafe<(StockKey & { lookAt: Instant })[]>(
      `select store, sku, look_at as "lookAt"
       from (
         select s.store, s.sku, ${effectiveLook('s')} as look_at
         from stream.stock_g${generation} s
         where s.generation = ${generation} and s.partition = $1
       ) looks
       where look_at is not null`,
      [partition],
    )
    // Stores sell the same products: each name once.
    const names = new Map<string, string>()
    for (const { store, sku, lookAt } of rows) {
      const own = names.get(sku) ?? sku
      if (own === sku) names.set(sku, sku)
      this.#set({ store, sku: own }, lookAt)
    }
  }

  /** Stocks to look at by an instant at the latest. */
  due(by: Instant): StockKey[] {
    const due: StockKey[] = []
    for (const [hour, stores] of this.#hours) {
      if (hour * HOUR_MS > by) continue
      for (const [store, skus] of stores) {
        const lookAts = this.#lookAts.get(store)
        for (const sku of skus) if ((lookAts?.get(sku) ?? by + 1) <= by) due.push({ store, sku })
      }
    }
    return due
  }

  /** What a batch that is written has made of them. */
  take(touched: readonly TouchedStock[]): void {
    for (const { store, sku, before, after } of touched)
      if ((before?.lookAt ?? null) !== after.lookAt) this.#set({ store, sku }, after.lookAt)
  }

  clear(): void {
    this.#lookAts.clear()
    this.#hours.clear()
  }

  #set({ store, sku }: StockKey, lookAt: Instant | null): void {
    const lookAts = orNew(this.#lookAts, store, () => new Map<string, Instant>())
    const before = lookAts.get(sku)
    if (before !== undefined) this.#forget(hourOf(before), store, sku)
    if (lookAt === null) {
      lookAts.delete(sku)
      return
    }
    lookAts.set(sku, lookAt)
    const stores = orNew(this.#hours, hourOf(lookAt), () => new Map<string, Set<string>>())
    orNew(stores, store, () => new Set<string>()).add(sku)
  }

  #forget(hour: number, store: string, sku: string): void {
    const stores = this.#hours.get(hour)
    const skus = stores?.get(store)
    skus?.delete(sku)
    if (skus?.size === 0) stores?.delete(store)
    if (stores?.size === 0) this.#hours.delete(hour)
  }
}

function hourOf(instant: Instant): number {
  return Math.floor(instant / HOUR_MS)
}

/** What stands under a key, begun if nothing did. */
function orNew<Key, Value>(values: Map<Key, Value>, key: Key, begin: () => Value): Value {
  const known = values.get(key)
  if (known !== undefined) return known
  const begun = begin()
  values.set(key, begun)
  return begun
}
