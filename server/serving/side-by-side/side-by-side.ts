import type { Sql } from '#db/client.ts'
import { readSnapshot } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/business-day.ts'
import type { Instant } from '#domain/instant.ts'
import type { SalesFigures } from '#domain/measures.ts'
import type { StreamBasis } from '#server/serving/live-board/stream-position.ts'
import type { MetricComparison } from '#server/serving/reconcile/difference.ts'
import { compareMetrics, type StoreDay } from '#server/serving/reconcile/difference.ts'
import type { SideBySideScope } from '#server/serving/scope.ts'
import type { HourlyFigures } from '#server/serving/side-by-side/hours.ts'
import type { BatchBasis } from '#server/serving/side-by-side/vector.ts'
import { addSums, type Sums, toSalesFigures, zeroSums } from '#server/serving/sums.ts'
import { readBatchDays, readStreamDays, readUnsharedGroups, type StoreDaySums } from './figures.ts'
import { batchBasis, lowestWatermark, readHours } from './hours.ts'
import { readVector, type StoreDayRun, type Vector } from './vector.ts'

export interface SideBySide {
  scope: SideBySideScope
  batchBasis: BatchBasis
  streamBasis: StreamBasis
  /** What the batch figures of `hours` stand on: hourly runs come more often than daily ones. Null beside `hours: []`. */
  hourlyBatchBasis: BatchBasis | null
  /** Store-days of the scope with events in either path, and how many of them a batch run has covered. */
  coverage: { storeDays: number; withBatch: number }
  metrics: MetricComparison[]
  /** One entry a business day of the range with anything in either path. */
  days: { businessDay: BusinessDay; batch: SalesFigures | null; stream: SalesFigures | null }[]
  /** Only for a range of one day: by hour (an instant; 23 to 25 a day) in the stores' local hours. */
  hours: {
    hourStart: Instant
    /** 'HH:00' in the zone of the store, or of the first store in scope. */
    label: string
    batch: HourlyFigures | null
    stream: HourlyFigures | null
    /** The stream's watermark has not passed the hour's end. */
    open: boolean
  }[]
}

/**
 * Both paths' answers to one question, what each stands on, and why they differ. Everything is read in one
 * snapshot, so the answer names one vector of offsets.
 */
export async function readSideBySide(sql: Sql, scope: SideBySideScope): Promise<SideBySide> {
  return readSnapshot(sql, async reading => {
    const vector = await readVector(reading, scope)
    const [batch, stream, groups, hours] = await Promise.all([
      readBatchDays(reading, scope),
      readStreamDays(reading, scope, vector),
      readUnsharedGroups(reading, scope, vector),
      readHours(reading, scope, vector),
    ])
    const storeDays = joinStoreDays(batch, stream, vector)
    return {
      scope,
      batchBasis: batchBasis(vector.runs.flatMap(toRun)),
      streamBasis: {
        generation: vector.generation,
        watermark: lowestWatermark(vector),
        processedAt: newest(vector.stream.map(position => position.processedAt)),
        through: Object.fromEntries(vector.stream.map(({ partition, through }) => [partition, through])),
        rulesVersion: vector.rulesVersion,
      },
      hourlyBatchBasis: hours?.basis ?? null,
      coverage: { storeDays: storeDays.length, withBatch: storeDays.filter(day => day.covered).length },
      metrics: compareMetrics(storeDays, groups),
      days: byDay(storeDays, new Set(stream.map(day => day.businessDay))),
      hours: hours?.hours ?? [],
    }
  })
}

/** One entry a store-day that either path has rows of. A covered day without rows sold nothing: zero on both sides. */
export function joinStoreDays(
  batch: readonly StoreDaySums[],
  stream: readonly StoreDaySums[],
  vector: Pick<Vector, 'runs' | 'rulesVersion'>,
): StoreDay[] {
  const runs = new Map(vector.runs.map(run => [`${run.businessDay} ${run.store}`, run]))
  const days = new Map<string, StoreDay>()
  const dayOf = ({ store, businessDay }: StoreDaySums): StoreDay => {
    const key = `${businessDay} ${store}`
    let day = days.get(key)
    if (!day) {
      const run = runs.get(key)
      const rulesDiffer =
        run !== undefined && run.rulesVersion !== null && run.rulesVersion !== vector.rulesVersion
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
    const total = days.get(day.businessDay) ?? { batch: zeroSums(), covered: false, stream: zeroSums() }
    addSums(total.batch, day.batch)
    addSums(total.stream, day.stream)
    total.covered ||= day.covered
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

function newest(instants: readonly (number | null)[]): number | null {
  return instants.reduce(
    (latest, instant) => (latest === null || (instant ?? 0) > latest ? instant : latest),
    null,
  )
}
