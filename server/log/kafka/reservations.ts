import type { Sql } from '#db/client.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { untilSettled } from '#server/log/log-errors.ts'

/** A batch on its way into the topic, as Postgres knows it. Numbers are given by its writer and never again. */
export type BatchId = number

export interface Reservation {
  /** What of the batch may be told at once; `held`: somebody keeps appends out for a moment. */
  state: 'reserved' | 'known' | 'pending' | 'held'
  /** Ordinals from 1. */
  duplicates: number[]
  conflicts: number[]
  /** Batches that nobody has settled and that hold some of the keys. */
  pending: BatchId[]
}

/** A batch that nobody has settled, with what decides about it. */
export interface UnsettledBatch {
  batch: BatchId
  /** Under which it was to be written: its name. */
  session: string
  /** Its first key and where to look for it: of our counting, the offset from which on it may stand. */
  partition: number
  fromOffset: number
  source: string
  id: string
  ageMs: number
  /** Whether the connection that reserved it is still there. */
  isAlive: boolean
}

/** An event with the place from which on it may stand. */
export interface KeyedEvent {
  event: LogEvent
  fromOffset: number
}

/**
 * How long the next reservation may take to come: told by itself, at once, a batch would cost Postgres a commit more. Who
 * sends the same again meanwhile, to another intake, waits for it.
 */
const TOLD_WITHIN_MS = 25

/** The recognition of (source, id) in Postgres: log.event_keys, log.kafka_batches and their functions. */
export function createReservations(sql: Sql) {
  /** Batches that are in the log: told with the next reservation, or by `flush`. */
  let settled: BatchId[] = []
  let telling: NodeJS.Timeout | undefined
  let flushing: Promise<void> = Promise.resolve()

  async function settling<Result>(tell: (batches: BatchId[]) => Promise<Result>): Promise<Result> {
    const batches = settled
    settled = []
    try {
      return await tell(batches)
    } catch (error) {
      // Told twice does no harm.
      settled.push(...batches)
      throw error
    }
  }

  async function flush(): Promise<void> {
    if (settled.length === 0) return
    await settling(batches => sql`delete from log.kafka_batches where batch = any(${batches}::bigint[])`)
  }

  return {
    /** A number for this process, under which its batches and transactions go. */
    async nextWriter(): Promise<number> {
      const [row] = await untilSettled(
        () => sql<{ writer: number }[]>`select nextval('log.kafka_writers') as writer`,
      )
      if (!row) throw new Error('log.kafka_writers answered nothing')
      return row.writer
    },

    /**
     * Reserves the keys that are new.
     * @throws StaleReferenceError; LogUnavailableError when nobody knows whether they are reserved
     */
    reserve(
      request: { batch: BatchId; session: string; revision: number | undefined },
      keys: readonly KeyedEvent[],
    ): Promise<Reservation> {
      const column = <Value>(value: (key: KeyedEvent) => Value) => keys.map(value)
      const columns = [
        column(({ event }) => event.partition),
        column(({ fromOffset }) => fromOffset),
        column(({ event }) => event.source),
        column(({ event }) => event.id),
        column(({ event }) => event.bodyHash),
      ]
      return untilSettled(() =>
        settling(async batches => {
          const [row] = await sql.unsafe<Reservation[]>(
            RESERVE,
            [request.batch, request.session, request.revision ?? null, batches, ...columns],
            { prepare: true },
          )
          if (!row) throw new Error('log.reserve answered nothing')
          return row
        }),
      )
    },

    /** Notes that a batch is in the log. Recognition waits for it no more once it is told. */
    settle(batch: BatchId): void {
      settled.push(batch)
      // What is appended next tells it in passing; where nothing is, it is told by itself.
      telling ??= setTimeout(() => {
        telling = undefined
        flushing = flushing.then(flush).catch(() => {})
      }, TOLD_WITHIN_MS)
    },

    /** The same, at once. */
    async settleNow(batch: BatchId): Promise<void> {
      await untilSettled(() => sql`delete from log.kafka_batches where batch = ${batch}`)
    },

    /** Takes back a batch that is not in the log and never will be. */
    async release(batch: BatchId): Promise<void> {
      await untilSettled(() => sql`select log.release(${batch})`)
    },

    /** Batches that nobody has settled: those asked for, or all. */
    unsettled(batches?: readonly BatchId[]): Promise<UnsettledBatch[]> {
      return untilSettled(
        () => sql<UnsettledBatch[]>`
          select b.batch, b.session, b.partition, b.from_offset as "fromOffset", b.source, b.id,
            (extract(epoch from clock_timestamp() - b.made_at) * 1000)::float8 as "ageMs",
            exists (
              select from pg_stat_get_activity(b.backend_pid) a where a.backend_start = b.backend_start
            ) as "isAlive"
          from log.kafka_batches b
          where ${batches === undefined} or b.batch = any(${[...(batches ?? [])]}::bigint[])
          order by b.batch`,
      )
    },

    /** Tells what is not told yet. */
    async close(): Promise<void> {
      clearTimeout(telling)
      await flushing
      await flush().catch(() => {})
    },
  }
}

export type Reservations = ReturnType<typeof createReservations>

const RESERVE = `
  select state, duplicates, conflicts, pending
  from log.reserve($1::bigint, $2, $3::bigint, $4::bigint[], $5::smallint[], $6::bigint[], $7::text[], $8::text[], $9::uuid[])`
