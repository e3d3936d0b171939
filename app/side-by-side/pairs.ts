import type { PairPoint } from '#app/charts/pair-points.ts'
import { formatDay, formatShortDay } from '#app/format/day.ts'
import {
  formatExactMoney,
  formatMoney,
  formatSignedMoney,
  isZeroMoney,
  sumAmounts,
} from '#app/format/money.ts'
import { formatCount, formatSignedCount, NO_FIGURE, plural } from '#app/format/number.ts'
import type { HourlyFigures, MetricComparison, SideBySide } from '#app/trpc/router-outputs.ts'
import type { Metric } from '#app/url-state.ts'
import { daysBetween } from '#domain/calendar.ts'
import { METRIC_TEXTS } from '#domain/measures.ts'
import { type Amount, formatAmount, parseAmount } from '#domain/money.ts'

/** What both paths say and by how much they differ, ready to read: rounded, signed, with separators. */
export interface StepTexts {
  batch: string
  stream: string
  /** stream − batch, signed. */
  difference: string
}

interface PairTexts extends StepTexts {
  /** Null when every bit of the difference is explained so far, else the part that is not. */
  unexplained: string | null
}

/** What can be said of a pair: only where both figures are whole there is a verdict that all is explained. */
export type PairVerdict =
  | { kind: 'explained' }
  | { kind: 'unexplained'; text: string }
  /** In words: what is missing for a verdict. */
  | { kind: 'open'; text: string }

/** What was found, store by store: `Berlin Mitte: 2 of audit row`. @param nameOf of a store by its id */
export function findingsText(findings: SideBySide['findings'], nameOf: (store: string) => string): string[] {
  return findings.map(
    ({ store, kind, findings: count }) =>
      `${store === null ? 'All stores' : nameOf(store)}: ${plural(count, 'finding')} (${kind})`,
  )
}

/** @param unexplained null when nothing is left unexplained of what both paths have */
export function verdictOf(
  unexplained: string | null,
  {
    coverage: { storeDays, withBatch },
    streamBasis,
    findings,
  }: Pick<SideBySide, 'coverage' | 'streamBasis' | 'findings'>,
): PairVerdict {
  if (unexplained !== null) return { kind: 'unexplained', text: `${unexplained} unexplained` }
  // Both paths agree, and another witness says that what they agree on is wrong.
  const found = findings.reduce((sum, each) => sum + each.findings, 0)
  if (found > 0) return { kind: 'unexplained', text: plural(found, 'finding') }
  if (storeDays === 0) return { kind: 'open', text: 'nothing on file' }
  if (withBatch < storeDays)
    return { kind: 'open', text: `batch has ${formatCount(withBatch)} of ${plural(storeDays, 'store-day')}` }
  if (streamBasis.processedAt === null) return { kind: 'open', text: 'stream has read nothing' }
  return { kind: 'explained' }
}

/** A metric as both paths have it, ready to read. */
export function pairTexts(comparison: MetricComparison, currency: string): PairTexts {
  const { batch, stream, difference } = comparison
  const show = (value: string | null) =>
    value === null ? NO_FIGURE : formatValue(value, comparison.unit, currency)
  return {
    batch: show(batch),
    stream: show(stream),
    difference: difference === null ? NO_FIGURE : formatSignedValue(difference, comparison.unit, currency),
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
export function averageOrderValueTexts(metrics: readonly MetricComparison[], currency: string): PairTexts {
  const gross = findMetric(metrics, 'gross')
  const discounts = findMetric(metrics, 'discounts')
  const orders = findMetric(metrics, 'orders')
  const batch = average(gross?.batch, discounts?.batch, orders?.batch)
  const stream = average(gross?.stream, discounts?.stream, orders?.stream)
  const explained = [gross, discounts, orders].every(part => part?.unexplainedStoreDays === 0)
  return {
    batch: batch === null ? NO_FIGURE : formatMoney(formatAmount(batch), currency),
    stream: stream === null ? NO_FIGURE : formatMoney(formatAmount(stream), currency),
    difference:
      batch === null || stream === null
        ? NO_FIGURE
        : formatSignedMoney(formatAmount(stream - batch), currency),
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

/** The average order value, ready to read. */
export function averageOrderValue(
  gross: string | null | undefined,
  discounts: string | null | undefined,
  orders: string | null | undefined,
  currency: string,
): string {
  const value = average(gross, discounts, orders)
  return value === null ? NO_FIGURE : formatMoney(formatAmount(value), currency)
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

/** One line of the chart's table, and with `point` one step of the chart. */
export interface PairStep {
  point: PairPoint
  /** In full, for the table and the pointer: `Fri 20 Nov 2026`, `14:00`. */
  title: string
  batch: HourlyFigures | null
  stream: HourlyFigures | null
}

/** Sales known by their date alone are of the day, and of none of its hours. */
const UNKNOWN_HOUR = { key: 'unknown', label: 'unknown', title: 'Hour unknown', open: false } as const

/** The steps of an answer: hours of a single day, else every day of the range, those without a sale too. */
export function stepsOf(answer: SideBySide, metric: Metric): PairStep[] {
  if (answer.scope.from === answer.scope.to) {
    const known = answer.hours.map((hour, index, hours) => {
      // The hour that an autumn night has twice.
      const title = hours[index - 1]?.label === hour.label ? `${hour.label} again` : hour.label
      return step({ ...hour, key: String(hour.hourStart), title }, metric)
    })
    return answer.unknownHour ? [...known, step({ ...UNKNOWN_HOUR, ...answer.unknownHour }, metric)] : known
  }
  const known = new Map(answer.days.map(day => [day.businessDay, day]))
  return daysBetween(answer.scope.from, answer.scope.to).map(businessDay => {
    const { batch = null, stream = null } = known.get(businessDay) ?? {}
    const label = formatShortDay(businessDay)
    return step(
      { key: businessDay, label, title: formatDay(businessDay), open: false, batch, stream },
      metric,
    )
  })
}

/** A step to read. A path without a figure has a dash, and so has the difference to it. */
export function stepTexts({ batch, stream }: PairStep, metric: Metric, currency: string): StepTexts {
  const unit = METRIC_TEXTS[metric].kind
  const figureOf = (figures: HourlyFigures) => String(figures[metric])
  const show = (figures: HourlyFigures | null) =>
    figures ? formatValue(figureOf(figures), unit, currency) : NO_FIGURE
  return { batch: show(batch), stream: show(stream), difference: differenceText() }

  function differenceText(): string {
    if (!batch || !stream) return NO_FIGURE
    const difference =
      unit === 'money'
        ? formatAmount(sumAmounts([figureOf(stream)]) - sumAmounts([figureOf(batch)]))
        : String(Number(figureOf(stream)) - Number(figureOf(batch)))
    return formatSignedValue(difference, unit, currency)
  }
}

function step(
  {
    key,
    label,
    title,
    open,
    batch,
    stream,
  }: Omit<PairStep, 'point'> & Pick<PairPoint, 'key' | 'label' | 'open'>,
  metric: Metric,
): PairStep {
  return {
    point: { key, label, open, batch: forDrawing(batch, metric), stream: forDrawing(stream, metric) },
    title,
    batch,
    stream,
  }
}

function forDrawing(figures: HourlyFigures | null, metric: Metric): number | null {
  return figures === null ? null : Number(figures[metric])
}
