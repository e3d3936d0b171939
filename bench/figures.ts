import type { BenchmarkName } from './options.ts'

/** One measured figure. */
export interface Figure {
  benchmark: BenchmarkName
  name: string
  value: number
  unit:
    | 'orders/s'
    | 'events/s'
    | 'lines/s'
    | 'events'
    | 's'
    | 'ms'
    | 'µs'
    | 'MB'
    | 'ratio'
    | 'cores'
    | 'processor s'
    | 'minutes'
    | 'per store and week'
    | 'per product and month'
    | 'hours'
    | 'alerts'
  /** Its limit or its peer, measured in the same run, in the same unit. */
  beside?: { name: string; value: number }
  /** What it is to reach. */
  target?: { atLeast: number } | { atMost: number }
}

export interface ReportedFigure extends Figure {
  /** value / beside.value. */
  ratio?: number
  reached?: boolean
}

export function report(figure: Figure): ReportedFigure {
  const { value, beside, target } = figure
  return {
    ...figure,
    ...(beside && beside.value !== 0 ? { ratio: value / beside.value } : {}),
    ...(target ? { reached: 'atLeast' in target ? value >= target.atLeast : value <= target.atMost } : {}),
  }
}

/** The value at or below which that share of the values lies. @param sorted ascending */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function jsonLine(figure: ReportedFigure): string {
  return JSON.stringify(figure, (_, value) =>
    typeof value === 'number' ? Number(value.toPrecision(6)) : value,
  )
}

const HEADINGS = ['', 'measured', '', 'beside it', 'ratio', 'target', ''] as const

/** The figures of one benchmark for people. */
export function table(title: string, figures: readonly ReportedFigure[]): string {
  const rows = [[...HEADINGS], ...figures.map(cells)]
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  const lines = rows.map(row =>
    row
      .map((cell, column) =>
        RIGHT.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  return `${title}\n${lines.map(line => `  ${line}`).join('\n')}\n`
}

const RIGHT = new Set([1, 4])

function cells(figure: ReportedFigure): string[] {
  const { name, value, unit, beside, ratio, target, reached } = figure
  return [
    name,
    round(value),
    unit === 'ratio' ? '' : unit,
    beside ? `${round(beside.value)} ${beside.name}` : '',
    ratio === undefined ? '' : ratio.toPrecision(3),
    target ? ('atLeast' in target ? `≥ ${round(target.atLeast)}` : `≤ ${round(target.atMost)}`) : '',
    reached === undefined ? '' : reached ? 'reached' : 'MISSED',
  ]
}

function round(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}
