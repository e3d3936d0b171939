import type { Reading } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/business-day.ts'
import type { EventGroup } from '#server/serving/reconcile/difference.ts'
import { lateExpression, unsharedEvents } from '#server/serving/reconcile/unshared-events.ts'
import type { SideBySideScope } from '#server/serving/scope.ts'
import { parseSums, type Sums, type SumsRow } from '#server/serving/sums.ts'
import { scanFrom, type Vector } from './vector.ts'

/** One path's figures of one store's business day. */
export interface StoreDaySums {
  store: string
  businessDay: BusinessDay
  sums: Sums
}

type StoreDayRow = SumsRow & { store: string; businessDay: BusinessDay }

const SUMMED_COLUMNS = (reading: Reading) => reading`
  sum(orders)::text as orders, sum(units)::text as units, sum(gross)::text as gross,
  sum(discounts)::text as discounts, sum(returns)::text as returns,
  sum(return_documents)::text as "returnDocuments", sum(units_returned)::text as "unitsReturned"`

/** What `batch.daily_sales` says, per store and day. */
export async function readBatchDays(reading: Reading, scope: SideBySideScope): Promise<StoreDaySums[]> {
  const rows = await reading<StoreDayRow[]>`
    select store, business_day as "businessDay", ${SUMMED_COLUMNS(reading)}
    from batch.daily_sales
    where business_day between ${scope.from} and ${scope.to} and currency = ${scope.currency}
      ${scope.stores.length > 0 ? reading`and store = any(${scope.stores})` : reading``}
    group by store, business_day`
  return rows.map(toStoreDay)
}

/** What the stream's windows add up to, per store and day. */
export async function readStreamDays(
  reading: Reading,
  scope: SideBySideScope,
  vector: Vector,
): Promise<StoreDaySums[]> {
  const rows = await reading<StoreDayRow[]>`
    select store, business_day as "businessDay", ${SUMMED_COLUMNS(reading)}
    from stream.windows
    where generation = ${vector.generation}
      and business_day between ${scope.from} and ${scope.to} and currency = ${scope.currency}
      ${scope.stores.length > 0 ? reading`and store = any(${scope.stores})` : reading``}
    group by store, business_day`
  return rows.map(toStoreDay)
}

type GroupRow = SumsRow & Omit<EventGroup, 'sums'>

/** The events that one path has read and the other has not, added up by class and annotation. */
export async function readUnsharedGroups(
  reading: Reading,
  scope: SideBySideScope,
  vector: Vector,
): Promise<EventGroup[]> {
  const rows = await reading<GroupRow[]>`
    with unshared as (
      select e.store, e.business_day, e.type,
        case when e."offset" > through.batch then 'after-batch' else 'before-stream' end as cause,
        case e.type when 'order.placed' then 1 when 'order.voided' then -1 else 0 end as sign,
        e.type = 'order.returned' as returned, e.class = 'bulk' as bulk, ${lateExpression(reading)} as late,
        e.total_units, e.total_gross, e.total_discounts, e.total_returns
      ${unsharedEvents(reading, { scope, vector, scanFrom: scanFrom(vector, scope.from) })}
    )
    select store, business_day as "businessDay", cause, type, total_discounts <> 0 as discounted, late, bulk,
      count(*) as events,
      sum(sign)::text as orders, sum(sign * total_units)::text as units, sum(sign * total_gross)::text as gross,
      sum(sign * total_discounts)::text as discounts,
      coalesce(sum(total_returns) filter (where returned), 0)::text as returns,
      count(*) filter (where returned)::text as "returnDocuments",
      coalesce(sum(total_units) filter (where returned), 0)::text as "unitsReturned"
    from unshared
    group by store, business_day, cause, type, discounted, late, bulk`
  return rows.map(row => ({ ...row, sums: parseSums(row) }))
}

function toStoreDay(row: StoreDayRow): StoreDaySums {
  return { store: row.store, businessDay: row.businessDay, sums: parseSums(row) }
}
