'use client'

import { Popover } from '@base-ui/react/popover'
import { Info } from 'lucide-react'
import { buttonLook } from '#app/ui/button.tsx'
import { type Path, PathTag } from '#app/ui/path-marker.tsx'
import { Popup } from '#app/ui/popup.tsx'

/** What one path's figure rests on, in lines of name and value. */
export interface PathBasis {
  path: Path
  lines: readonly { name: string; value: string }[]
}

/** Behind the small "i" of a figure: what it means, and what it rests on in each path. */
export function BasisPopover({
  title,
  definition,
  bases,
}: {
  title: string
  definition: string
  bases: readonly PathBasis[]
}) {
  return (
    <Popover.Root>
      <Popover.Trigger
        aria-label={`Definition and basis of ${title}`}
        className={buttonLook({ kind: 'icon', className: '-mr-1.5' })}
      >
        <Info aria-hidden="true" className="size-4" />
      </Popover.Trigger>
      <Popup title={title} align="end" className="w-80">
        <p className="text-xs text-muted">{definition}</p>
        {bases.map(({ path, lines }) => (
          <div key={path} className="mt-3 border-t border-line pt-3">
            <PathTag path={path} className="font-medium text-text" />
            <dl className="mt-1.5 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-2xs">
              {lines.map(line => (
                <div key={line.name} className="contents">
                  <dt className="text-muted">{line.name}</dt>
                  <dd className="text-right wrap-anywhere">{line.value}</dd>
                </div>
              ))}
            </dl>
          </div>
        ))}
      </Popup>
    </Popover.Root>
  )
}
