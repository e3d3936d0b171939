import type { ReactNode } from 'react'
import { formatAxis } from '#app/format/number.ts'

/** The quiet axes of every chart. Stable objects: a new one each render makes Recharts lay out anew. */
export const CHART_MARGIN = { top: 8, right: 4, bottom: 0, left: 0 }

export const GRID = { vertical: false, stroke: 'var(--line)' } as const

const TICK = { fill: 'var(--muted)', fontSize: '0.75rem' }

export const X_AXIS = {
  dataKey: 'label',
  tick: TICK,
  tickLine: false,
  axisLine: { stroke: 'var(--line)' },
  interval: 'preserveStartEnd',
  minTickGap: 12,
  tickMargin: 6,
} as const

export const Y_AXIS = {
  tick: TICK,
  tickLine: false,
  axisLine: false,
  tickFormatter: formatAxis,
  // The scale may grow while data arrives, never the room for its labels.
  width: 44,
  // Steps of 1, 2 and 5, as people count.
  niceTicks: 'snap125',
  allowDecimals: false,
} as const

/** The panel beside the pointer: a title, and lines of name and figure. */
export function ChartTooltip({ title, lines }: { title: ReactNode; lines: readonly TooltipLine[] }) {
  return (
    <div className="rounded-control border border-line bg-panel px-3 py-2 text-2xs shadow-popup">
      <p className="mb-1 font-medium">{title}</p>
      <dl className="grid grid-cols-[auto_auto] gap-x-4 gap-y-0.5">
        {lines.map(line => (
          <div key={line.key} className="contents">
            <dt className="text-muted">{line.name}</dt>
            <dd className="text-right">{line.value}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

export interface TooltipLine {
  key: string
  name: ReactNode
  value: ReactNode
}
