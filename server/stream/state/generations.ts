import type { Logger } from 'pino'
import type { Sql } from '#db/client.ts'
import type { Reading, Transaction } from '#db/transaction.ts'
import { RULES_VERSION } from '#domain/log-event.ts'
import { pause } from '#platform/time.ts'
import { STANDSTILL_MS } from '#server/log/fence.ts'

/** The rows of one partition in the tables of one generation. */
export interface GenerationPartition {
  generation: number
  partition: number
}

/** The generation that readers see and the service writes. */
export async function activeGeneration(sql: Reading): Promise<number> {
  const [row] = await sql.unsafe<{ generation: number }[]>('select generation from stream.active_generation')
  if (!row) throw new Error('stream.active_generation is empty: the migrations have not run')
  return row.generation
}

/** The name under which a generation's stream owns its partitions. */
export function consumerName(generation: number): string {
  return `stream/${generation}`
}

/** Who holds a partition of a generation. */
export interface Owner {
  name: string
  epoch: number
  /** Its backend is still connected. */
  isConnected: boolean
  /** It is, and does not stand still. */
  isAtWork: boolean
}

/** The owner of a partition, or null where nobody ever took it. */
export async function ownerOf(
  sql: Reading,
  { generation, partition }: GenerationPartition,
): Promise<Owner | null> {
  const [row] = await sql.unsafe<Owner[]>(
    `select o.owner as name, o.epoch, exists (
       select from pg_stat_activity a where a.pid = o.backend_pid and a.backend_start = o.backend_start
     ) as "isConnected",
       log.is_at_work(o.backend_pid, o.backend_start, $3::integer * interval '1 millisecond') as "isAtWork"
     from log.owners o where o.consumer = $1 and o.partition = $2`,
    [consumerName(generation), partition, STANDSTILL_MS],
  )
  return row ?? null
}

const LOCK_NOT_AVAILABLE = '55P03'
const LOCK_PATIENCE = '500ms'
const MOST_TRIES = 60

/**
 * Creates the tables of the next generation, after dropping those that a replay left half built. Call it
 * under the replay's lock.
 */
export async function createNextGeneration(sql: Sql): Promise<number> {
  const rows = await sql<{ generation: number; state: string }[]>`
    select generation, state from stream.generations order by generation`
  for (const { generation } of rows.filter(({ state }) => state === 'building'))
    await dropGeneration(sql, generation)
  const next = Math.max(0, ...rows.map(({ generation }) => generation)) + 1
  await withLocksInTurn(
    sql,
    transaction => transaction`select stream.create_generation(${next}, ${RULES_VERSION})`,
  )
  return next
}

export async function dropGeneration(sql: Sql, generation: number): Promise<void> {
  await withLocksInTurn(sql, transaction => transaction`select stream.drop_generation(${generation})`)
}

/** Retired generations, the one that was active last first. */
async function retiredGenerations(sql: Sql): Promise<number[]> {
  const rows = await sql<{ generation: number }[]>`
    select generation from stream.generations where state = 'retired'
    order by activated_at desc nulls last, generation desc`
  return rows.map(({ generation }) => generation)
}

/** The generation to go back to: that was active last, but for the one that is. Null where no replay has switched. */
export async function newestRetired(sql: Sql): Promise<number | null> {
  return (await retiredGenerations(sql))[0] ?? null
}

/**
 * Drops retired generations but the one that was active last, which stays to be looked at, and gone back to, until the
 * next replay. One that somebody reads for minutes stays too, for the next replay to drop.
 */
export async function dropRetired(sql: Sql, logger: Logger): Promise<void> {
  for (const generation of (await retiredGenerations(sql)).slice(1)) {
    try {
      await dropGeneration(sql, generation)
    } catch (err) {
      logger.warn({ err, generation }, `generation ${generation} stays until the next replay`)
    }
  }
}

/**
 * Creating and dropping take the parent tables' exclusive lock. Whoever waits for it makes all readers
 * behind it wait too: so it waits half a second at most, lets them pass, and tries again.
 */
async function withLocksInTurn(
  sql: Sql,
  work: (transaction: Transaction) => Promise<unknown>,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await sql.begin(async transaction => {
        await transaction`select set_config('lock_timeout', ${LOCK_PATIENCE}, true)`
        await work(transaction)
      })
      return
    } catch (error) {
      if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE || tries >= MOST_TRIES) throw error
      await pause(500)
    }
  }
}
