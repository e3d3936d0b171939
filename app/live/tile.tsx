import type { ReactNode } from 'react'
import { BasisPopover, type PathBasis } from '#app/ui/basis-popover.tsx'
import { Card } from '#app/ui/card.tsx'
import { PathMarker } from '#app/ui/path-marker.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'

/** One figure of the stream, large, with what it is compared to and what it rests on. */
export function Tile({
  title,
  unit,
  definition,
  basis,
  value,
  compared,
  others,
}: {
  title: string
  unit?: string
  definition: string
  basis: PathBasis
  /** Null while it is not known. */
  value: string | null
  compared: ReactNode
  /** The same in other currencies, one line each. */
  others?: readonly { unit: string; value: string }[]
}) {
  return (
    <Card
      title={title}
      unit={unit}
      compact
      actions={<BasisPopover title={title} definition={definition} bases={[basis]} />}
    >
      <p className="flex items-center gap-2 text-lg font-semibold tracking-[-0.02em] whitespace-nowrap 2xl:text-figure">
        <PathMarker path="stream" />
        {value ?? <Skeleton className="h-7 w-24" />}
      </p>
      <p className="mt-1 min-h-9 text-2xs text-muted">{compared}</p>
      {others && others.length > 0 ? (
        <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-3 border-t border-line pt-2 text-2xs">
          {others.map(other => (
            <div key={other.unit} className="contents">
              <dt className="text-muted">{other.unit}</dt>
              <dd className="text-right whitespace-nowrap">{other.value}</dd>
            </div>
          ))}
        </dl>
      ) : null}
    </Card>
  )
}
