import type { Sql } from '#db/client.ts'
import { loadStores } from '#db/stores.ts'
import type { Transaction } from '#db/transaction.ts'
import { type BusinessDay, FIRST_BUSINESS_DAY } from '#domain/calendar.ts'
import { partitionOf } from '#domain/partition.ts'
import { newestOf, type Store, type StoreVersion, WEEKDAYS } from '#domain/store.ts'
import { messageOf } from '#platform/command.ts'
import { adoptedTopic, brokersOf } from '#server/log/open-log.ts'
import {
  changeOf,
  consequencesOf,
  describeChange,
  firstDayConcerned,
  firstHarmlessDay,
  type LoggedDay,
  swallowedDay,
} from './store-change.ts'
import { type StoreDefinition, versionOf } from './store-definition.ts'
import { alignZones } from './zones.ts'

/** A store that cannot be added or changed so. The message says what to do. */
export class StoreRefusedError extends Error {
  override readonly name = 'StoreRefusedError'
}

export interface StoreOutcome {
  id: string
  change: 'added' | 'changed' | 'unchanged'
  /** From which business day on it holds, where a version was written. */
  validFrom?: BusinessDay
  /** What reports say otherwise from now on, about days that were in the log. */
  restates?: string
}

interface AddOptions {
  /** Whether a change may alter what reports say of past days, where the log's rows stay true. */
  restate?: boolean
}

export async function listStores(sql: Sql): Promise<Store[]> {
  return loadStores(sql)
}

/**
 * Adds stores, or changes those that exist, all or none. What was enriched before and is appended after is enriched
 * again; a running intake knows at once.
 * @throws StoreRefusedError when a change would move figures of events that are already in the log
 */
export async function addStores(
  sql: Sql,
  definitions: readonly StoreDefinition[],
  { restate = false }: AddOptions = {},
): Promise<StoreOutcome[]> {
  return sql.begin(async transaction => {
    const [log] = await transaction<
      { partitions: number }[]
    >`select count(*) as partitions from log.partitions`
    // One at a time: of a store that is not there yet there is no row that two could wait for.
    await transaction`select pg_advisory_xact_lock(hashtext('tillstream.ref.stores'))`
    // Sorted, as appends and commands take the partitions' locks.
    const sorted = definitions.toSorted((left, right) => (left.id < right.id ? -1 : 1))
    await lockAppends(transaction, sorted)
    const outcomes: StoreOutcome[] = []
    for (const definition of sorted) {
      await refuseMisspeltZone(transaction, definition)
      // Read anew each time: a file may name a store twice, from two days on.
      const existing = (await loadStores(transaction)).find(store => store.id === definition.id)
      outcomes.push(
        existing
          ? await change(transaction, { existing, definition, restate })
          : await add(transaction, toStore(definition, log?.partitions ?? 0)),
      )
    }
    await alignZones(
      transaction,
      definitions.map(({ zone }) => zone),
    )
    return outcomes
  })
}

/** Fields in which a mapping must not contradict a store that exists. */
const DECISIVE = ['zone', 'cutOverHour', 'currency'] as const

/**
 * Adds the stores that a mapping brings where they are missing. Those that exist stay as they are.
 * @throws StoreRefusedError when one exists with another zone, cut-over or currency
 */
export async function bringStores(sql: Sql, definitions: readonly StoreDefinition[]): Promise<void> {
  const known = new Map((await loadStores(sql)).map(store => [store.id, store]))
  for (const definition of definitions) {
    const existing = known.get(definition.id)
    if (!existing) continue
    const newest = newestOf(existing)
    const brought = versionOf(definition)
    const field = DECISIVE.find(name => brought[name] !== newest[name])
    if (field === undefined) continue
    throw new StoreRefusedError(
      `The mapping brings store "${definition.id}" with ${field} ${brought[field]}, but it exists with ${newest[field]}: make them equal, or take the store out of the mapping.`,
    )
  }
  const missing = definitions.filter(definition => !known.has(definition.id))
  if (missing.length > 0) await addStores(sql, missing)
}

