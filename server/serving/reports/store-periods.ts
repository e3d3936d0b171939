import type { PendingQuery, Row } from 'postgres'
import type { Reading } from '#db/transaction.ts'
import type { DayRange } from '#server/serving/reports/periods.ts'
import type { ReportPlan } from '#server/serving/reports/report-plan.ts'

/**
 * A report's rows added up by store and period, as CTE `store_periods`: a few thousand rows, whatever the number
 * of products. What is asked is added up from these, because sets of groupings over the table itself would not
 * run in parallel.
 * @param filter more conditions on the table `t`
 */
export function storePeriods(
  reading: Reading,
  { source, request, stores }: ReportPlan,
  { range, filter }: { range: DayRange; filter?: PendingQuery<Row[]> },
) {
  const column = reading`t.${reading(source.periodColumn)}`
  const period =
    source.grain === request.grain
      ? reading`${column}`
      : reading`date_trunc(${request.grain}, ${column}::timestamp)::date`
  return reading`
    store_periods as (
      select store, period, count(*) as rows, ${reading.unsafe(source.sums.map(knownSum).join(', '))}
      from (
        select ${period} as period, t.* from ${reading(source.table)} t
        where ${column} between ${range.from} and ${range.to} and t.store = any(${[...stores]})
          ${source.hasCurrency ? reading`and t.currency = ${request.currency}` : reading``}
          ${filter ?? reading``}
      ) t
      group by store, period
    )`
}

/** A sum, where an amount without an exchange rate makes it unknown, not smaller. */
export function knownSum(name: string): string {
  return name === 'net_in_reporting_currency'
    ? `case when bool_and(${name} is not null) then sum(${name}) end as ${name}`
    : `sum(${name}) as ${name}`
}
