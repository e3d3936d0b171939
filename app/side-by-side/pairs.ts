import { formatExactMoney, formatMoney, formatSignedMoney, isZeroMoney } from '#app/format/money.ts'
import { formatCount, formatSignedCount, plural } from '#app/format/number.ts'
import type { MetricComparison } from '#app/trpc/router-outputs.ts'
import type { Pair } from '#app/ui/pair-figure.tsx'
import { type Amount, formatAmount, parseAmount } from '#domain/money.ts'

/** Shown where a path has no figure: not the same as zero. */
const NONE = '–'

type Texts = Omit<Pair, 'batch' | 'stream'> & { batch: string; stream: string }

/** A metric as both paths have it, ready to read. */
export function pairTexts(comparison: MetricComparison, currency: string): Texts {
  const { batch, stream, difference } = comparison
  const show = (value: string) => formatValue(value, comparison.unit, currency)
  return {
    batch: batch === null ? NONE : show(batch),
    stream: show(stream),
    difference: formatSignedValue(difference, comparison.unit, currency),
    unexplained: unexplainedText(comparison, currency),
  }
}

/** What no cause accounts for. Remainders of two store-days may cancel out: then their number is told. */
function unexplainedText(
  { unexplained, unexplainedStoreDays, unit }: MetricComparison,
  currency: string,
): string | null {
  if (unexplainedStoreDays === 0) return null
  if (isZeroMoney(unexplained)) return plural(unexplainedStoreDays, 'store-day')
  return formatExactValue(unexplained, unit, currency)
}

/** The average order value: (gross − discounts) ÷ orders. It is explained when all it is made of is. */
export function averageOrderValueTexts(metrics: readonly MetricComparison[], currency: string): Texts {
  const gross = findMetric(metrics, 'gross')
  const discounts = findMetric(metrics, 'discounts')
  const orders = findMetric(metrics, 'orders')
  const batch = average(gross?.batch, discounts?.batch, orders?.batch)
  const stream = average(gross?.stream, discounts?.stream, orders?.stream)
  const explained = [gross, discounts, orders].every(part => part?.unexplainedStoreDays === 0)
  return {
    batch: batch === null ? NONE : formatMoney(formatAmount(batch), currency),
    stream: stream === null ? NONE : formatMoney(formatAmount(stream), currency),
    difference:
      batch === null || stream === null ? NONE : formatSignedMoney(formatAmount(stream - batch), currency),
    unexplained: explained ? null : 'partly',
  }
}

export function findMetric(
  metrics: readonly MetricComparison[],
  name: MetricComparison['metric'],
): MetricComparison | undefined {
  return metrics.find(({ metric }) => metric === name)
}

export function formatValue(value: string, unit: MetricComparison['unit'], currency: string): string {
  return unit === 'money' ? formatMoney(value, currency) : formatCount(Number(value))
}

export function formatSignedValue(value: string, unit: MetricComparison['unit'], currency: string): string {
  return unit === 'money' ? formatSignedMoney(value, currency) : formatSignedCount(Number(value))
}

/** To the last 1/10,000, for what must be zero. */
export function formatExactValue(value: string, unit: MetricComparison['unit'], currency: string): string {
  return unit === 'money' ? formatExactMoney(value, currency) : formatCount(Number(value))
}

/** @returns 1/10,000, rounded half away from zero; null without orders */
function average(
  gross: string | null | undefined,
  discounts: string | null | undefined,
  orders: string | null | undefined,
): Amount | null {
  const count = Number(orders ?? 0)
  const whole = parseAmount(gross ?? '')
  const less = parseAmount(discounts ?? '')
  if (count === 0 || whole === null || less === null) return null
  const quotient = (whole - less) / count
  return Math.sign(quotient) * Math.round(Math.abs(quotient))
}
