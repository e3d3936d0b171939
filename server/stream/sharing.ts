import type { Logger } from 'pino'
import type { Sql } from '#db/client.ts'
import { type Ownership, STANDSTILL_MS } from '#server/log/fence.ts'
import { activeGeneration, consumerName } from './state/generations.ts'

/** A stream process that is alive, as all see it. */
export interface Member {
  /** As in log.owners. */
  name: string
  /** Partitions it works on now. */
  held: readonly number[]
  /** Partitions it works on or stands by for. */
  partitions: readonly number[]
  /** It has been there for a while without a pause: others may rely on it. */
  isSteady: boolean
}

/** A partition to let go of, and the process that it is meant for. */
interface Yield {
  partition: number
  to: string
}

/**
 * The partition that a process lets go of for another one that stands by with fewer; null where the sharing is even:
 * nobody has two more than another who would take one. Of several with most, the first by name begins, so that two do
 * not let go at once for the same process.
 */
export function partitionToYield(own: string, members: readonly Member[]): Yield | null {
  const mine = members.find(({ name }) => name === own)
  if (!mine) return null
  const isFirst = members.every(
    ({ name, held }) => held.length < mine.held.length || (held.length === mine.held.length && own <= name),
  )
  if (!isFirst) return null
  const offers = members
    .filter(({ name, held, isSteady }) => name !== own && isSteady && mine.held.length - held.length >= 2)
    .sort((one, other) => one.held.length - other.held.length || (one.name < other.name ? -1 : 1))
    .flatMap(({ name: to, partitions }) => {
      const partition = mine.held.findLast(held => partitions.includes(held))
      return partition === undefined ? [] : [{ partition, to }]
    })
  return offers[0] ?? null
}

/** How long whoever lets go of a partition leaves it to others; then it takes it again. */
export const YIELD_PATIENCE_MS = 3_000
/** Whom nothing is left to after it did not take what was meant for it: it is there, and does not work. */
const AFTER_REFUSAL_MS = 60_000
/** A process is relied on once it has been there as long; a longer pause than the second, and it begins anew. */
const STEADY_MS = 2_000
const LONGEST_PAUSE_MS = 5_000
const KEPT_HOURS = 24

/**
 * This process among those that share the partitions: says that it is there, and finds out of which partition it lets
 * go. Takes nothing and holds nothing itself: who has a partition is decided by log.owners alone.
 */
export class Sharing {
  readonly #options: SharingOptions
  #process: number | null = null
  #toYield: Yield | null = null
  /** Let go of, and not yet seen with another process. */
  #open: (Yield & { at: number }) | null = null
  /** Until when nothing is left to a process, by its name. */
  readonly #refused = new Map<string, number>()
  /** The taking that was written down last, by partition. */
  readonly #told = new Map<number, string>()

  constructor(options: SharingOptions) {
    this.#options = options
  }

  /** Says that this process is there, and looks at who else is. To be called about once a second. */
  async beat(): Promise<void> {
    const { sql, name } = this.#options
    this.#process ??= await this.#register()
    const beaten = await sql`
      update stream.processes p set beat_at = clock_timestamp(), ended_at = null,
        steady_since = case when p.beat_at < clock_timestamp() - ${LONGEST_PAUSE_MS}::int * interval '1 millisecond'
          then clock_timestamp() else p.steady_since end,
        backend_pid = me.pid, backend_start = me.backend_start
      from pg_stat_activity me where me.pid = pg_backend_pid() and p.process = ${this.#process}`
    if (beaten.count === 0) {
      // It has stood still for a day, and was forgotten.
      this.#process = null
      return
    }
    const now = performance.now()
    const members = (await readMembers(sql)).map(member =>
      now < (this.#refused.get(member.name) ?? 0) ? { ...member, isSteady: false } : member,
    )
    const open = this.#open
    if (open !== null) {
      const isTaken = members.some(({ name: other, held }) => other !== name && held.includes(open.partition))
      if (isTaken) this.#open = null
      else if (now - open.at > YIELD_PATIENCE_MS) {
        this.#open = null
        this.#refused.set(open.to, now + AFTER_REFUSAL_MS)
      }
    }
    this.#toYield = this.#open === null ? partitionToYield(name, members) : null
  }

  /** Whether to let go of a partition now, between two batches. True once: whoever asks does it. */
  takesLeaveOf(partition: number): boolean {
    if (this.#toYield?.partition !== partition) return false
    this.#open = { ...this.#toYield, at: performance.now() }
    this.#toYield = null
    return true
  }

  /** Writes down, once for each taking, that the partition is worked on. */
  async worksOn({ consumer, partition, epoch }: Ownership): Promise<void> {
    const taking = `${consumer} ${epoch}`
    if (this.#told.get(partition) === taking) return
    this.#told.set(partition, taking)
    const { sql, name } = this.#options
    await sql`
      insert into stream.takings (consumer, partition, epoch, owner)
      values (${consumer}, ${partition}, ${epoch}, ${name}) on conflict do nothing`
  }

  /** Says that this process ends: it was not killed. */
  async farewell(): Promise<void> {
    if (this.#process === null) return
    await this.#options.sql`
      update stream.processes set ended_at = clock_timestamp() where process = ${this.#process}`
  }

  async #register(): Promise<number> {
    const { sql, name, host, pid, partitions, logger } = this.#options
    await sql`
      delete from stream.takings where working_at < clock_timestamp() - ${KEPT_HOURS}::int * interval '1 hour'`
    await sql`
      delete from stream.processes where beat_at < clock_timestamp() - ${KEPT_HOURS}::int * interval '1 hour'`
    const [row] = await sql<{ process: number }[]>`
      insert into stream.processes (name, host, pid, partitions, backend_pid, backend_start)
      select ${name}, ${host}, ${pid}, ${`{${partitions.join()}}`}::text::smallint[], me.pid, me.backend_start
      from pg_stat_activity me where me.pid = pg_backend_pid()
      returning process`
    if (!row) throw new Error('the process was not written down')
    logger.debug({ process: row.process }, 'shares the partitions')
    return row.process
  }
}

interface SharingOptions {
  /** One connection: gone with the process. */
  sql: Sql
  /** As in log.owners. */
  name: string
  host: string
  pid: number
  /** Those it works on or stands by for. */
  partitions: readonly number[]
  logger: Logger
}

async function readMembers(sql: Sql): Promise<Member[]> {
  const consumer = consumerName(await activeGeneration(sql))
  return sql<Member[]>`
    select p.name, p.partitions, array(
        select o.partition from log.owners o
        where o.consumer = ${consumer} and o.owner = p.name
          and log.is_at_work(o.backend_pid, o.backend_start, ${STANDSTILL_MS}::int * interval '1 millisecond')
        order by o.partition
      ) as held,
      p.steady_since < clock_timestamp() - ${STEADY_MS}::int * interval '1 millisecond' as "isSteady"
    from stream.processes p
    join pg_stat_activity a on a.pid = p.backend_pid and a.backend_start = p.backend_start
    where p.ended_at is null
      and p.beat_at > clock_timestamp() - ${LONGEST_PAUSE_MS}::int * interval '1 millisecond'
    order by p.name`
}
