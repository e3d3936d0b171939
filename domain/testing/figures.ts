import { METRIC_TEXTS, METRICS, type SalesFigures } from '#domain/measures.ts'

/** Every sales figure at zero: a fixture names those that it is about, and a new measure needs no line in it. */
export const NO_SALES = Object.fromEntries(
  METRICS.map(metric => [metric, METRIC_TEXTS[metric].kind === 'count' ? 0 : '0.0000']),
) as SalesFigures
