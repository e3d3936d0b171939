import { MEASURES, METRICS, type Metric, type SalesDocument } from '#domain/measures.ts'
import { addSums, formatMetric, isMoney, metricOf, type Sums, zeroSums } from './sums.ts'

/** Why two figures differ: effects of the events in one class. */
export interface DifferenceClass {
  cause: 'after-batch' | 'before-stream' | 'rule-version' | 'unexplained'
  events: number
  /** Signed contribution to stream − batch: decimal string for money, integer text for counts. */
  value: string
  /** Annotations of the events in the class; they may overlap. */
  ofWhich: { late: number; bulk: number; returns: number }
}

export interface MetricComparison {
  metric: Metric
  unit: 'money' | 'count'
  /** Null unless a run has covered every store-day: a sum of some of them is not the figure asked for. */
  batch: string | null
  /** Null where the stream has read nothing yet, or nothing is on file. */
  stream: string | null
  /** stream − batch; null unless both are known. The classes tell what they differ by so far all the same. */
  difference: string | null
  /** The classes that contribute; empty where the paths agree. */
  classes: DifferenceClass[]
  unexplained: string
  /** Store-days with an unexplained remainder: more than `unexplained` shows when two of them cancel out. */
  unexplainedStoreDays: number
}

/** How many store-days with events a scope has, and how many of them a batch run has covered. */
export interface Coverage {
  storeDays: number
  withBatch: number
}

/** The class a single event can be in: the other classes of a difference have no events. */
export type EventCause = 'after-batch' | 'before-stream'

/** Both paths' figures of one store's business day. */
export interface StoreDay {
  store: string
  businessDay: string
  batch: Sums
  /** Whether a run has covered the day: without one `batch` is zero and means nothing. */
  covered: boolean
  stream: Sums
  /** Whether the run and the stream's generation were computed under different rules. */
  rulesDiffer: boolean
}

/** Events of one class and one store-day that share everything the answer tells apart. */
export interface EventGroup {
  store: string
  businessDay: string
  cause: EventCause
  type: SalesDocument
  discounted: boolean
  late: boolean
  bulk: boolean
  events: number
  sums: Sums
}

/**
 * Compares both paths metric by metric and names why they differ:
 * stream − batch = after-batch − before-stream + rule-version + unexplained, per store-day, then added up.
 * Where a store-day's two sides were computed under different rules, its remainder is put down to them.
 * @param streamHasRead whether the stream has read anything at all: else its figures are unknown, not zero
 */
export function compareMetrics(
  storeDays: readonly StoreDay[],
  groups: readonly EventGroup[],
  { streamHasRead = true } = {},
): { metrics: MetricComparison[]; coverage: Coverage } {
  const days = withEvents(storeDays, groups)
  const coverage = { storeDays: days.length, withBatch: days.filter(({ covered }) => covered).length }
  const isOnFile = days.length > 0
  const known = {
    batch: isOnFile && coverage.withBatch === coverage.storeDays,
    stream: isOnFile && streamHasRead,
  }
  return { metrics: METRICS.map(metric => compareMetric(metric, days, { groups, known })), coverage }
}

interface ExplainedDay extends StoreDay {
  /** What the events of both classes contribute to stream − batch. */
  explained: Sums
}

function withEvents(storeDays: readonly StoreDay[], groups: readonly EventGroup[]): ExplainedDay[] {
  const days = new Map(storeDays.map(day => [dayKey(day), { ...day, explained: zeroSums() }]))
  for (const group of groups) {
    let day = days.get(dayKey(group))
    if (!day) {
      // Neither path holds a row of a day the log has events of: it is compared with zero.
      const { store, businessDay } = group
      const nothing = { batch: zeroSums(), stream: zeroSums(), explained: zeroSums() }
      day = { store, businessDay, covered: false, rulesDiffer: false, ...nothing }
      days.set(dayKey(group), day)
    }
    addSums(day.explained, group.sums, signOf(group.cause))
  }
  return [...days.values()]
}

function compareMetric(
  metric: Metric,
  days: readonly ExplainedDay[],
  { groups, known }: { groups: readonly EventGroup[]; known: Record<'batch' | 'stream', boolean> },
): MetricComparison {
  let batch = 0n
  let stream = 0n
  let ruleVersion = 0n
  let unexplained = 0n
  let unexplainedStoreDays = 0
  for (const day of days) {
    const batchValue = metricOf(day.batch, metric)
    const streamValue = metricOf(day.stream, metric)
    const remainder = streamValue - batchValue - metricOf(day.explained, metric)
    batch += batchValue
    stream += streamValue
    if (day.rulesDiffer) ruleVersion += remainder
    else unexplained += remainder
    if (!day.rulesDiffer && remainder !== 0n) unexplainedStoreDays += 1
  }
  const classes: DifferenceClass[] = []
  for (const cause of ['after-batch', 'before-stream'] as const) {
    const inClass = groups.filter(group => group.cause === cause && moves(group, metric))
    if (inClass.length > 0) classes.push(eventClass(metric, cause, inClass))
  }
  if (ruleVersion !== 0n) classes.push(classWithoutEvents(metric, 'rule-version', ruleVersion))
  if (unexplainedStoreDays > 0) classes.push(classWithoutEvents(metric, 'unexplained', unexplained))
  return {
    metric,
    unit: isMoney(metric) ? 'money' : 'count',
    batch: known.batch ? formatMetric(metric, batch) : null,
    stream: known.stream ? formatMetric(metric, stream) : null,
    difference: known.batch && known.stream ? formatMetric(metric, stream - batch) : null,
    classes,
    unexplained: formatMetric(metric, unexplained),
    unexplainedStoreDays,
  }
}

/** Whether an event of this kind moves a metric at all. `difference-events.ts` says the same in SQL. */
function moves({ type, discounted }: EventGroup, metric: Metric): boolean {
  if (metric === 'net') return true
  switch (MEASURES[metric].movedBy) {
    case 'orders':
      return type !== 'order.returned'
    case 'discounted orders':
      return discounted
    case 'returns':
      return type === 'order.returned'
  }
}

function eventClass(metric: Metric, cause: EventCause, groups: readonly EventGroup[]): DifferenceClass {
  let events = 0
  let value = 0n
  const ofWhich = { late: 0, bulk: 0, returns: 0 }
  for (const group of groups) {
    events += group.events
    value += signOf(cause) * metricOf(group.sums, metric)
    if (group.late) ofWhich.late += group.events
    if (group.bulk) ofWhich.bulk += group.events
    if (group.type === 'order.returned') ofWhich.returns += group.events
  }
  return { cause, events, value: formatMetric(metric, value), ofWhich }
}

function classWithoutEvents(
  metric: Metric,
  cause: 'rule-version' | 'unexplained',
  value: bigint,
): DifferenceClass {
  return { cause, events: 0, value: formatMetric(metric, value), ofWhich: { late: 0, bulk: 0, returns: 0 } }
}

function signOf(cause: EventCause): 1n | -1n {
  return cause === 'after-batch' ? 1n : -1n
}

function dayKey({ store, businessDay }: { store: string; businessDay: string }): string {
  return `${businessDay} ${store}`
}
