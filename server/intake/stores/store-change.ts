import { businessDaySpan } from '#domain/business-day.ts'
import { addDays, type BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import { newestOf, type Store, type StoreVersion, storeOn } from '#domain/store.ts'
import { type StoreDefinition, versionOf } from './store-definition.ts'

/** What a definition makes of a store that exists. */
export interface StoreChange {
  before: Store
  after: Store
  /** The version that is written; null: only the name changes, or nothing. */
  written: StoreVersion | null
}

/** What the log holds of a business day of a store. */
export interface LoggedDay {
  day: BusinessDay
  firstEvent: Instant
  lastEvent: Instant
  events: number
  /** Sales documents that carry tax: whether it is part of their prices decides what was paid. */
  taxed: number
  /** Those of them that say themselves how much was paid by which tender. */
  splitTaxed: number
}

/** What a change would do to figures of days that are in the log already. */
export interface Consequences {
  /** What the log's rows say would be wrong: a sentence, or null. Rows are never changed. */
  moves: string | null
  /** What reports would say otherwise, computed again from the same rows: a sentence, or null. */
  restates: string | null
  /** The first of the days and the last. */
  from: BusinessDay
  to: BusinessDay
}

/**
 * Puts a definition beside what the store has been. Without `validFrom` it corrects the newest version, for as long as
 * that has held; with it, it adds a version from then on, or corrects the one that begins there.
 */
export function changeOf(store: Store, definition: StoreDefinition): StoreChange {
  const validFrom = definition.validFrom ?? newestOf(store).validFrom
  const written = { ...versionOf(definition, storeOn(store, validFrom)), validFrom }
  const others = store.versions.filter(version => version.validFrom !== validFrom)
  const after = {
    ...store,
    name: definition.name,
    versions: [...others, written].sort((one, other) => (one.validFrom < other.validFrom ? -1 : 1)),
  }
  // The first version holds for all days before it, too: one that comes before it may still change days.
  const replaced = store.versions.find(version => version.validFrom === validFrom)
  const isSame = isSameVersion(written, replaced ?? storeOn(store, validFrom))
  return isSame
    ? { before: store, after: { ...after, versions: store.versions }, written: null }
    : { before: store, after, written }
}

function isSameVersion(one: StoreVersion, other: StoreVersion): boolean {
  const { validFrom: _, ...own } = one
  return Object.entries(own).every(
    ([field, value]) => JSON.stringify(value) === JSON.stringify(other[field as keyof StoreVersion]),
  )
}

/** The day on which a change would end before it begins, or meet another: null when days follow each other. */
export function swallowedDay({ after }: StoreChange): BusinessDay | null {
  for (const { validFrom } of after.versions.slice(1)) {
    const day = addDays(validFrom, -1)
    const { start, end } = businessDaySpan(day, after.versions)
    if (end <= start) return day
  }
  return null
}

/** The first day of which a change may alter anything: the day before one that begins elsewhere ends elsewhere. */
export function firstDayConcerned({ written }: StoreChange): BusinessDay | null {
  return written === null ? null : addDays(written.validFrom, -1)
}

/** Judges a change by the days that the log has, oldest first. */
export function consequencesOf(
  { before, after }: StoreChange,
  days: readonly LoggedDay[],
): Consequences | null {
  const moved: LoggedDay[] = []
  const unpaid: LoggedDay[] = []
  const repaid: LoggedDay[] = []
  const revalued: LoggedDay[] = []
  for (const logged of days) {
    const [old, now] = [storeOn(before, logged.day), storeOn(after, logged.day)]
    // What stands on a wrong day already is not moved by this.
    if (holds(logged, before) && !holds(logged, after)) moved.push(logged)
    if (old.taxInclusive !== now.taxInclusive && logged.taxed > 0)
      (logged.splitTaxed > 0 ? unpaid : repaid).push(logged)
    if (old.currency !== now.currency) revalued.push(logged)
  }
  const concerned = [...moved, ...unpaid, ...repaid, ...revalued].map(({ day }) => day).sort()
  const [from] = concerned
  if (from === undefined) return null
  return {
    moves: sentence([
      [moved, 'business day', ({ events }) => events],
      [unpaid, 'tenders (they say themselves what was paid)', ({ splitTaxed }) => splitTaxed],
    ]),
    restates: sentence([
      [repaid, 'amount paid', ({ taxed }) => taxed],
      [revalued, "store's currency", ({ events }) => events],
    ]),
    from,
    to: concerned.at(-1) ?? from,
  }
}

function holds({ day, firstEvent, lastEvent }: LoggedDay, store: Store): boolean {
  const { start, end } = businessDaySpan(day, store.versions)
  return firstEvent >= start && lastEvent < end
}

function sentence(parts: [LoggedDay[], string, (day: LoggedDay) => number][]): string | null {
  const told = parts.flatMap(([days, what, countOf]) => {
    const [first] = days
    if (!first) return []
    const events = days.reduce((sum, day) => sum + countOf(day), 0)
    const last = days.at(-1)?.day ?? first.day
    const when = first.day === last ? first.day : `${first.day} to ${last}`
    return [`the ${what} of up to ${events} ${events === 1 ? 'event' : 'events'} of ${when}`]
  })
  return told.length === 0 ? null : told.join(' and ')
}

/** The fields that differ, for people: 'its zone from Europe/Berlin to Europe/London'. */
export function describeChange({ before, written }: StoreChange): string {
  if (written === null) return 'its name'
  const old = storeOn(before, written.validFrom)
  const fields = ['zone', 'cutOverHour', 'currency', 'taxInclusive'] as const
  const told = fields.flatMap(field =>
    old[field] === written[field] ? [] : [`its ${field} from ${old[field]} to ${written[field]}`],
  )
  return told.join(' and ')
}

/** The first business day from which the same change would leave every figure as it is. */
export function firstHarmlessDay(
  store: Store,
  definition: StoreDefinition,
  days: readonly LoggedDay[],
): BusinessDay {
  let day = addDays(days.at(-1)?.day ?? newestOf(store).validFrom, 1)
  // A day later where the new day would begin before the old one's last event.
  for (let tries = 0; tries < 3; tries += 1) {
    const change = changeOf(store, { ...definition, validFrom: day })
    if (swallowedDay(change) === null && consequencesOf(change, days) === null) break
    day = addDays(day, 1)
  }
  return day
}
