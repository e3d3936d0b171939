import { partitionOf } from '#domain/partition.ts'
import { type UnchangingStore, unchangingStore } from '#domain/store.ts'

/** A store of the seeded world: what the log knows of it, and how it trades. */
export interface Shop extends UnchangingStore {
  /** Orders of this store in proportion to the others'. */
  size: number
  /** Tills; the online store has none. */
  registers: readonly string[]
  /** Hours of the local day between which it sells, [opens, closes). */
  opens: number
  closes: number
  /** Price of one EUR of list price in the store's currency. */
  priceFactor: number
  /** Decimals its prices end on. */
  priceDecimals: number
  /** Added at the till where prices exclude it, as a fraction. */
  taxRate: number
  /** Where it is summer in January. */
  isSouthern: boolean
}

// The first four already span three zones, three currencies and both channels, and lie in four partitions; all
// eight lie two in each. Two small ones have tills of the old kind, which only write a journal at close.
const PLANS = [
  plan('Berlin Mitte', {
    place: {
      zone: 'Europe/Berlin',
      currency: 'EUR',
      priceFactor: 1,
      location: { latitude: 52.5208, longitude: 13.4094 },
    },
    trade: { size: 1.2, tills: 3, opens: 8, closes: 21 },
  }),
  plan('London Borough', {
    place: {
      zone: 'Europe/London',
      currency: 'GBP',
      priceFactor: 0.92,
      location: { latitude: 51.5055, longitude: -0.091 },
    },
    trade: { size: 1, tills: 2, opens: 8, closes: 21 },
  }),
  plan('New York Chelsea', {
    place: {
      zone: 'America/New_York',
      currency: 'USD',
      priceFactor: 1.15,
      location: { latitude: 40.7465, longitude: -74.0014 },
    },
    trade: { size: 1.1, tills: 3, opens: 8, closes: 22, taxInclusive: false, taxRate: 0.08875 },
  }),
  plan('Web shop', {
    place: { zone: 'Europe/Berlin', currency: 'EUR', priceFactor: 1 },
    trade: { size: 1.5, tills: 0, opens: 0, closes: 24, channel: 'online', cutOverHour: 0 },
  }),
  plan('Tokyo Shibuya', {
    place: {
      zone: 'Asia/Tokyo',
      currency: 'JPY',
      priceFactor: 165,
      priceDecimals: 0,
      location: { latitude: 35.6595, longitude: 139.7005 },
    },
    trade: { size: 1, tills: 2, opens: 9, closes: 22 },
  }),
  plan('Madrid Sol', {
    place: {
      zone: 'Europe/Madrid',
      currency: 'EUR',
      priceFactor: 0.95,
      location: { latitude: 40.4169, longitude: -3.7035 },
    },
    trade: { size: 0.8, tills: 2, opens: 9, closes: 22, input: 'journal' },
  }),
  plan('Sydney Newtown', {
    place: {
      zone: 'Australia/Sydney',
      currency: 'AUD',
      priceFactor: 1.7,
      isSouthern: true,
      location: { latitude: -33.8981, longitude: 151.1744 },
    },
    trade: { size: 0.7, tills: 2, opens: 8, closes: 20 },
  }),
  plan('Lisbon Baixa', {
    place: {
      zone: 'Europe/Lisbon',
      currency: 'EUR',
      priceFactor: 0.9,
      location: { latitude: 38.7103, longitude: -9.1366 },
    },
    trade: { size: 0.6, tills: 1, opens: 9, closes: 21, input: 'journal' },
  }),
]

type Place = Pick<Shop, 'zone' | 'currency' | 'priceFactor'> &
  Partial<Pick<Shop, 'priceDecimals' | 'isSouthern' | 'location'>>
type Trade = Pick<Shop, 'size' | 'opens' | 'closes'> & { tills: number } & Partial<
    Pick<Shop, 'channel' | 'input' | 'cutOverHour' | 'taxInclusive' | 'taxRate'>
  >

/** A store that sells over the counter until its business day ends at four, prices with tax, unless told otherwise. */
function plan(name: string, { place, trade }: { place: Place; trade: Trade }) {
  return {
    id: name.toLowerCase().replaceAll(' ', '-'),
    name,
    ...({ channel: 'pos', input: 'live', cutOverHour: 4, taxInclusive: true, taxRate: 0 } as const),
    ...{ priceDecimals: 2, isSouthern: false, location: null },
    ...place,
    ...trade,
  }
}

/** How many partitions the log of a new installation has. */
export const PARTITION_COUNT = 4

/** The first `count` stores of the world. Beyond the planned ones they are branches of those: 'berlin-mitte-2'. */
export function shopsOf(count: number): Shop[] {
  return Array.from({ length: count }, (_, index) => {
    const planned = PLANS[index % PLANS.length]
    if (!planned) throw new RangeError('there are no plans of stores')
    const { tills, ...shop } = planned
    const branch = Math.floor(index / PLANS.length) + 1
    const id = branch === 1 ? shop.id : `${shop.id}-${branch}`
    return unchangingStore({
      ...shop,
      id,
      name: branch === 1 ? shop.name : `${shop.name} ${branch}`,
      partition: partitionOf(id, PARTITION_COUNT),
      registers: Array.from({ length: tills }, (_, till) => `till-${till + 1}`),
    })
  })
}
