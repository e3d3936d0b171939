import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { MEASURE_COLUMNS, type SalesFigures } from '#domain/measures.ts'
import type { StreamBasis } from '#server/serving/freshness/positions.ts'
import { readStandingFindings, type StandingFindings } from '#server/serving/reconcile/standing-findings.ts'
import type { SideBySideScope } from '#server/serving/scope.ts'
import { inStores } from '#server/serving/scope.ts'
import {
  type Coverage,
  compareMetrics,
  type EventGroup,
  type MetricComparison,
  type StoreDay,
} from './difference.ts'
import { type Hour, readHours, type UnknownHour } from './hours.ts'
import { addSums, parseSums, type Sums, type SumsRow, toSalesFigures, zeroSums } from './sums.ts'
import {
  type BatchBasis,
  batchBasis,
  lateExpression,
  readVector,
  type StoreDayRun,
  scanFrom,
  unsharedEvents,
  type Vector,
} from './vector.ts'

export interface SideBySide {
  scope: SideBySideScope
  batchBasis: BatchBasis
  streamBasis: StreamBasis
  /** What the batch figures of `hours` stand on: hourly runs come more often than daily ones. Null beside `hours: []`. */
  hourlyBatchBasis: BatchBasis | null
  /** Store-days of the scope with events in either path, and how many of them a batch run has covered. */
  coverage: Coverage
  /** What audits and tills say against these days of these stores, and stands. */
  findings: StandingFindings[]
  metrics: MetricComparison[]
  /** One entry a business day of the range with anything in either path. `batch`: when runs have covered all its stores. */
  days: { businessDay: BusinessDay; batch: SalesFigures | null; stream: SalesFigures | null }[]
  /** Only for a range of one day: by hour (an instant; 23 to 25 a day) in the stores' local hours. */
  hours: Hour[]
  /** Of that day, sales known by their date alone: of no hour. Null: there are none. */
  unknownHour: UnknownHour | null
}

/**
 * Both paths' answers to one question, what each stands on, and why they differ. Everything is read in one
 * snapshot, so the answer names one vector of offsets.
 */
export async function readSideBySide(sql: Sql, scope: SideBySideScope): Promise<SideBySide> {
  return readSnapshot(sql, async reading => {
    const vector = await readVector(reading, scope)
    const [batch, stream, groups, findings] = await Promise.all([
      readBatchDays(reading, scope),
      readStreamDays(reading, scope, vector),
      readUnsharedGroups(reading, scope, vector),
      readStandingFindings(reading, scope),
    ])
    const storeDays = joinStoreDays(batch, stream, vector)
    const hours = await readHours(reading, scope, {
      vector,
      storesOnFile: storeDays.map(({ store }) => store),
    })
    const streamHasRead = vector.basis.processedAt !== null
    return {
      scope,
      batchBasis: batchBasis(vector.runs.flatMap(toRun)),
      streamBasis: vector.basis,
      hourlyBatchBasis: hours?.basis ?? null,
      findings,
      ...compareMetrics(storeDays, groups, { streamHasRead }),
      days: byDay(storeDays, new Set(stream.map(day => day.businessDay))),
      hours: hours?.hours ?? [],
      unknownHour: hours?.unknownHour ?? null,
    }
  })
}

/** One entry a store-day that either path has rows of. A covered day without rows sold nothing: zero on both sides. */
function joinStoreDays(
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

function byDay(storeDays: readonly StoreDay[], streamedDays: ReadonlySet<string>): SideBySide['days'] {
  const days = new Map<string, { batch: Sums; covered: boolean; stream: Sums }>()
  for (const day of storeDays) {
    const total = days.get(day.businessDay) ?? { batch: zeroSums(), covered: true, stream: zeroSums() }
    addSums(total.batch, day.batch)
    addSums(total.stream, day.stream)
    total.covered &&= day.covered
    days.set(day.businessDay, total)
  }
  return [...days.entries()]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([businessDay, { batch, covered, stream }]) => ({
      businessDay,
      batch: covered ? toSalesFigures(batch) : null,
      stream: streamedDays.has(businessDay) ? toSalesFigures(stream) : null,
    }))
}

function toRun({ partition, runId, computedAt, through, rulesVersion }: StoreDayRun) {
  if (runId === null || computedAt === null || rulesVersion === null) return []
  return [{ partition, runId, computedAt, through, rulesVersion }]
}

/** One path's figures of one store's business day. */
interface StoreDaySums {
  store: string
  businessDay: BusinessDay
  sums: Sums
}

type StoreDayRow = SumsRow & { store: string; business_day: BusinessDay }

/** What `batch.daily_sales` says, per store and day. */
async function readBatchDays(reading: Reading, scope: SideBySideScope): Promise<StoreDaySums[]> {
  const rows = await reading<StoreDayRow[]>`
    select * from batch.store_days
    where business_day between ${scope.from} and ${scope.to} and currency = ${scope.currency}
      ${inStores(reading, scope, 'store')}`
  return rows.map(toStoreDay)
}

/** What the stream's windows add up to, per store and day. */
async function readStreamDays(
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
async function readUnsharedGroups(
  reading: Reading,
  scope: SideBySideScope,
  vector: Vector,
): Promise<EventGroup[]> {
  const rows = await reading<GroupRow[]>`
    select e.store, e.business_day as "businessDay",
      case when e."offset" > through.batch then 'after-batch' else 'before-stream' end as cause, e.type,
      e.discounts <> 0 as discounted, ${lateExpression(reading)} as late, e.class = 'bulk' as bulk, count(*) as events,
      ${reading.unsafe(MEASURE_COLUMNS.map(column => `sum(e.${column}) as ${column}`).join(', '))}
    ${unsharedEvents(reading, { scope, vector, scanFrom: scanFrom(vector, scope.from) })}
    group by 1, 2, 3, 4, 5, 6, 7`
  return rows.map(row => ({ ...row, sums: parseSums(row) }))
}

function toStoreDay(row: StoreDayRow): StoreDaySums {
  return { store: row.store, businessDay: row.business_day, sums: parseSums(row) }
}
