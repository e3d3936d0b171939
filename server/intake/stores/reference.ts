import type { Sql } from '#db/client.ts'
import type { Store } from '#domain/enrich.ts'

/** What enrichment looks up: stores by id, and codes that are no merchandise. */
export interface ReferenceData {
  stores: ReadonlyMap<string, Store>
  nonStockSkus: ReadonlySet<string>
}

export async function loadReference(sql: Pick<Sql, 'unsafe'>): Promise<ReferenceData> {
  const stores = await sql.unsafe<Store[]>(
    `select store as id, name, zone, cut_over_hour as "cutOverHour", currency, tax_inclusive as "taxInclusive",
       channel, input, partition
     from ref.stores order by store`,
  )
  const products = await sql.unsafe<{ sku: string }[]>('select sku from ref.products where not holds_stock')
  return {
    stores: new Map(stores.map(store => [store.id, { ...store }])),
    nonStockSkus: new Set(products.map(product => product.sku)),
  }
}

export interface ReferenceCache {
  current(): ReferenceData
  /** Reads again, unless that happened within `olderThanMs`. Callers at the same time share one reading. */
  refresh(olderThanMs: number): Promise<void>
}

/** Keeps the reference data at hand. @throws when the first reading fails. */
export async function createReferenceCache(
  sql: Pick<Sql, 'unsafe'>,
  clock: () => number,
): Promise<ReferenceCache> {
  let reference = await loadReference(sql)
  let readAt = clock()
  let reading: Promise<void> | undefined

  async function read(): Promise<void> {
    const began = clock()
    try {
      reference = await loadReference(sql)
      readAt = began
    } finally {
      reading = undefined
    }
  }

  return {
    current: () => reference,
    async refresh(olderThanMs) {
      if (clock() - readAt < olderThanMs) return
      reading ??= read()
      await reading
    },
  }
}
