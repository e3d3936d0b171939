import type { Reading } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import type { SideBySideScope } from '#server/serving/scope.ts'
import type { Vector } from '#server/serving/side-by-side/vector.ts'

/**
 * FROM and WHERE over the sales events of a scope that one path has read and the other has not, as `e`
 * (log.event_log), with `through.batch` (offset read by the batch run of the event's store-day) and
 * `through.stream` (by the stream in its partition). They fall in two disjoint classes:
 *
 * - after-batch: offset in (batch's, stream's], effects that only the stream has
 * - before-stream: offset in (stream's, batch's], effects that only the batch has
 */
export function unsharedEvents(
  reading: Reading,
  request: { scope: SideBySideScope; vector: Vector; scanFrom: Instant },
) {
  const { scope, vector, scanFrom } = request
  return reading`
    from log.event_log e
    left join batch.current_runs r
      on r.job = 'daily_sales' and r.store = e.store and r.period = e.business_day
    left join stream.checkpoints c on c.generation = ${vector.generation} and c.partition = e.partition
    cross join lateral (
      select coalesce(r.through_offset, 0) as batch, coalesce(c."offset", 0) as stream
    ) through
    where e.partition = any(${vector.stream.map(position => position.partition)})
      and e.appended_at >= ${scanFrom}
      and e.type in ('order.placed', 'order.voided', 'order.returned')
      and e.business_day between ${scope.from} and ${scope.to}
      and e.currency = ${scope.currency}
      ${scope.stores.length > 0 ? reading`and e.store = any(${scope.stores})` : reading``}
      and e."offset" > least(through.batch, through.stream) and e."offset" <= greatest(through.batch, through.stream)`
}

/**
 * Whether an event counts as late, for annotation only: a live event that reached the log 30 s or more
 * after the end of its minute. The stream itself judges by its watermark; this is decided from the event
 * alone, so that it can be said of events that the stream has not met.
 */
export function lateExpression(reading: Reading) {
  return reading`(e.class = 'live'
    and e.appended_at >= date_trunc('minute', e.event_time) + interval '1 minute 30 seconds')`
}
