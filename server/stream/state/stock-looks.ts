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
  readonly #hours = new Map<number, Map<string, StockKey & { lookAt: Instant }>>()
  readonly #hourOf = new Map<string, number>()

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
    for (const row of rows) this.#set(row, row.lookAt)
  }

  /** Stocks to look at by an instant at the latest. */
  due(by: Instant): StockKey[] {
    const due: StockKey[] = []
    for (const [hour, stocks] of this.#hours) {
      if (hour * HOUR_MS > by) continue
      for (const { store, sku, lookAt } of stocks.values()) if (lookAt <= by) due.push({ store, sku })
    }
    return due
  }

  /** What a batch that is written has made of them. */
  take(touched: readonly TouchedStock[]): void {
    for (const { store, sku, before, after } of touched)
      if ((before?.lookAt ?? null) !== after.lookAt) this.#set({ store, sku }, after.lookAt)
  }

  clear(): void {
    this.#hours.clear()
    this.#hourOf.clear()
  }

  #set({ store, sku }: StockKey, lookAt: Instant | null): void {
    const key = `${store}\u001f${sku}`
    const hourBefore = this.#hourOf.get(key)
    if (hourBefore !== undefined) {
      const stocks = this.#hours.get(hourBefore)
      stocks?.delete(key)
      if (stocks?.size === 0) this.#hours.delete(hourBefore)
      this.#hourOf.delete(key)
    }
    if (lookAt === null) return
    const hour = Math.floor(lookAt / HOUR_MS)
    let stocks = this.#hours.get(hour)
    if (!stocks) {
      stocks = new Map()
      this.#hours.set(hour, stocks)
    }
    stocks.set(key, { store, sku, lookAt })
    this.#hourOf.set(key, hour)
  }
}
