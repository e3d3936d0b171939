import { drizzle, eq } from '#db/drizzle.ts'
import { products } from '#db/schema.ts'
import type { Reading } from '#db/transaction.ts'
import { type Store, type StoreVersion, WEEKDAYS, type Weekday } from '#domain/store.ts'

/** What enrichment looks up: stores by id, and codes that are no merchandise. */
export interface ReferenceData {
  /** Which state of the reference this is, or an older one: the append refuses what an older one has enriched. */
  revision: number
  stores: ReadonlyMap<string, Store>
  nonStockSkus: ReadonlySet<string>
}

export async function loadReference(reading: Reading): Promise<ReferenceData> {
  // First: what is read after it may be newer than it says, never older.
  const [state] = await reading<{ revision: number }[]>`select revision from ref.reference_revision`
  const stores = await loadStores(reading)
  const nonStock = await drizzle(reading)
    .select({ sku: products.sku })
    .from(products)
    .where(eq(products.holdsStock, false))
  return {
    revision: state?.revision ?? 0,
    // By the text as the door normalises it: an older version may have kept another spelling.
    stores: new Map(stores.map(store => [store.id.normalize('NFC'), store])),
    nonStockSkus: new Set(nonStock.map(({ sku }) => sku.normalize('NFC'))),
  }
}

type Row = Pick<Store, 'id' | 'name' | 'partition'> &
  Omit<StoreVersion, 'openingDays' | 'openingTimes'> & {
    openingDays: number[] | null
    openingTimes: Record<string, string> | null
  }

/** All stores with their versions, by id. */
export async function loadStores(reading: Reading): Promise<Store[]> {
  const rows = await reading<Row[]>`
    select s.store as id, s.name, s.partition, v.valid_from as "validFrom", v.zone, v.cut_over_hour as "cutOverHour",
      v.currency, v.tax_inclusive as "taxInclusive", v.channel, v.input, v.opening_days as "openingDays",
      v.opening_times as "openingTimes", v.opened, v.closed
    from ref.stores s join ref.store_versions v on v.store = s.store
    order by s.store collate "C", v.valid_from`
  return [...Map.groupBy(rows, ({ id }) => id)].map(([id, own]) => ({
    id,
    name: own[0]?.name ?? id,
    partition: own[0]?.partition ?? 0,
    versions: own.map(toVersion),
  }))
}

function toVersion({
  id: _,
  name: __,
  partition: ___,
  openingDays,
  openingTimes,
  ...fields
}: Row): StoreVersion {
  return {
    ...fields,
    openingDays: openingDays === null ? null : openingDays.map(weekdayOf),
    openingTimes:
      openingTimes === null
        ? null
        : Object.fromEntries(
            Object.entries(openingTimes).map(([day, span]) => [weekdayOf(Number(day)), span]),
          ),
  }
}

/** @param isodow 1 is Monday */
function weekdayOf(isodow: number): Weekday {
  const weekday = WEEKDAYS[isodow - 1]
  if (!weekday) throw new RangeError(`there is no day ${isodow} in a week`)
  return weekday
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
