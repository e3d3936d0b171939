import type { Store } from '#domain/enrich.ts'
import { partitionOf } from '#domain/partition.ts'

const PARTITION_COUNT = 4

function store(
  fields: Omit<Store, 'partition' | 'taxInclusive' | 'input' | 'channel'> & Partial<Store>,
): Store {
  return {
    taxInclusive: true,
    input: 'live',
    channel: 'pos',
    partition: partitionOf(fields.id, PARTITION_COUNT),
    ...fields,
  }
}

/** The stores of the worked examples: two clock-change zones, a half-hour zone, late and midnight cut-overs. */
export const EXAMPLE_STORES: readonly Store[] = [
  store({ id: 'berlin', name: 'Berlin', zone: 'Europe/Berlin', cutOverHour: 4, currency: 'EUR' }),
  store({ id: 'berlin-west', name: 'Berlin West', zone: 'Europe/Berlin', cutOverHour: 4, currency: 'EUR' }),
  store({
    id: 'new-york',
    name: 'New York',
    zone: 'America/New_York',
    cutOverHour: 4,
    currency: 'USD',
    taxInclusive: false,
  }),
  store({ id: 'kolkata', name: 'Kolkata', zone: 'Asia/Kolkata', cutOverHour: 0, currency: 'INR' }),
]

export const EXAMPLE_STORES_BY_ID: ReadonlyMap<string, Store> = new Map(
  EXAMPLE_STORES.map(entry => [entry.id, entry]),
)
