import { partitionOf } from '#domain/partition.ts'
import { type Store, type StoreVersion, type UnchangingStore, unchangingStore } from '#domain/store.ts'

const PARTITION_COUNT = 4

/** A store of a test, with its partition of the four that a test database has. */
function testStore(
  fields: Pick<Store, 'id' | 'name'> &
    Pick<StoreVersion, 'zone' | 'cutOverHour' | 'currency'> &
    Partial<StoreVersion>,
): UnchangingStore {
  return unchangingStore({
    taxInclusive: true,
    input: 'live',
    channel: 'pos',
    partition: partitionOf(fields.id, PARTITION_COUNT),
    ...fields,
  })
}

/** The stores of the worked examples: two clock-change zones, a half-hour zone, late and midnight cut-overs. */
export const EXAMPLE_STORES: readonly UnchangingStore[] = [
  testStore({ id: 'berlin', name: 'Berlin', zone: 'Europe/Berlin', cutOverHour: 4, currency: 'EUR' }),
  testStore({
    id: 'berlin-west',
    name: 'Berlin West',
    zone: 'Europe/Berlin',
    cutOverHour: 4,
    currency: 'EUR',
  }),
  testStore({
    id: 'new-york',
    name: 'New York',
    zone: 'America/New_York',
    cutOverHour: 4,
    currency: 'USD',
    taxInclusive: false,
  }),
  testStore({ id: 'kolkata', name: 'Kolkata', zone: 'Asia/Kolkata', cutOverHour: 0, currency: 'INR' }),
]

export const EXAMPLE_STORES_BY_ID: ReadonlyMap<string, UnchangingStore> = new Map(
  EXAMPLE_STORES.map(entry => [entry.id, entry]),
)

/** The shops of the browser tests. */
export const berlin = testStore({
  id: 'berlin-mitte',
  name: 'Berlin Mitte',
  zone: 'Europe/Berlin',
  cutOverHour: 4,
  currency: 'EUR',
  location: { latitude: 52.5208, longitude: 13.4094 },
})
export const potsdam = testStore({
  id: 'potsdam',
  name: 'Potsdam',
  zone: 'Europe/Berlin',
  cutOverHour: 4,
  currency: 'EUR',
  location: { latitude: 52.3906, longitude: 13.0645 },
})
export const lisboa = testStore({
  id: 'lisboa-baixa',
  name: 'Lisboa Baixa',
  zone: 'Europe/Lisbon',
  cutOverHour: 4,
  currency: 'EUR',
  location: { latitude: 38.7103, longitude: -9.1366 },
})
export const tokyo = testStore({
  id: 'tokyo-shibuya',
  name: 'Tokyo Shibuya',
  zone: 'Asia/Tokyo',
  cutOverHour: 4,
  currency: 'JPY',
})
