import { ChartColumn, Table2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Card } from '#app/ui/card.tsx'
import { SegmentedControl } from '#app/ui/choice.tsx'
import { classNames } from '#app/ui/class-names.ts'

type Show = 'chart' | 'table'

const SHOW = [
  { value: 'chart', name: 'Show the chart', label: <ChartColumn className="size-4" /> },
  { value: 'table', name: 'Show the table', label: <Table2 className="size-4" /> },
] as const

/** What a sign of the drawing means. */
export function LegendItem({ sign, children }: { sign: string; children: ReactNode }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span aria-hidden="true" className={sign} /> {children}
    </span>
  )
}

/** A card that shows the same data as chart or as table, at one height, so that choosing moves nothing. */
export function ChartWithTable({
  title,
  unit,
  legend,
  choice,
  actions,
  className,
  heightClass = 'h-72',
  shownFirst = 'chart',
  children,
}: {
  title: string
  unit?: string
  legend: ReactNode
  /** Chooses what is drawn; on a narrow screen a line of its own. */
  choice?: ReactNode
  actions?: ReactNode
  className?: string
  heightClass?: string
  shownFirst?: Show
  children: (show: Show) => ReactNode
}) {
  const [show, setShow] = useState<Show>(shownFirst)
  return (
    <Card
      title={title}
      unit={unit}
      className={className}
      actions={
        <>
          {choice ? <div className="max-md:hidden">{choice}</div> : null}
          {actions}
          <SegmentedControl label={`${title} as`} segments={SHOW} value={show} onChange={setShow} />
        </>
      }
    >
      {choice ? <div className="mb-2 md:hidden">{choice}</div> : null}
      <div className="mb-2 flex min-h-5 flex-wrap items-center gap-x-4 gap-y-1 text-2xs text-muted">
        {legend}
      </div>
      <div className={classNames('flex min-h-0 flex-col', heightClass)}>{children(show)}</div>
    </Card>
  )
}
