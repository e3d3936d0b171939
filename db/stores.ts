import { type Store, type StoreVersion, WEEKDAYS, type Weekday } from '#domain/store.ts'
import type { Reading } from './transaction.ts'

type Row = Pick<Store, 'id' | 'name' | 'partition'> &
  Omit<StoreVersion, 'openingDays' | 'openingTimes' | 'location'> & {
    latitude: number | null
    longitude: number | null
    openingDays: number[] | null
    openingTimes: Record<string, string> | null
  }

/** All stores with their versions, by id. */
export async function loadStores(reading: Reading): Promise<Store[]> {
  const rows = await reading<Row[]>`
    select s.store as id, s.name, s.partition, v.valid_from as "validFrom", v.zone, v.cut_over_hour as "cutOverHour",
      v.currency, v.tax_inclusive as "taxInclusive", v.channel, v.input, v.opening_days as "openingDays",
      v.opening_times as "openingTimes", v.opened, v.closed, v.latitude, v.longitude
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
  latitude,
  longitude,
  ...fields
}: Row): StoreVersion {
  return {
    ...fields,
    location: latitude === null || longitude === null ? null : { latitude, longitude },
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
