import type { Sql } from '#db/client.ts'
import { readSnapshot } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { SalesFigures } from '#domain/measures.ts'
import type { StreamBasis } from '#server/serving/freshness/positions.ts'
import { readStandingFindings, type StandingFindings } from '#server/serving/reconcile/standing-findings.ts'
import type { SideBySideScope } from '#server/serving/scope.ts'
import { type Coverage, compareMetrics, type MetricComparison, type StoreDay } from './difference.ts'
import { type Hour, readHours, type UnknownHour } from './hours.ts'
import { type OtherAnswer, readOtherAnswers } from './other-answers.ts'
import { joinStoreDays, readBatchDays, readStreamDays, readUnsharedGroups } from './store-days.ts'
import { addSums, type Sums, toSalesFigures, zeroSums } from './sums.ts'
import { type BatchBasis, batchBasis, readVector, type StoreDayRun } from './vector.ts'

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
  /** Further answers to the same question: generations that another engine follows the log with, or ours while that is active. */
  others: OtherAnswer[]
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
    const others = await readOtherAnswers(reading, scope, { vector, batch, stream })
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
      others,
    }
  })
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
