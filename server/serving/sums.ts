import { formatAmount } from '#domain/money.ts'

/** A metric of the side-by-side view. Money metrics are `net`, `gross`, `discounts`, `returns`. */
export type Metric =
  | 'net'
  | 'gross'
  | 'discounts'
  | 'returns'
  | 'orders'
  | 'units'
  | 'returnDocuments'
  | 'unitsReturned'

/** One figure set of one path. */
export interface SalesFigures {
  orders: number
  units: number
  gross: string
  discounts: string
  returns: string
  net: string
  returnDocuments: number
  unitsReturned: number
}

/** Figures that add up, exact at any size: counts, and amounts in 1/10,000. `net` follows from them. */
export type Sums = Record<SummedMetric, bigint>
export type SummedMetric = Exclude<Metric, 'net'>

export const SUMMED_METRICS = [
  'orders',
  'units',
  'gross',
  'discounts',
  'returns',
  'returnDocuments',
  'unitsReturned',
] as const satisfies readonly SummedMetric[]

/** In the order pages and reports name them. */
export const METRICS = [
  'net',
  'orders',
  'units',
  'gross',
  'discounts',
  'returns',
  'returnDocuments',
  'unitsReturned',
] as const satisfies readonly Metric[]

const MONEY: ReadonlySet<Metric> = new Set<Metric>(['net', 'gross', 'discounts', 'returns'])

export function isMoney(metric: Metric): boolean {
  return MONEY.has(metric)
}

export function zeroSums(): Sums {
  return {
    orders: 0n,
    units: 0n,
    gross: 0n,
    discounts: 0n,
    returns: 0n,
    returnDocuments: 0n,
    unitsReturned: 0n,
  }
}

/** Columns of a query that sums, as text: `sum(int8)` is numeric and may leave the safe integers. */
export type SumsRow = Record<SummedMetric, string>

export function parseSums(row: SumsRow): Sums {
  const sums = zeroSums()
  for (const metric of SUMMED_METRICS) sums[metric] = BigInt(row[metric])
  return sums
}

/** Adds `sums`, times `sign`, into `total`. */
export function addSums(total: Sums, sums: Sums, sign: 1n | -1n = 1n): void {
  for (const metric of SUMMED_METRICS) total[metric] += sign * sums[metric]
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
  return {
    orders: Number(sums.orders),
    units: Number(sums.units),
    gross: formatAmount(sums.gross),
    discounts: formatAmount(sums.discounts),
    returns: formatAmount(sums.returns),
    net: formatAmount(metricOf(sums, 'net')),
    returnDocuments: Number(sums.returnDocuments),
    unitsReturned: Number(sums.unitsReturned),
  }
}
