import { HOUR_MS } from '#domain/instant.ts'
import { clockOffsetMs } from '#domain/operators/hour-of-week.ts'
import type { LeadTime } from '#domain/replenishment/lead-time.ts'
import type { Supply } from '#domain/replenishment/live-shelf.ts'
import type { ShelfReference, ShelfStore } from '#domain/replenishment/shelf-reference.ts'
import { type Store, storeAt } from '#domain/store.ts'
import { type ValidFrom, validAt } from '#domain/validity.ts'
import type { ExpectedRow } from './operator-reference.ts'
import { loadStores } from './stores.ts'
import type { Reading } from './transaction.ts'

/** Nowhere have clocks ever been set at another moment than a quarter of an hour. */
const SAME_CLOCKS_MS = HOUR_MS / 4

type TermRow = ValidFrom & { sku: string; supplier: string; days: number }
type LeadTimeRow = ValidFrom & LeadTime & { supplier: string }
type DeliveryRow = ValidFrom & { supplier: string; days: number[] | null }

/** Rows of `ref` by which shelves are judged; of each kind oldest first. */
export interface ShelfRows {
  expectedOrders: readonly ExpectedRow[]
  supplyTerms: readonly TermRow[]
  leadTimes: readonly LeadTimeRow[]
  supplierTerms: readonly DeliveryRow[]
  stores: readonly Store[]
}

/** Reads by what shelves are judged: stores and their habits, and who delivers what, on which days, within how long. */
export async function loadShelfReference(reading: Reading): Promise<ShelfReference> {
  const [expectedOrders, supplyTerms, leadTimes, supplierTerms, stores] = await Promise.all([
    reading.unsafe<ExpectedRow[]>(
      'select store, valid_from as "validFrom", orders from ref.expected_orders order by store, valid_from',
    ),
    reading.unsafe<TermRow[]>(
      `select sku, valid_from as "validFrom", supplier, lead_time_days::double precision as days
       from ref.supply_terms order by sku, valid_from`,
    ),
    reading.unsafe<LeadTimeRow[]>(
      `select supplier, valid_from as "validFrom", mean_days as "meanDays", spread_days as "spreadDays", deliveries
       from ref.lead_times order by supplier, valid_from`,
    ),
    reading.unsafe<DeliveryRow[]>(
      `select supplier, valid_from as "validFrom", delivery_days as days
       from ref.supplier_terms order by supplier, valid_from`,
    ),
    loadStores(reading),
  ])
  return shelfReferenceOf({ expectedOrders, supplyTerms, leadTimes, supplierTerms, stores })
}

/** By what shelves are judged, of rows of the tables: pure, so that a test may bring its own. */
export function shelfReferenceOf({
  expectedOrders: expected,
  supplyTerms: terms,
  leadTimes,
  supplierTerms: deliveries,
  stores,
}: ShelfRows): ShelfReference {
  const expectedByStore = Map.groupBy(expected, ({ store }) => store)
  const termsBySku = Map.groupBy(terms, ({ sku }) => sku)
  const leadTimesOf = Map.groupBy(leadTimes, ({ supplier }) => supplier)
  const deliveriesOf = Map.groupBy(deliveries, ({ supplier }) => supplier)
  const storesById = new Map(stores.map(store => [store.id, store]))
  // A store is asked for with every line it sells: what its clocks show is worked out once for a stretch of time.
  const lately = new Map<string, { stretch: number; store: ShelfStore }>()
  return {
    storeAt(id, at) {
      const stretch = Math.floor(at / SAME_CLOCKS_MS)
      const held = lately.get(id)
      if (held?.stretch === stretch) return held.store
      const known = storesById.get(id)
      if (!known) return null
      const version = storeAt(known, at)
      const store = {
        offsetMs: clockOffsetMs(version.zone, at),
        cutOverHour: version.cutOverHour,
        ordersByHour: validAt(expectedByStore.get(id), stretch * SAME_CLOCKS_MS)?.orders ?? null,
        isLive: version.input === 'live',
      }
      lately.set(id, { stretch, store })
      return store
    },
    supplyAt(sku, at): Supply | null {
      const term = validAt(termsBySku.get(sku), at)
      if (!term) return null
      const learned = validAt(leadTimesOf.get(term.supplier), at)
      return {
        leadTime: learned ?? { meanDays: term.days, spreadDays: 0, deliveries: 0 },
        deliveryDays: validAt(deliveriesOf.get(term.supplier), at)?.days ?? null,
      }
    },
  }
}
