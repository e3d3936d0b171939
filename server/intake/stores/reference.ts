import { drizzle, eq } from '#db/drizzle.ts'
import { products } from '#db/schema.ts'
import { loadStores } from '#db/stores.ts'
import type { Reading } from '#db/transaction.ts'
import type { Store } from '#domain/store.ts'

/** What enrichment looks up: stores by id, and codes that are no merchandise. */
export interface ReferenceData {
  /** Which state of the reference this is, or an older one: the append refuses what an older one has enriched. */
  revision: number
  stores: ReadonlyMap<string, Store>
  nonStockSkus: ReadonlySet<string>
}

export async function loadReference(reading: Reading): Promise<ReferenceData> {
  // First: what is read after it may be newer than it says, never older.
  const revision = await readRevision(reading)
  const stores = await loadStores(reading)
  const nonStock = await drizzle(reading)
    .select({ sku: products.sku })
    .from(products)
    .where(eq(products.holdsStock, false))
  return {
    revision,
    // By the text as the door normalises it: an older version may have kept another spelling.
    stores: new Map(stores.map(store => [store.id.normalize('NFC'), store])),
    nonStockSkus: new Set(nonStock.map(({ sku }) => sku.normalize('NFC'))),
  }
}

export interface ReferenceCache {
  current(): ReferenceData
  /** Reads again when anything has changed, and says what it is now. Callers at the same time share one reading. */
  catchUp(): Promise<ReferenceData>
  /** Since it was last read, or found to be as it was read. */
  ageMs(): number
}

/** Keeps the reference data at hand. @throws when the first reading fails. */
export async function createReferenceCache(sql: Reading): Promise<ReferenceCache> {
  let reference = await loadReference(sql)
  let readAt = performance.now()
  let reading: Promise<ReferenceData> | undefined

  async function read(): Promise<ReferenceData> {
    const began = performance.now()
    try {
      if ((await readRevision(sql)) !== reference.revision) reference = await loadReference(sql)
      readAt = began
      return reference
    } finally {
      reading = undefined
    }
  }

  return {
    current: () => reference,
    catchUp() {
      reading ??= read()
      return reading
    },
    ageMs: () => performance.now() - readAt,
  }
}

async function readRevision(reading: Reading): Promise<number> {
  const [state] = await reading<{ revision: number }[]>`select revision from ref.reference_revision`
  return state?.revision ?? 0
}
