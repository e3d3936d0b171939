import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import { MEASURES, type Metric } from '#domain/measures.ts'
import { RefusedError } from '#server/serving/failures.ts'
import type { SideBySideScope } from '#server/serving/scope.ts'
import type { EventCause } from './difference.ts'
import { formatMetric } from './sums.ts'
import { lateExpression, readVector, scanFrom, unsharedEvents } from './vector.ts'

/** An event that one path has read and the other has not. */
export interface DifferenceEvent {
  source: string
  id: string
  type: 'order.placed' | 'order.voided' | 'order.returned'
  store: string
  channel: string
  businessDay: BusinessDay
  eventTime: Instant
  appendedAt: Instant
  partition: number
  offset: number
  orderId: string | null
  /** By name; null where nobody is known. */
  customer: string | null
  currency: string
  /** What the event adds to the metric in a path that has read it: decimal string for money, integer text for counts. */
  effect: string
  /** A live event that reached the log after its window should have closed. */
  late: boolean
  /** It came by file or journal, not over HTTP. */
  bulk: boolean
  return: boolean
}

/** A page of the events of one class, newest in the log first. */
export interface DifferenceEventPage {
  cause: EventCause
  metric: Metric
  events: DifferenceEvent[]
  /** Asks for the next page; null on the last. */
  nextCursor: string | null
}

export interface DifferenceEventsRequest {
  scope: SideBySideScope
  cause: EventCause
  metric: Metric
  /** `nextCursor` of the page before. */
  cursor?: string | null | undefined
  limit: number
}

/**
 * The events behind one class of a difference, newest in the log first. Pages hold still while both paths
 * move on: an event that leaves the class is gone, new ones come before the first page.
 * @throws RefusedError for a cursor that is none of ours
 */
export async function readDifferenceEvents(
  sql: Sql,
  request: DifferenceEventsRequest,
): Promise<DifferenceEventPage> {
  const { scope, cause, metric, limit } = request
  const after = request.cursor ? parseCursor(request.cursor) : null
  const rows = await readSnapshot(sql, async reading => {
    const vector = await readVector(reading, scope)
    return reading<DifferenceEvent[]>`
      select e.source, e.id, e.type, e.store, e.channel, e.business_day as "businessDay",
        e.event_time as "eventTime", e.appended_at as "appendedAt", e.partition, e."offset",
        e.order_id as "orderId", (select c.name from ref.customers c where c.customer = e.customer) as customer, e.currency, ${reading(`e.${metric === 'net' ? 'net' : MEASURES[metric].column}`)}::text as effect,
        ${lateExpression(reading)} as late, e.class = 'bulk' as bulk, e.type = 'order.returned' as return
      ${unsharedEvents(reading, { scope, vector, scanFrom: scanFrom(vector, scope.from) })}
        and ${cause === 'after-batch' ? reading`e."offset" > through.batch` : reading`e."offset" > through.stream`}
        and ${movesMetric(reading, metric)}
        ${
          after
            ? reading`and (e.appended_at, e.partition, e."offset") < (${after.appendedAt}, ${after.partition}, ${after.offset})`
            : reading``
        }
      order by e.appended_at desc, e.partition desc, e."offset" desc
      limit ${limit + 1}`
  })
  const events = rows
    .slice(0, limit)
    .map(row => ({ ...row, effect: formatMetric(metric, BigInt(row.effect)) }))
  const last = rows.length > limit ? events.at(-1) : undefined
  return { cause, metric, events, nextCursor: last ? formatCursor(last) : null }
}

/** The types of events that move a metric. `difference.ts` says the same of groups. */
function movesMetric(reading: Reading, metric: Metric) {
  if (metric === 'net') return reading`true`
  switch (MEASURES[metric].movedBy) {
    case 'orders':
      return reading`e.type <> 'order.returned'`
    case 'discounted orders':
      return reading`(e.type <> 'order.returned' and e.discounts <> 0)`
    case 'returns':
      return reading`e.type = 'order.returned'`
  }
}

function formatCursor({ appendedAt, partition, offset }: DifferenceEvent): string {
  return `${appendedAt}.${partition}.${offset}`
}

function parseCursor(cursor: string): { appendedAt: Instant; partition: number; offset: number } {
  const match = /^(\d{1,15})\.(\d{1,4})\.(\d{1,16})$/.exec(cursor)
  if (!match)
    throw new RefusedError(
      `cursor ${JSON.stringify(cursor)} is not one this list gave: start again without it`,
    )
  const [, appendedAt, partition, offset] = match
  return { appendedAt: Number(appendedAt), partition: Number(partition), offset: Number(offset) }
}
