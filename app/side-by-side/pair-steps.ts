import type { PairPoint } from '#app/charts/pair-points.ts'
import { daysInRange, formatDay, formatShortDay } from '#app/format/day.ts'
import { METRIC_TEXTS, type Metric } from '#app/side-by-side/metrics.ts'
import { formatSignedValue, formatValue } from '#app/side-by-side/pairs.ts'
import type { HourlyFigures, SideBySide } from '#app/trpc/router-outputs.ts'
import { addDays, type BusinessDay } from '#domain/calendar.ts'
import { type Amount, formatAmount, parseAmount } from '#domain/money.ts'

/** One line of the chart's table, and with `point` one step of the chart. */
export interface PairStep {
  point: PairPoint
  /** In full, for the table and the pointer: `Fri 20 Nov 2026`, `14:00`. */
  title: string
  batch: HourlyFigures | null
  stream: HourlyFigures | null
}

/** The steps of an answer: hours of a single day, else every day of the range, those without a sale too. */
export function stepsOf(answer: SideBySide, metric: Metric): PairStep[] {
  if (answer.scope.from === answer.scope.to) {
    return answer.hours.map((hour, index, hours) => {
      // The hour that an autumn night has twice.
      const title = hours[index - 1]?.label === hour.label ? `${hour.label} again` : hour.label
      return step({ ...hour, key: String(hour.hourStart), title }, metric)
    })
  }
  const known = new Map(answer.days.map(day => [day.businessDay, day]))
  return daysOf(answer.scope).map(businessDay => {
    const { batch = null, stream = null } = known.get(businessDay) ?? {}
    const label = formatShortDay(businessDay)
    return step(
      { key: businessDay, label, title: formatDay(businessDay), open: false, batch, stream },
      metric,
    )
  })
}

function daysOf({ from, to }: SideBySide['scope']): BusinessDay[] {
  return Array.from({ length: daysInRange(from, to) }, (_, index) => addDays(from, index))
}

export interface StepTexts {
  batch: string
  stream: string
  difference: string
}

/** A step to read. A path without a figure has a dash; the difference counts it as nothing. */
export function stepTexts({ batch, stream }: PairStep, metric: Metric, currency: string): StepTexts {
  if (METRIC_TEXTS[metric].kind === 'money') {
    const money = metric === 'returns' ? 'returns' : 'net'
    const difference = formatAmount(amountOf(stream?.[money]) - amountOf(batch?.[money]))
    return {
      batch: batch ? formatValue(batch[money], 'money', currency) : '–',
      stream: stream ? formatValue(stream[money], 'money', currency) : '–',
      difference: formatSignedValue(difference, 'money', currency),
    }
  }
  const pieces = metric === 'orders' ? 'orders' : 'units'
  return {
    batch: batch ? formatValue(String(batch[pieces]), 'count', currency) : '–',
    stream: stream ? formatValue(String(stream[pieces]), 'count', currency) : '–',
    difference: formatSignedValue(
      String((stream?.[pieces] ?? 0) - (batch?.[pieces] ?? 0)),
      'count',
      currency,
    ),
  }
}

function amountOf(text: string | undefined): Amount {
  return parseAmount(text ?? '0') ?? 0
}

interface Step {
  key: string
  label: string
  title: string
  open: boolean
  batch: HourlyFigures | null
  stream: HourlyFigures | null
}

function step({ key, label, title, open, batch, stream }: Step, metric: Metric): PairStep {
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
