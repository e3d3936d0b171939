import type { Sql } from '#db/client.ts'
import type { Fragment, Transaction } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { LOG_START, type Position } from '#domain/log-event.ts'
import { LogOrderError } from '#server/log/order-log.ts'
import { type ChangedDay, findPutRight, withdrawRuns } from './set-aside.ts'

/** Entries of one step: a step is one statement and one commit. */
const STEP = 50_000

/**
 * Brings the planner's view of the log up to date: for every store's business day, which stretch of the
 * log it lies in, and which events nobody can count. The planner is a consumer with a checkpoint of its own; view and checkpoint move in one
 * transaction, so nothing is lost or counted twice whoever is killed when. Several planners take turns.
 * @returns how far it has come, by partition
 * @throws LogOrderError when offsets are not dense. Those of Kafka have gaps: there the archiver's one transaction for
 *   rows and checkpoint stands for it, as rows come in the order of their offsets and none is left out
 */
export async function followLog(
  sql: Sql,
  options: {
    step?: number
    signal?: AbortSignal
    /** Told how many sales documents a step has met. */
    onRead?: ((documents: number) => void) | undefined
  } = {},
): Promise<Position[]> {
  const { step = STEP, signal, onRead } = options
  const partitions = await sql<
    { partition: number }[]
  >`select partition from log.partitions order by partition`
  const positions: Position[] = []
  for (const { partition } of partitions) {
    let moved: Moved
    do {
      signal?.throwIfAborted()
      moved = await followStep(sql, { partition, step })
      onRead?.(moved.documents)
    } while (moved.entries === step)
    positions[partition] = moved.position
  }
  return positions
}

interface Moved {
  entries: number
  documents: number
  position: Position
}

/** Entries as one step reads them. */
interface Entries {
  entries: number
  /** Orders, voids and returns among them. */
  documents: number
  offset: number | null
  appendedAt: Instant | null
  /** Whether offsets have no gaps: those of Kafka have. */
  isDense: boolean
  /** Days of events that were set aside now, and of reports of tills among them. */
  setAside: ChangedDay[]
}

async function followStep(
  sql: Sql,
  { partition, step }: { partition: number; step: number },
): Promise<Moved> {
  return sql.begin(async transaction => {
    await transaction`
      insert into batch.planner_checkpoints (partition, "offset", appended_at)
      values (${partition}, ${LOG_START.offset}, ${LOG_START.appendedAt}) on conflict do nothing`
    const [checkpoint = LOG_START] = await transaction<Position[]>`
      select "offset", appended_at as "appendedAt" from batch.planner_checkpoints
      where partition = ${partition} for update`
    await takeBack(transaction, partition)
    const read = await noteEntries(transaction, {
      partition,
      which: transaction`
        e.appended_at >= ${checkpoint.appendedAt} and e."offset" > ${checkpoint.offset}
        order by e.appended_at, e."offset" limit ${step}`,
    })
    await withdrawRuns(transaction, read.setAside)
    if (read.offset === null || read.appendedAt === null)
      return { entries: 0, documents: 0, position: checkpoint }
    const position = { offset: read.offset, appendedAt: read.appendedAt }
    if (read.isDense && position.offset - checkpoint.offset !== read.entries) {
      throw new LogOrderError(
        `partition ${partition}: ${read.entries} entries lie between offsets ${checkpoint.offset} and ` +
          `${position.offset}, expected ${position.offset - checkpoint.offset}: the log has a hole or a double`,
      )
    }
    await transaction`
      update batch.planner_checkpoints set "offset" = ${position.offset}, appended_at = ${position.appendedAt}
      where partition = ${partition}`
    return { entries: read.entries, documents: read.documents, position }
  })
}

/** Notes the events that were set aside and count now, as if they had been met for the first time. */
async function takeBack(transaction: Transaction, partition: number): Promise<void> {
  const places = await findPutRight(transaction, partition)
  if (places.length === 0) return
  await noteEntries(transaction, {
    partition,
    which: transaction`
      (e.appended_at, e."offset") in (
        select * from unnest(
          ${places.map(({ appendedAt }) => new Date(appendedAt).toISOString())}::timestamptz[],
          ${places.map(({ offset }) => offset)}::bigint[]))`,
  })
  await withdrawRuns(
    transaction,
    await transaction<ChangedDay[]>`
      select e.store, unnest(array[e.business_day, case when e.type = 'till.closed'
        then (e.details ->> 'zBusinessDay')::date end]) as "businessDay"
      from log.event_log e
      where e.partition = ${partition} and (e.appended_at, e."offset") in (
        select * from unnest(
          ${places.map(({ appendedAt }) => new Date(appendedAt).toISOString())}::timestamptz[],
          ${places.map(({ offset }) => offset)}::bigint[]))`,
  )
}

