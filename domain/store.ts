import { businessDayOf, type CalendarVersion, versionOn } from './business-day.ts'
import { type BusinessDay, FIRST_BUSINESS_DAY, LAST_BUSINESS_DAY } from './calendar.ts'
import type { Location } from './great-circle.ts'
import type { Instant } from './instant.ts'

/** Days of the week as people write them, from Monday; Postgres counts them from 1 (isodow). */
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof WEEKDAYS)[number]

/** What a store is from a business day on, until its next version. */
export interface StoreVersion extends CalendarVersion {
  currency: string
  /** Whether unit prices include tax. Where not, tax is added to what the customer pays. */
  taxInclusive: boolean
  channel: 'pos' | 'online'
  /** Live: sends over HTTP as it sells. Journal: writes one file at close. */
  input: 'live' | 'journal'
  /** Weekdays of the business days on which it trades; null: not known. */
  openingDays: readonly Weekday[] | null
  /** 'HH:MM-HH:MM' of its own clock by weekday; null: not known. */
  openingTimes: Readonly<Partial<Record<Weekday, string>>> | null
  /** Its first business day; null: not known. */
  opened: BusinessDay | null
  /** Its last business day; null: it goes on. */
  closed: BusinessDay | null
  /** Where it stands; null: not known. Decides no figure. */
  location: Location | null
}

/** A store: who it is, and what it was from when on. */
export interface Store {
  id: string
  name: string
  partition: number
  /** Oldest first, one at least; the first holds for all days before it, too. */
  versions: readonly StoreVersion[]
}

/** What the store was on a business day. */
export function storeOn(store: Pick<Store, 'versions'>, day: BusinessDay): StoreVersion {
  return versionOn(store.versions, day)
}

/** What the store is as of its newest version. */
export function newestOf(store: Pick<Store, 'versions'>): StoreVersion {
  return storeOn(store, LAST_BUSINESS_DAY)
}

/** What the store was on the business day of an instant. */
export function storeAt(store: Pick<Store, 'versions'>, instant: Instant): StoreVersion {
  return storeOn(store, businessDayOf(instant, store.versions))
}

/** A store that has always been the same, with what it is at hand: of tests and of the seeded world. */
export interface UnchangingStore extends Store, StoreVersion {}

type Given = Pick<Store, 'id' | 'name' | 'partition'> &
  Pick<StoreVersion, 'zone' | 'cutOverHour' | 'currency' | 'taxInclusive' | 'channel' | 'input'> &
  Partial<StoreVersion>

export function unchangingStore<Fields extends Given>(fields: Fields): Fields & UnchangingStore {
  const version: StoreVersion = {
    // A store that never changed was always this.
    validFrom: FIRST_BUSINESS_DAY,
    zone: fields.zone,
    cutOverHour: fields.cutOverHour,
    currency: fields.currency,
    taxInclusive: fields.taxInclusive,
    channel: fields.channel,
    input: fields.input,
    openingDays: fields.openingDays ?? null,
    openingTimes: fields.openingTimes ?? null,
    opened: fields.opened ?? null,
    closed: fields.closed ?? null,
    location: fields.location ?? null,
  }
  return { ...fields, ...version, versions: [version] }
}
