import type { ReactNode } from 'react'
import type { TooltipContentProps } from 'recharts'
import { formatAxis } from '#app/format/number.ts'

// Stable objects: a new one each render makes Recharts lay out anew.
const MARGIN = { top: 8, right: 4, bottom: 0, left: 0 }

/** What every chart has; it is as large as the place it is given. */
export const CHART = { responsive: true, margin: MARGIN, className: 'min-h-0 w-full grow text-2xs' } as const

/** The quiet axes of every chart. */
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

/** A batch figure: solid, or pale and dashed while more will be added. Bars start at zero, or hang down from it. */
export const BATCH_BAR = { isAnimationActive: false, maxBarSize: 56 } as const

export function batchBarLook(isOpen: boolean) {
  return isOpen
    ? { fill: 'var(--batch-pale)', stroke: 'var(--batch)', strokeDasharray: '3 3' }
    : { fill: 'var(--batch)' }
}

/** The mark above a bar whose figure has changed. */
export function RevisedMark({ x, y }: { x: number; y: number }) {
  return (
    <path d={`M${x} ${y - 4}l4 4l-4 4l-4 -4Z`} fill="var(--text)" stroke="var(--panel)" strokeWidth={1} />
  )
}

export interface TooltipLine {
  key: string
  name: ReactNode
  value: ReactNode
}

interface Description {
  title: ReactNode
  lines: readonly TooltipLine[]
}

/** What there is to say of the point of a key. */
export type Describe = (key: string) => Description | null

/** The panel beside the pointer. @returns props of Recharts' tooltip */
export function tooltipOf<Point>(describe: (point: Point) => Description | null) {
  return {
    isAnimationActive: false,
    content({ active, payload }: TooltipContentProps) {
      const point: Point | undefined = payload[0]?.payload
      const description = active && point ? describe(point) : null
      return description && <TooltipPanel {...description} />
    },
  }
}

function TooltipPanel({ title, lines }: Description) {
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