/** A definition as enrichment needs it. */
export function toStore(definition: StoreDefinition, partitionCount: number): Store {
  const { id, name, validFrom = FIRST_BUSINESS_DAY } = definition
  const version = { ...versionOf(definition), validFrom }
  return { id, name, partition: partitionOf(id, partitionCount), versions: [version] }
}

/**
 * The append's own lock: no event of the stores is stored between our look at the log and the commit. Where the log is
 * Kafka, what was begun before is waited for, and what log.event_log does not have of it yet.
 * @throws StoreRefusedError when that takes too long
 */
async function lockAppends(transaction: Transaction, definitions: readonly StoreDefinition[]): Promise<void> {
  const locked = await transaction<{ partition: number }[]>`
    select partition, pg_advisory_xact_lock(7411, partition) from (
      select distinct partition from ref.stores
      where store = any(${definitions.map(({ id }) => id)}::text[]) order by partition) locked`
  const adopted = await adoptedTopic(transaction)
  if (adopted === null) return
  const { openTopicSource } = await import('#server/log/kafka/topic-source.ts')
  const topic = openTopicSource(brokersOf(adopted), adopted)
  try {
    const partitions = locked.map(({ partition }) => partition)
    await transaction`select log.await_settled(${partitions}::smallint[], ${SETTLED_WITHIN}::interval)`
    for (const partition of partitions) {
      const end = await topic.endOf(partition)
      await transaction`select from log.await_archive(${partition}, ${end}, ${end}, ${SETTLED_WITHIN}::interval)`
    }
  } catch (error) {
    throw new StoreRefusedError(
      `Stores cannot be changed at the moment: what the log holds of them is not all in Postgres (${messageOf(error)}). Do the archiver and Kafka run? Try again.`,
    )
  } finally {
    await topic.close()
  }
}

/** As Postgres reads it. */
const SETTLED_WITHIN = '5 s'

async function add(transaction: Transaction, store: Store): Promise<StoreOutcome> {
  const [version] = store.versions
  if (!version) throw new Error(`store ${store.id} has no version`)
  await transaction`
    insert into ref.stores (store, name, partition) values (${store.id}, ${store.name}, ${store.partition})`
  await writeVersion(transaction, store.id, version)
  return { id: store.id, change: 'added', validFrom: version.validFrom }
}

async function change(
  transaction: Transaction,
  request: { existing: Store; definition: StoreDefinition; restate: boolean },
): Promise<StoreOutcome> {
  const { existing, definition, restate } = request
  const { id } = existing
  const planned = changeOf(existing, definition)
  if (planned.after.name !== existing.name)
    await transaction`update ref.stores set name = ${planned.after.name} where store = ${id}`
  if (planned.written === null)
    return { id, change: planned.after.name === existing.name ? 'unchanged' : 'changed' }
  const swallowed = swallowedDay(planned)
  if (swallowed !== null) {
    throw new StoreRefusedError(
      `Store "${id}": changing ${describeChange(planned)} from ${planned.written.validFrom} on, the business day ${swallowed} would end before it begins. Let it hold from another day on, or choose another cut-over.`,
    )
  }
  await refuseDroppedDays(transaction, id, firstDayConcerned(planned))
  const days = await readLoggedDays(transaction, existing, firstDayConcerned(planned))
  const consequences = consequencesOf(planned, days)
  const written = { id, change: 'changed', validFrom: planned.written.validFrom } as const
  if (consequences === null) {
    await writeVersion(transaction, id, planned.written)
    return written
  }
  const { moves, restates } = consequences
  const harmless = firstHarmlessDay(existing, definition, days)
  const advice = `Say from which business day on it holds, with "validFrom": "${harmless}" or later`
  if (moves !== null) {
    throw new StoreRefusedError(
      `Store "${id}" has events in the log, and changing ${describeChange(planned)} would move ${moves}, which are already reported; the log is never changed. ${advice}.`,
    )
  }
  if (restates === null) throw new Error(`the change of ${id} has consequences of no kind`)
  if (!restate) {
    throw new StoreRefusedError(
      `Store "${id}" has events in the log, and changing ${describeChange(planned)} would change ${restates} in the reports. ${advice}, or add --restate to have the reports computed again.`,
    )
  }
  await writeVersion(transaction, id, planned.written)
  await transaction`
    insert into ref.store_restatements (store, from_day, to_day, change)
    values (${id}, ${consequences.from}, ${consequences.to}, ${`${describeChange(planned)}: ${restates}`})`
  return { ...written, restates }
}

