import type { Reading } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { MEASURE_COLUMNS } from '#domain/measures.ts'
import { inStores, type SideBySideScope } from '#server/serving/scope.ts'
import type { EventGroup, StoreDay } from './difference.ts'
import { addSums, parseSums, type Sums, type SumsRow, zeroSums } from './sums.ts'
import { lateExpression, scanFrom, unsharedBetween, unsharedEvents, type Vector } from './vector.ts'

/** One path's figures of one store's business day. */
export interface StoreDaySums {
  store: string
  businessDay: BusinessDay
  sums: Sums
}

type StoreDayRow = SumsRow & { store: string; business_day: BusinessDay }

/** What `batch.daily_sales` says, per store and day. */
export async function readBatchDays(reading: Reading, scope: SideBySideScope): Promise<StoreDaySums[]> {
  const rows = await reading<StoreDayRow[]>`
    select * from batch.store_days
    where business_day between ${scope.from} and ${scope.to} and currency = ${scope.currency}
      ${inStores(reading, scope, 'store')}`
  return rows.map(toStoreDay)
}

/** What the stream's windows add up to, per store and day. */
export async function readStreamDays(
  reading: Reading,
  scope: SideBySideScope,
  vector: Vector,
): Promise<StoreDaySums[]> {
  const rows = await reading<StoreDayRow[]>`
    select * from stream.store_days
    where generation = ${vector.basis.generation}
      and business_day between ${scope.from} and ${scope.to} and currency = ${scope.currency}
      ${inStores(reading, scope, 'store')}`
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
    select ${groupColumns(reading, 'through.batch')}
    ${unsharedEvents(reading, { scope, vector, scanFrom: scanFrom(vector, scope.from) })}
    group by 1, 2, 3, 4, 5, 6, 7`
  return rows.map(row => ({ ...row, sums: parseSums(row) }))
}

/** The events that one of two generations has read and the other has not: `after-batch` where the second alone has. */
export async function readGroupsBetween(
  reading: Reading,
  scope: SideBySideScope,
  { first, second }: { first: Vector; second: Vector },
): Promise<EventGroup[]> {
  const rows = await reading<GroupRow[]>`
    select ${groupColumns(reading, 'through.first')}
    ${unsharedBetween(reading, { scope, first, second })}
    group by 1, 2, 3, 4, 5, 6, 7`
  return rows.map(row => ({ ...row, sums: parseSums(row) }))
}

/** @param through SQL: how far the first of both has read */
function groupColumns(reading: Reading, through: string) {
  return reading`
    e.store, e.business_day as "businessDay",
    case when e."offset" > ${reading.unsafe(through)} then 'after-batch' else 'before-stream' end as cause, e.type,
    e.discounts <> 0 as discounted, ${lateExpression(reading)} as late, e.class = 'bulk' as bulk, count(*) as events,
    ${reading.unsafe(MEASURE_COLUMNS.map(column => `sum(e.${column}) as ${column}`).join(', '))}`
}

function toStoreDay(row: StoreDayRow): StoreDaySums {
  return { store: row.store, businessDay: row.business_day, sums: parseSums(row) }
}

/** One entry a store-day that either path has rows of. A covered day without rows sold nothing: zero on both sides. */
export function joinStoreDays(
  batch: readonly StoreDaySums[],
  stream: readonly StoreDaySums[],
  { runs: storeDayRuns, basis }: Vector,
): StoreDay[] {
  const runs = new Map(storeDayRuns.map(run => [`${run.businessDay} ${run.store}`, run]))
  const days = new Map<string, StoreDay>()
  const dayOf = ({ store, businessDay }: StoreDaySums): StoreDay => {
    const key = `${businessDay} ${store}`
    let day = days.get(key)
    if (!day) {
      const run = runs.get(key)
      const rulesDiffer =
        run !== undefined && run.rulesVersion !== null && run.rulesVersion !== basis.rulesVersion
      const covered = run !== undefined && run.runId !== null
      day = { store, businessDay, batch: zeroSums(), covered, stream: zeroSums(), rulesDiffer }
      days.set(key, day)
    }
    return day
  }
  for (const entry of batch) addSums(dayOf(entry).batch, entry.sums)
  for (const entry of stream) addSums(dayOf(entry).stream, entry.sums)
  return [...days.values()]
}
