import type { Reading } from '#db/transaction.ts'
import { addDays, type BusinessDay } from '#domain/business-day.ts'

/** What is reconciled. Both days are included; no stores means all. */
export interface AuditScope {
  from: BusinessDay
  to: BusinessDay
  stores: readonly string[]
}

/** Restricts a column to the stores of the scope. */
export function inStores(reading: Reading, { stores }: AuditScope, column: string) {
  return stores.length > 0 ? reading`and ${reading(column)} = any(${[...stores]})` : reading``
}

/**
 * Restricts `e`, the log, to the business days and stores of the scope. No event is appended before it
 * happened (two minutes of clock skew aside), and a business day begins at most a day before its date does
 * in UTC: earlier days of the log are left out.
 */
export function inLogOf(reading: Reading, scope: AuditScope) {
  return reading`
    e.business_day between ${scope.from} and ${scope.to}
    and e.appended_at >= ${Date.parse(`${addDays(scope.from, -2)}T00:00:00Z`)}
    ${inStores(reading, scope, 'e.store')}`
}

/** The log's sales of the scope, with `sign` (+1 placed, -1 voided, 0 returned) and `returned`. */
export function salesOf(reading: Reading, scope: AuditScope) {
  return reading`
    select e.*, case e.type when 'order.placed' then 1 when 'order.voided' then -1 else 0 end as sign,
      e.type = 'order.returned' as returned
    from log.event_log e
    where e.type in ('order.placed', 'order.voided', 'order.returned') and ${inLogOf(reading, scope)}`
}

/**
 * The seven figures that add up, from the header totals of `salesOf`, named `e`. Added up as bigint, which
 * fails rather than wraps: sum() would keep a numeric state per group, which took half of an audit's time.
 */
export function salesSums(reading: Reading) {
  return reading`
    batch.exact_sum(e.sign) as orders, batch.exact_sum(e.sign * e.total_units) as units,
    batch.exact_sum(e.sign * e.total_gross) as gross, batch.exact_sum(e.sign * e.total_discounts) as discounts,
    batch.exact_sum(e.total_returns) as returns, count(*) filter (where e.returned) as return_documents,
    batch.exact_sum(e.total_units) filter (where e.returned) as units_returned`
}

/** The runs whose rows stand in a job's report for the days of the scope. */
export function runsOf(reading: Reading, scope: AuditScope, job: string) {
  return reading`
    select r.store, r.period as business_day, r.through_offset as through
    from batch.current_runs r
    where r.job = ${job} and r.period between ${scope.from} and ${scope.to} ${inStores(reading, scope, 'r.store')}`
}

/** The rows of a daily report table in the scope. */
export function storedRows(reading: Reading, scope: AuditScope, table: string) {
  return reading`
    select * from ${reading(table)} t
    where t.business_day between ${scope.from} and ${scope.to} ${inStores(reading, scope, 't.store')}`
}
