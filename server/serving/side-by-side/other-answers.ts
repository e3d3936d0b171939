import type { Reading } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { SalesFigures } from '#domain/measures.ts'
import { otherGenerations, type StreamBasis } from '#server/serving/freshness/positions.ts'
import type { SideBySideScope } from '#server/serving/scope.ts'
import { compareMetrics, type DifferenceClass, type MetricComparison, type StoreDay } from './difference.ts'
import {
  joinStoreDays,
  readGroupsBetween,
  readStreamDays,
  readUnsharedGroups,
  type StoreDaySums,
} from './store-days.ts'
import { addSums, type Sums, toSalesFigures, zeroSums } from './sums.ts'
import { readVector, type Vector } from './vector.ts'

/** What makes two answers differ, seen from the second of them. */
export interface PairCause extends Omit<DifferenceClass, 'cause'> {
  /** only-second: events that the second has read and the first has not; only-first: the other way round. */
  cause: 'only-first' | 'only-second' | 'rule-version' | 'unexplained'
}

/** A metric as two answers have it, and every bit by which they differ. */
export interface PairComparison
  extends Pick<MetricComparison, 'metric' | 'unit' | 'unexplained' | 'unexplainedStoreDays'> {
  /** Null where it is not known: see MetricComparison. */
  first: string | null
  second: string | null
  /** second − first; null unless both are known. */
  difference: string | null
  /** Those that contribute; empty where both agree. */
  causes: PairCause[]
}

/** The answer of a generation beside the active one. */
export interface OtherAnswer {
  basis: StreamBasis
  /** It is the second of both pairs: with the batch path, and with the active generation. */
  withBatch: PairComparison[]
  withStream: PairComparison[]
  /** By business day that it has anything of. */
  days: { businessDay: BusinessDay; figures: SalesFigures }[]
}

/** What is at hand of the two answers that every page has. */
interface Known {
  vector: Vector
  batch: readonly StoreDaySums[]
  stream: readonly StoreDaySums[]
}

/** Every further answer to the question, each held against both others, in the same snapshot. */
export async function readOtherAnswers(
  reading: Reading,
  scope: SideBySideScope,
  known: Known,
): Promise<OtherAnswer[]> {
  const others = await otherGenerations(reading)
  return Promise.all(
    others.map(({ generation }) => readOtherAnswer(reading, scope, { ...known, generation })),
  )
}

async function readOtherAnswer(
  reading: Reading,
  scope: SideBySideScope,
  { vector: first, batch, stream, generation }: Known & { generation: number },
): Promise<OtherAnswer> {
  const second = await readVector(reading, scope, generation)
  const [own, withBatch, withStream] = await Promise.all([
    readStreamDays(reading, scope, second),
    readUnsharedGroups(reading, scope, second),
    readGroupsBetween(reading, scope, { first, second }),
  ])
  const hasRead = { streamHasRead: second.basis.processedAt !== null }
  const rulesDiffer = first.basis.rulesVersion !== second.basis.rulesVersion
  const generations = pairDays(stream, own, rulesDiffer)
  return {
    basis: second.basis,
    withBatch: compareMetrics(joinStoreDays(batch, own, second), withBatch, hasRead).metrics.map(toPair),
    withStream: compareMetrics(generations, withStream, hasRead).metrics.map(toPair),
    days: byDay(own),
  }
}

/** Both generations have covered what they have read: a day that one of them has no row of it has sold nothing on. */
function pairDays(
  first: readonly StoreDaySums[],
  second: readonly StoreDaySums[],
  rulesDiffer: boolean,
): StoreDay[] {
  const days = new Map<string, StoreDay>()
  const dayOf = ({ store, businessDay }: StoreDaySums): StoreDay => {
    const key = `${businessDay} ${store}`
    const day = days.get(key) ?? {
      store,
      businessDay,
      batch: zeroSums(),
      covered: true,
      stream: zeroSums(),
      rulesDiffer,
    }
    days.set(key, day)
    return day
  }
  for (const entry of first) addSums(dayOf(entry).batch, entry.sums)
  for (const entry of second) addSums(dayOf(entry).stream, entry.sums)
  return [...days.values()]
}

const CAUSES: Readonly<Record<DifferenceClass['cause'], PairCause['cause']>> = {
  'after-batch': 'only-second',
  'before-stream': 'only-first',
  'rule-version': 'rule-version',
  unexplained: 'unexplained',
}

function toPair({ batch, stream, classes, ...comparison }: MetricComparison): PairComparison {
  const causes = classes.map(each => ({ ...each, cause: CAUSES[each.cause] }))
  return { ...comparison, first: batch, second: stream, causes }
}

function byDay(storeDays: readonly StoreDaySums[]): OtherAnswer['days'] {
  const days = new Map<BusinessDay, Sums>()
  for (const { businessDay, sums } of storeDays) {
    const total = days.get(businessDay) ?? zeroSums()
    addSums(total, sums)
    days.set(businessDay, total)
  }
  return [...days]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([businessDay, sums]) => ({ businessDay, figures: toSalesFigures(sums) }))
}
