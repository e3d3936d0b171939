import type { MeteredPath } from '#db/meter.ts'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import { STREAM_METRICS, STREAM_SESSIONS } from '#domain/metrics/catalogue.ts'
import { JOBS } from '#domain/reports.ts'
import { STREAM_RULES } from '#domain/rules/catalogue.ts'
import { WHOLE_PROCESS } from '#platform/cost-meter.ts'
import { addHistogram, BOUNDS_MS, countOf, emptyHistogram, quantileOf } from '#platform/histogram.ts'
import type { Serving } from '#server/serving/serving.ts'

/** What an operator took for each order, over the time that is asked for. Null: nothing was measured. */
export interface OperatorCost {
  operator: string
  /** In words. */
  title: string
  /** Sales documents that were measured: of operators of the stream those of the batches that were timed. */
  orders: number
  cpuMicrosPerOrder: number | null
  databaseMicrosPerOrder: number | null
  rowsPerThousandOrders: number | null
  /** Of what the operators of the path took together: of the processor in the stream, of the database in the batch path. */
  share: number | null
}

export interface PathCost {
  path: MeteredPath
  /** Of all its processes, whatever they did. */
  whole: Omit<OperatorCost, 'operator' | 'title' | 'share'>
  /** The dearest first. */
  operators: OperatorCost[]
  /** By half hours, the oldest first. */
  series: { at: Instant; orders: number; cpuMicrosPerOrder: number | null }[]
}

export interface Latency {
  path: MeteredPath
  measure: string
  count: number
  /** ms */
  p50: number | null
  p95: number | null
  p99: number | null
  /** Counts by upper bound in ms, null above them all; the buckets from the first to the last that hold any. */
  buckets: { upToMs: number | null; count: number }[]
  series: { at: Instant; p50: number | null; p99: number | null }[]
}

export interface Costs {
  now: Instant
  paths: PathCost[]
  latencies: Latency[]
}

const STEP_MS = 30 * MINUTE_MS
const PATHS: readonly MeteredPath[] = ['intake', 'stream', 'batch', 'serving']

const TITLES: ReadonlyMap<string, string> = new Map([
  ['lateness', 'Watermark and lateness'],
  ['windows', 'Windows of a minute (sales)'],
  ['stock', 'Stock, purchases, shortages'],
  ['checkpoint', 'Checkpoint, sources, changes'],
  ['append', 'Append to the log'],
  ...[...STREAM_RULES, ...STREAM_METRICS, ...STREAM_SESSIONS].map(
    ({ name, title }) => [name, title] as [string, string],
  ),
  ...JOBS.map(({ name }) => [name, name] as [string, string]),
])

/** What figures cost, and how long they took, as the processes have written down. @param hours before now */
export async function readCosts(
  { sql }: Pick<Serving, 'sql'>,
  { hours = 24 }: { hours?: number } = {},
): Promise<Costs> {
  const [[clock], costs, latencies] = await Promise.all([
    sql<{ now: Instant }[]>`select clock_timestamp() as now`,
    sql<CostRow[]>`
      select path, operator, date_bin('30 minutes', interval_start, 'epoch'::timestamptz) as at,
        sum(orders)::bigint as orders, sum(row_count)::bigint as rows, sum(cpu_micros)::bigint as "cpuMicros",
        sum(database_micros)::bigint as "databaseMicros"
      from meter.costs where interval_start > clock_timestamp() - make_interval(hours => ${hours}::integer)
      group by 1, 2, 3 order by 3`,
    sql<LatencyRow[]>`
      select path, measure, date_bin('30 minutes', interval_start, 'epoch'::timestamptz) as at, counts
      from meter.latencies where interval_start > clock_timestamp() - make_interval(hours => ${hours}::integer)
      order by 3`,
  ])
  const now = clock?.now ?? 0
  return {
    now,
    paths: PATHS.flatMap(path => {
      const own = costs.filter(row => row.path === path)
      return own.length === 0 ? [] : [pathCost(path, own)]
    }),
    latencies: [...Map.groupBy(latencies, ({ path, measure }) => `${path} ${measure}`).values()].map(latency),
  }
}

interface CostRow {
  path: MeteredPath
  operator: string
  at: Instant
  orders: number
  rows: number
  cpuMicros: number
  databaseMicros: number
}

interface LatencyRow {
  path: MeteredPath
  measure: string
  at: Instant
  counts: number[]
}

