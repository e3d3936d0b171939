import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { Position } from '#domain/log-event.ts'
import type { Slot } from '#jobs/planner/facts.ts'
import { withdrawRuns } from '#jobs/planner/set-aside.ts'
import type { Report } from '#jobs/reports/report.ts'
import { messageOf } from '#platform/command.ts'
import { isOfData } from '#server/log/log-errors.ts'
import { openReading, tuneForAggregation } from './materialize.ts'

/** An event of the log with which a report cannot be computed. */
export interface Poison {
  partition: number
  offset: number
  store: string
  businessDay: BusinessDay
  reason: string
}

interface Place {
  offset: number
  appendedAt: number
}

/**
 * Looks for the event with which the figures of one period cannot be computed, and sets it aside. The first one by
 * offset: up to the event before it they can be, up to it they cannot. Halving finds it in a dozen computations.
 * @param sql a client of one connection, outside any transaction
 * @returns null where no event is to blame: then the period's own error stands
 */
export async function setAsidePoison(
  sql: Sql,
  request: { report: Report; slot: Slot; basis: readonly Position[] },
): Promise<Poison | null> {
  const { report, slot, basis } = request
  if (report.reads.length === 0) return null
  const places = await sql.begin(transaction => eventsOf(transaction, request))
  const errorUpTo = async (count: number): Promise<unknown> => {
    const through = basis.map((position, partition) =>
      partition === slot.partition ? (places[count - 1] ?? { ...position, offset: 0 }) : position,
    )
    return sql.begin(transaction => errorOf(transaction, { report, slot, basis: through }))
  }
  let reason = await errorUpTo(places.length)
  // Not for its events, but for what else it is computed from.
  if (reason === null || (await errorUpTo(0)) !== null) return null
  let sound = 0
  let failing = places.length
  while (failing - sound > 1) {
    const middle = Math.floor((sound + failing) / 2)
    const error = await errorUpTo(middle)
    if (error === null) sound = middle
    else {
      failing = middle
      reason = error
    }
  }
  const place = places[failing - 1]
  return place ? setAside(sql, { report, slot, place, reason: messageOf(reason) }) : null
}

/** The events that a period's figures may be computed from, in their order. */
async function eventsOf(
  transaction: Transaction,
  { slot, basis }: { slot: Slot; basis: readonly Position[] },
): Promise<Place[]> {
  const reading = await openReading(transaction, { slots: [slot], basis })
  return transaction<Place[]>`
    select e."offset", e.appended_at as "appendedAt" from log.event_log e
    where ${reading.isReadOnAnyDay()} and e.partition = ${slot.partition} and e.store = ${slot.store}
    order by e."offset"`
}

/** What computing the figures up to a basis fails with, every column of them; null where it does not. */
async function errorOf(
  transaction: Transaction,
  { report, slot, basis }: { report: Report; slot: Slot; basis: readonly Position[] },
): Promise<unknown> {
  await tuneForAggregation(transaction)
  const reading = await openReading(transaction, { slots: [slot], basis })
  try {
    await transaction.savepoint(
      savepoint => savepoint`select count(figures::text) from (${report.figures(reading)}) figures`,
    )
    return null
  } catch (error) {
    if (!isOfData(error)) throw error
    return error
  }
}

async function setAside(
  sql: Sql,
  { report, slot, place, reason }: { report: Report; slot: Slot; place: Place; reason: string },
): Promise<Poison> {
  return sql.begin(async transaction => {
    const [kept] = await transaction<{ businessDay: BusinessDay }[]>`
      insert into batch.set_aside (partition, "offset", appended_at, store, business_day, type, source, id, reason, job,
        row_digest)
      select e.partition, e."offset", e.appended_at, e.store, e.business_day, e.type, coalesce(e.source, ''),
        coalesce(e.id, ''), ${reason}, ${report.name}, md5(e::text)
      from log.event_log e
      where e.partition = ${slot.partition} and e.appended_at = ${place.appendedAt} and e."offset" = ${place.offset}
      on conflict (partition, "offset") do update set reason = excluded.reason
      returning business_day as "businessDay"`
    if (!kept)
      throw new Error(`offset ${place.offset} of partition ${slot.partition} is not in the log any more`)
    const { store, partition } = slot
    await withdrawRuns(transaction, [{ store, businessDay: kept.businessDay }])
    return { partition, offset: place.offset, store, businessDay: kept.businessDay, reason }
  })
}
