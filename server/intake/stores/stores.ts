import type { Sql } from '#db/client.ts'
import { drizzle, eq } from '#db/drizzle.ts'
import { stores } from '#db/schema.ts'
import type { Transaction } from '#db/transaction.ts'
import { partitionOf } from '#domain/partition.ts'
import { newestOf, type Store, type UnchangingStore, unchangingStore } from '#domain/store.ts'
import { loadReference, loadStores } from './reference.ts'
import type { StoreDefinition } from './store-definition.ts'
import { alignZones } from './zones.ts'

/** A store that cannot be added or changed so. The message says what to do. */
export class StoreRefusedError extends Error {
  override readonly name = 'StoreRefusedError'
}

export interface StoreChange {
  id: string
  change: 'added' | 'changed' | 'unchanged'
}

/** Fields that decide figures of every event of the store. */
const DECISIVE = ['zone', 'cutOverHour', 'currency'] as const
const CHANGEABLE = ['name', 'taxInclusive', 'channel', 'input'] as const

export async function listStores(sql: Sql): Promise<Store[]> {
  return loadStores(sql)
}

/**
 * Adds stores, or changes those that exist, all or none. A running intake knows within 10 seconds.
 * @throws StoreRefusedError when a change would alter figures of events that are already in the log
 */
export async function addStores(sql: Sql, definitions: readonly StoreDefinition[]): Promise<StoreChange[]> {
  return sql.begin(async transaction => {
    const known = (await loadReference(transaction)).stores
    const changes: StoreChange[] = []
    // Sorted, so that two commands at once wait for each other in one direction.
    for (const definition of definitions.toSorted((left, right) => (left.id < right.id ? -1 : 1))) {
      await refuseUnknownZone(transaction, definition)
      const existing = known.get(definition.id)
      changes.push({ id: definition.id, change: await put(transaction, definition, existing) })
    }
    await alignZones(
      transaction,
      definitions.map(({ zone }) => zone),
    )
    return changes
  })
}

/**
 * Adds the stores that a mapping brings where they are missing. Those that exist stay as they are.
 * @throws StoreRefusedError when one exists with another zone, cut-over or currency
 */
export async function bringStores(sql: Sql, definitions: readonly StoreDefinition[]): Promise<void> {
  const known = (await loadReference(sql)).stores
  for (const definition of definitions) {
    const existing = known.get(definition.id)
    if (!existing) continue
    const [field] = differing(existing, definition, DECISIVE)
    if (field === undefined) continue
    throw new StoreRefusedError(
      `The mapping brings store "${definition.id}" with ${field} ${definition[field]}, but it exists with ${newestOf(existing)[field]}: make them equal, or take the store out of the mapping.`,
    )
  }
  const missing = definitions.filter(definition => !known.has(definition.id))
  if (missing.length > 0) await addStores(sql, missing)
}

/** A definition as enrichment needs it. */
export function toStore(definition: StoreDefinition, partitionCount: number): UnchangingStore {
  return unchangingStore({ ...definition, partition: partitionOf(definition.id, partitionCount) })
}

async function put(
  transaction: Transaction,
  definition: StoreDefinition,
  existing: Store | undefined,
): Promise<StoreChange['change']> {
  if (!existing) {
    await insert(transaction, definition)
    return 'added'
  }
  const decisive = differing(existing, definition, DECISIVE)
  if (decisive.length > 0) await refuseIfSold(transaction, existing, definition, decisive)
  else if (differing(existing, definition, CHANGEABLE).length === 0) return 'unchanged'
  const { id, ...fields } = definition
  await drizzle(transaction).update(stores).set(fields).where(eq(stores.store, id))
  return 'changed'
}

async function insert(transaction: Transaction, definition: StoreDefinition): Promise<void> {
  const [row] = await transaction<{ count: number }[]>`select count(*) as count from log.partitions`
  const { partition } = toStore(definition, row?.count ?? 0)
  const { id: store, ...fields } = definition
  await drizzle(transaction)
    .insert(stores)
    .values({ store, partition, ...fields })
    .onConflictDoNothing()
}

async function refuseIfSold(
  transaction: Transaction,
  existing: Store,
  definition: StoreDefinition,
  fields: readonly (typeof DECISIVE)[number][],
): Promise<void> {
  // The append's own lock: no event of the store is stored between this look and the commit.
  await transaction`select pg_advisory_xact_lock(7411, ${existing.partition})`
  const events = await transaction`
    select 1 from log.event_log where partition = ${existing.partition} and store = ${existing.id} limit 1`
  if (events.length === 0) return
  const changes = fields.map(field => `${field} from ${newestOf(existing)[field]} to ${definition[field]}`)
  throw new StoreRefusedError(
    `Store "${existing.id}" has events in the log, so changing its ${changes.join(' and its ')} would change figures that are already reported. Add the store anew under another id; its name may change at any time.`,
  )
}

async function refuseUnknownZone(transaction: Transaction, { id, zone }: StoreDefinition): Promise<void> {
  // Runtime and database each bring their own list of zones; both must know it, under this spelling.
  const found = await transaction`select 1 from pg_timezone_names where name = ${zone}`
  if (found.length > 0) return
  throw new StoreRefusedError(
    `Store "${id}": Postgres does not know the time zone ${zone}. Write it as in the IANA list, such as Europe/Berlin.`,
  )
}

function differing<Field extends (typeof DECISIVE | typeof CHANGEABLE)[number]>(
  existing: Store,
  definition: StoreDefinition,
  fields: readonly Field[],
): Field[] {
  const newest = { ...existing, ...newestOf(existing) }
  return fields.filter(field => newest[field] !== definition[field])
}