function pathCost(path: MeteredPath, rows: readonly CostRow[]): PathCost {
  const whole = sumOf(rows.filter(({ operator }) => operator === WHOLE_PROCESS))
  const operators = [...Map.groupBy(rows, ({ operator }) => operator)]
    .filter(([operator]) => operator !== WHOLE_PROCESS)
    .map(([operator, own]) => {
      const sum = sumOf(own)
      // A job does not count orders: what it takes is held against those that the planner has met.
      return { operator, ...sum, orders: sum.orders > 0 ? sum.orders : whole.orders }
    })
  const weigh = path === 'stream' ? cpuOf : databaseOf
  const all = operators.reduce((sum, each) => sum + weigh(each), 0)
  return {
    path,
    whole: wholeOf(whole, operators),
    operators: operators
      .toSorted((one, other) => weigh(other) - weigh(one) || one.operator.localeCompare(other.operator))
      .map(each => ({
        operator: each.operator,
        title: TITLES.get(each.operator) ?? each.operator,
        ...perOrder(each),
        share: all === 0 ? null : weigh(each) / all,
      })),
    series: [...Map.groupBy(rows, ({ at }) => Math.floor(at / STEP_MS) * STEP_MS)].map(([at, own]) => {
      const sum = sumOf(own.filter(({ operator }) => operator === WHOLE_PROCESS))
      return { at, orders: sum.orders, cpuMicrosPerOrder: perOrder(sum).cpuMicrosPerOrder }
    }),
  }
}

type Sum = Pick<CostRow, 'orders' | 'rows' | 'cpuMicros' | 'databaseMicros'>

/** Per order, so that operators that were measured in more batches than others are no dearer for it. */
function cpuOf({ orders, cpuMicros }: Sum): number {
  return orders === 0 ? 0 : cpuMicros / orders
}

function databaseOf({ orders, databaseMicros }: Sum): number {
  return orders === 0 ? 0 : databaseMicros / orders
}

function sumOf(rows: readonly CostRow[]): Sum {
  const sum = { orders: 0, rows: 0, cpuMicros: 0, databaseMicros: 0 }
  for (const row of rows) {
    sum.orders += row.orders
    sum.rows += row.rows
    sum.cpuMicros += row.cpuMicros
    sum.databaseMicros += row.databaseMicros
  }
  return sum
}

/** Time is never none where it was measured; of rows an operator may well write none. */
function perOrder(sum: Sum) {
  const { orders, rows, cpuMicros, databaseMicros } = sum
  const isMeasured = orders > 0
  return {
    orders,
    cpuMicrosPerOrder: isMeasured && cpuMicros > 0 ? cpuOf(sum) : null,
    databaseMicrosPerOrder: isMeasured && databaseMicros > 0 ? databaseOf(sum) : null,
    rowsPerThousandOrders: isMeasured ? (rows / orders) * 1_000 : null,
  }
}

/** Of a process whose operators alone say how long they waited or what they wrote, theirs together. */
function wholeOf(sum: Sum, operators: readonly Sum[]): PathCost['whole'] {
  const whole = perOrder(sum)
  const own = operators.map(perOrder)
  const together = (figure: 'databaseMicrosPerOrder' | 'rowsPerThousandOrders') =>
    own.length === 0 || sum.orders === 0 ? null : own.reduce((all, each) => all + (each[figure] ?? 0), 0)
  return {
    ...whole,
    databaseMicrosPerOrder: whole.databaseMicrosPerOrder ?? together('databaseMicrosPerOrder'),
    rowsPerThousandOrders: sum.rows > 0 ? whole.rowsPerThousandOrders : together('rowsPerThousandOrders'),
  }
}

function latency(rows: readonly LatencyRow[]): Latency {
  const [first] = rows
  if (!first) throw new Error('a latency without a row')
  const all = added(rows)
  const used = all.flatMap((count, bucket) => (count > 0 ? [bucket] : []))
  return {
    path: first.path,
    measure: first.measure,
    count: countOf(all),
    p50: quantileOf(all, 0.5),
    p95: quantileOf(all, 0.95),
    p99: quantileOf(all, 0.99),
    buckets: all
      .map((count, bucket) => ({ upToMs: BOUNDS_MS[bucket] ?? null, count }))
      .slice(used.at(0) ?? 0, (used.at(-1) ?? -1) + 1),
    series: [...Map.groupBy(rows, ({ at }) => at)].map(([at, own]) => {
      const histogram = added(own)
      return { at, p50: quantileOf(histogram, 0.5), p99: quantileOf(histogram, 0.99) }
    }),
  }
}

function added(rows: readonly LatencyRow[]): number[] {
  const all = emptyHistogram()
  for (const { counts } of rows) addHistogram(all, counts)
  return all
}
