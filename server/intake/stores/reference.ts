import { asc, drizzle, eq } from '#db/drizzle.ts'
import { products, stores } from '#db/schema.ts'
import type { Reading } from '#db/transaction.ts'
import type { Store } from '#domain/enrich.ts'

/** What enrichment looks up: stores by id, and codes that are no merchandise. */
export interface ReferenceData {
  stores: ReadonlyMap<string, Store>
  nonStockSkus: ReadonlySet<string>
}

export async function loadReference(reading: Reading): Promise<ReferenceData> {
  const db = drizzle(reading)
  const known = await db.select().from(stores).orderBy(asc(stores.store))
  const nonStock = await db.select({ sku: products.sku }).from(products).where(eq(products.holdsStock, false))
  return {
    // By the text as the door normalises it: an older version may have kept another spelling.
    stores: new Map(
      known.map(({ store: id, createdAt: _, ...fields }) => [id.normalize('NFC'), { id, ...fields }]),
    ),
    nonStockSkus: new Set(nonStock.map(({ sku }) => sku.normalize('NFC'))),
  }
}

export interface ReferenceCache {
  current(): ReferenceData
  /** Reads again, unless that happened within `olderThanMs`. Callers at the same time share one reading. */
  refresh(olderThanMs: number): Promise<void>
}

/** Keeps the reference data at hand. @throws when the first reading fails. */
export async function createReferenceCache(sql: Reading, clock: () => number): Promise<ReferenceCache> {
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
