import type { KnownStock } from '#server/stream/fold/stock.ts'

/**
 * What a partition knows of its stocks, bounded: two halves, of which the older is dropped when the newer
 * is full; what is asked for moves to the newer. The tables hold everything, so a miss only costs a query.
 */
export class StockCache {
  readonly #capacity: number
  #newer = new Map<string, Map<string, KnownStock>>()
  #older = new Map<string, Map<string, KnownStock>>()
  #newerSize = 0

  /** @param capacity most entries held */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get(store: string, sku: string): KnownStock | undefined {
    const known = this.#newer.get(store)?.get(sku)
    if (known) return known
    const older = this.#older.get(store)?.get(sku)
    if (older) this.set(store, older)
    return older
  }

  set(store: string, known: KnownStock): void {
    if (this.#newerSize * 2 >= this.#capacity) {
      this.#older = this.#newer
      this.#newer = new Map()
      this.#newerSize = 0
    }
    let skus = this.#newer.get(store)
    if (!skus) {
      skus = new Map()
      this.#newer.set(store, skus)
    }
    if (!skus.has(known.sku)) this.#newerSize += 1
    skus.set(known.sku, known)
  }

  clear(): void {
    this.#newer = new Map()
    this.#older = new Map()
    this.#newerSize = 0
  }
}