/**
 * Adds entries of the log to the planner's view. What nobody can count is set aside, and is no event of its day.
 * @param which of `e`, the log: a condition on the entries of the partition, with order and limit
 */
async function noteEntries(
  transaction: Transaction,
  { partition, which }: { partition: number; which: Fragment },
): Promise<Entries> {
  const [read] = await transaction<Entries[]>`
    with entries as materialized (
      select e."offset", e.appended_at, e.type, e.class, e.store, e.business_day, e.register, e.source, e.id,
        e.details ->> 'zBusinessDay' as z_business_day, log.why_indigestible(e) as why
      from log.event_log e
      where e.partition = ${partition} and ${which}
    ),
    events as (
      select * from entries where type <> 'tick' and why is null
    ),
    days as (
      select store, business_day, min("offset") as first_offset, min(appended_at) as first_appended_at,
        max("offset") as last_offset, max(appended_at) as last_appended_at, count(*) as events,
        -- whether a journal has come: reviews and counts in files are none, and a report of the day before is not this day's
        count(*) filter (where class = 'bulk' and (type in ('order.placed', 'order.voided', 'order.returned')
          or type = 'till.closed' and z_business_day = business_day::text)) as bulk_events,
        array_agg(distinct (appended_at at time zone 'UTC')::date) as append_days,
        count(*) filter (where type in ('stock.received', 'stock.counted')) as stock_anchors,
        count(*) filter (where type in ('order.placed', 'order.voided', 'order.returned')) as documents
      from events
      group by store, business_day
    ),
    till_reports as (
      select store, z_business_day::date as business_day, register,
        max("offset") as last_offset, array_agg(distinct (appended_at at time zone 'UTC')::date) as append_days
      from events where type = 'till.closed'
      group by 1, 2, 3
    ),
    -- Sorted, so that two planners on one partition never wait for each other in a circle.
    day_heads as (
      insert into batch.day_head as head (store, business_day, partition, first_offset, first_appended_at,
        last_offset, last_appended_at, events, bulk_events, append_days, stock_anchors, documents)
      select store, business_day, ${partition}, first_offset, first_appended_at, last_offset, last_appended_at,
        events, bulk_events, append_days, stock_anchors, documents
      from days order by store, business_day
      on conflict (store, business_day) do update set
        first_offset = least(head.first_offset, excluded.first_offset),
        first_appended_at = least(head.first_appended_at, excluded.first_appended_at),
        last_offset = greatest(head.last_offset, excluded.last_offset),
        last_appended_at = greatest(head.last_appended_at, excluded.last_appended_at),
        events = head.events + excluded.events,
        bulk_events = head.bulk_events + excluded.bulk_events,
        stock_anchors = head.stock_anchors + excluded.stock_anchors,
        documents = head.documents + excluded.documents,
        append_days = (
          select array_agg(distinct day order by day) from unnest(head.append_days || excluded.append_days) day)
    ),
    till_heads as (
      insert into batch.till_head as head (store, business_day, register, partition, last_offset, append_days)
      select store, business_day, register, ${partition}, last_offset, append_days
      from till_reports order by store, business_day, register
      on conflict (store, business_day, register) do update set
        last_offset = greatest(head.last_offset, excluded.last_offset),
        append_days = (
          select array_agg(distinct day order by day) from unnest(head.append_days || excluded.append_days) day)
    ),
    set_aside as (
      insert into batch.set_aside (partition, "offset", appended_at, store, business_day, type, source, id, reason,
        row_digest)
      select ${partition}, "offset", appended_at, coalesce(store, ''), business_day, type, coalesce(source, ''),
        coalesce(id, ''), why, (
          select md5(e::text) from log.event_log e
          where e.partition = ${partition} and e.appended_at = entries.appended_at and e."offset" = entries."offset")
      from entries where why is not null
      on conflict do nothing
      returning store, business_day
    )
    select count(*) as entries, max("offset") as "offset", max(appended_at) as "appendedAt",
      not exists (select from log.kafka) as "isDense",
      (select coalesce(sum(documents), 0)::bigint from days) as documents,
      (select coalesce(jsonb_agg(jsonb_build_object('store', store, 'businessDay', business_day)), '[]')
        from set_aside where isfinite(business_day)) as "setAside"
    from entries`
  if (!read) throw new Error('the entries of the log came back empty')
  return read
}
