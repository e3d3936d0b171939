import type { PairPoint } from '#app/charts/pair-points.ts'
import { formatDay, formatShortDay } from '#app/format/day.ts'
import type { Metric } from '#app/side-by-side/metrics.ts'
import type { SalesFigures, SideBySide } from '#server/serving/shapes.ts'

/** One line of the chart's table, and with `point` one step of the chart. */
export interface PairStep {
  point: PairPoint
  /** In full, for the table and the pointer: `Fri 20 Nov 2026`, `14:00`. */
  title: string
  batch: SalesFigures | null
  stream: SalesFigures | null
}

/** The steps of an answer: hours of a single day, else days. */
export function stepsOf(answer: SideBySide, metric: Metric, today: string | null): PairStep[] {
  if (answer.scope.from === answer.scope.to) {
    return answer.hours.map(hour => {
      const key = String(hour.hourStart)
      return step({ ...hour, key, label: hour.label, title: hour.label }, metric)
    })
  }
  return answer.days.map(day => {
    const { businessDay } = day
    const label = formatShortDay(businessDay)
    const open = today !== null && businessDay >= today
    return step({ ...day, key: businessDay, label, title: formatDay(businessDay), open }, metric)
  })
}

interface Step {
  key: string
  label: string
  title: string
  open: boolean
  batch: SalesFigures | null
  stream: SalesFigures | null
}

function step({ key, label, title, open, batch, stream }: Step, metric: Metric): PairStep {
  return {
    point: { key, label, open, batch: forDrawing(batch, metric), stream: forDrawing(stream, metric) },
    title,
    batch,
    stream,
  }
}

function forDrawing(figures: SalesFigures | null, metric: Metric): number | null {
  return figures === null ? null : Number(figures[metric])
}
