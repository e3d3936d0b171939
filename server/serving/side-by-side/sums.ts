import {
  MEASURE_NAMES,
  MEASURES,
  METRIC_TEXTS,
  METRICS,
  type MeasureName,
  type Metric,
  measuresOf,
  type SalesFigures,
} from '#domain/measures.ts'
import { formatAmount } from '#domain/money.ts'

/** Measures, exact at any size: counts, and amounts in 1/10,000. `net` follows from them. */
export type Sums = Record<MeasureName, bigint>

export function isMoney(metric: Metric): boolean {
  return METRIC_TEXTS[metric].kind === 'money'
}

export function zeroSums(): Sums {
  return measuresOf(() => 0n)
}

/** Columns of a query that sums. `sum(int8)` is numeric, which comes as text: it may leave the safe integers. */
export type SumsRow = Readonly<Record<(typeof MEASURES)[MeasureName]['column'], string>>

export function parseSums(row: SumsRow): Sums {
  return measuresOf(measure => BigInt(row[MEASURES[measure].column]))
}

/** Adds `sums`, times `sign`, into `total`. */
export function addSums(total: Sums, sums: Sums, sign: 1n | -1n = 1n): void {
  for (const metric of MEASURE_NAMES) total[metric] += sign * sums[metric]
}

/** net = gross − discounts − returns */
export function metricOf(sums: Sums, metric: Metric): bigint {
  return metric === 'net' ? sums.gross - sums.discounts - sums.returns : sums[metric]
}

/** Money as a decimal string, counts as integer text. */
export function formatMetric(metric: Metric, value: bigint): string {
  return isMoney(metric) ? formatAmount(value) : value.toString()
}

export function toSalesFigures(sums: Sums): SalesFigures {
  const figures = METRICS.map(metric => {
    const value = metricOf(sums, metric)
    return [metric, isMoney(metric) ? formatAmount(value) : Number(value)]
  })
  return Object.fromEntries(figures) as SalesFigures
}
