import type { Logger } from 'pino'
import type { Sql } from '#db/client.ts'
import type { Reading, Transaction } from '#db/transaction.ts'
import { type Engine, OWN_ENGINE } from '#domain/engine.ts'
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

/** A generation of the stream's tables, and what follows the log with it. */
export interface Generation {
  generation: number
  engine: Engine
  state: 'building' | 'active' | 'retired'
  rulesVersion: number
}

/** All that are there, by number. */
export async function readGenerations(sql: Reading): Promise<Generation[]> {
  return sql.unsafe<Generation[]>(
    'select generation, engine, state, rules_version as "rulesVersion" from stream.generations order by generation',
  )
}

/** The generation that readers see, and whose it is: only that engine writes it. */
export async function activeStand(sql: Reading): Promise<Pick<Generation, 'generation' | 'engine'>> {
  const [row] = await sql.unsafe<Pick<Generation, 'generation' | 'engine'>[]>(
    'select g.generation, g.engine from stream.active_generation a join stream.generations g using (generation)',
  )
  if (!row) throw new Error('stream.active_generation is empty: the migrations have not run')
  return row
}

/** These partitions of the active generation, and of those that another engine follows the log with: all that is written. */
export async function followedPartitions(
  sql: Reading,
  partitions: readonly number[],
): Promise<GenerationPartition[]> {
  const rows = await sql.unsafe<{ generation: number }[]>(
    `select g.generation from stream.generations g left join stream.active_generation a using (generation)
     where a.generation is not null or g.engine <> $1 order by g.generation`,
    [OWN_ENGINE],
  )
  return rows.flatMap(({ generation }) => partitions.map(partition => ({ generation, partition })))
}

/** The active generation is another engine's: this service writes nothing of it. */
export class OtherEngineError extends Error {
  override readonly name = 'OtherEngineError'
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
 * Creates the tables of the next generation of our own, after dropping those that a replay left half built. What another
 * engine builds it follows the log with: that stays. Call it under the replay's lock.
 */
export async function createNextGeneration(sql: Sql): Promise<number> {
  for (const { generation, engine, state } of await readGenerations(sql))
    if (state === 'building' && engine === OWN_ENGINE) await dropGeneration(sql, generation)
  return createGeneration(sql, OWN_ENGINE)
}

/** Creates the tables of a new generation that an engine is to fill, whatever others there are. @returns its number */
export async function createGeneration(sql: Sql, engine: Engine): Promise<number> {
  let next = 0
  await withLocksInTurn(sql, async transaction => {
    // Two who create at once: the second sees the number of the first.
    await transaction`select pg_advisory_xact_lock(hashtext('tillstream.stream.generations'))`
    const [row] = await transaction<{ next: number }[]>`
      select coalesce(max(generation), 0) + 1 as next from stream.generations`
    next = row?.next ?? 1
    await transaction`select stream.create_generation(${next}, ${RULES_VERSION}, ${engine})`
  })
  return next
}

export async function dropGeneration(sql: Sql, generation: number): Promise<void> {
  await withLocksInTurn(sql, transaction => transaction`select stream.drop_generation(${generation})`)
}

/** Retired generations, the one that was active last first. */
async function retiredGenerations(sql: Sql): Promise<Generation[]> {
  return sql<Generation[]>`
    select generation, engine, state, rules_version as "rulesVersion" from stream.generations where state = 'retired'
    order by activated_at desc nulls last, generation desc`
}

/** The generation to go back to: that was active last, but for the one that is. Null where no replay has switched. */
export async function newestRetired(sql: Sql): Promise<Generation | null> {
  return (await retiredGenerations(sql))[0] ?? null
}

/**
 * Drops retired generations of our own but the one that was active last, which stays to be looked at, and gone back to,
 * until the next replay. One that somebody reads for minutes stays too, for the next replay to drop; one of another
 * engine, which follows the log with it, until somebody says so.
 */
export async function dropRetired(sql: Sql, logger: Logger): Promise<void> {
  const own = (await retiredGenerations(sql)).filter(({ engine }) => engine === OWN_ENGINE)
  for (const { generation } of own.slice(1)) {
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