/** @throws StoreRefusedError where the log has dropped days that the change may concern: what it moves cannot be said */
async function refuseDroppedDays(
  transaction: Transaction,
  id: string,
  from: BusinessDay | null,
): Promise<void> {
  const [dropped] = await transaction<{ first: string | null; last: string | null }[]>`
    select min(append_day) as first, max(append_day) as last from log.archived_days
    where dropped_at is not null and append_day >= coalesce(${from}::date - 3, '-infinity')`
  if (dropped?.first == null) return
  throw new StoreRefusedError(
    `Store "${id}": the change concerns days of which the log has append days ${dropped.first} to ${dropped.last} no longer, so what it would move cannot be said. Let it hold from a later day on, or bring them back: npm run archive -- restore --from ${dropped.first} --to ${dropped.last}.`,
  )
}

/** What the log has of a store's business days from one on. */
async function readLoggedDays(
  transaction: Transaction,
  { id, partition }: Store,
  from: BusinessDay | null,
): Promise<LoggedDay[]> {
  return transaction<LoggedDay[]>`
    select business_day as day, min(event_time) as "firstEvent", max(event_time) as "lastEvent", count(*) as events,
      count(*) filter (where total_tax <> 0 and type in ('order.placed', 'order.voided', 'order.returned')) as taxed,
      count(*) filter (where total_tax <> 0 and details -> 'tenders' @? '$[*].amount ? (@ != null)') as "splitTaxed"
    from log.event_log
    where partition = ${partition} and store = ${id} and business_day >= coalesce(${from}::date, '-infinity')
      -- no event is more than two minutes ahead of the clock at which it was appended
      and appended_at >= coalesce(${from}::date - 3, '-infinity')
    group by business_day order by business_day`
}

async function writeVersion(transaction: Transaction, id: string, version: StoreVersion): Promise<void> {
  const { openingDays: days, openingTimes: times } = version
  const numberOf = (day: string) => (WEEKDAYS as readonly string[]).indexOf(day) + 1
  const openingTimes =
    times && Object.fromEntries(Object.entries(times).map(([day, open]) => [numberOf(day), open]))
  await transaction`
    insert into ref.store_versions (store, valid_from, zone, cut_over_hour, currency, tax_inclusive, channel, input,
      opening_days, opening_times, opened, closed, latitude, longitude)
    values (${id}, ${version.validFrom}, ${version.zone}, ${version.cutOverHour}, ${version.currency},
      ${version.taxInclusive}, ${version.channel}, ${version.input}, ${days?.map(numberOf) ?? null}::smallint[],
      ${openingTimes && JSON.stringify(openingTimes)}::text::jsonb, ${version.opened}, ${version.closed},
      ${version.location?.latitude ?? null}, ${version.location?.longitude ?? null})
    on conflict (store, valid_from) do update set
      zone = excluded.zone, cut_over_hour = excluded.cut_over_hour, currency = excluded.currency,
      tax_inclusive = excluded.tax_inclusive, channel = excluded.channel, input = excluded.input,
      opening_days = excluded.opening_days, opening_times = excluded.opening_times, opened = excluded.opened,
      closed = excluded.closed, latitude = excluded.latitude, longitude = excluded.longitude`
}

async function refuseMisspeltZone(transaction: Transaction, { id, zone }: StoreDefinition): Promise<void> {
  // The runtime knows it, whichever way it is spelt; one zone has one name here.
  const [known] = await transaction<{ name: string }[]>`
    select name from pg_timezone_names where lower(name) = lower(${zone}) order by name = ${zone} desc limit 1`
  if (!known || known.name === zone) return
  throw new StoreRefusedError(`Store "${id}": the time zone ${zone} is written ${known.name}.`)
}
