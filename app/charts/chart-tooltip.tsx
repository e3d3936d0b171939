import type { ReactNode } from 'react'

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
