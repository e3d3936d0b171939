import { Popover } from '@base-ui/react/popover'
import { Info } from 'lucide-react'
import { formatCount } from '#app/format/number.ts'
import { formatFullMoment } from '#app/format/time.ts'
import type { BatchBasis, StreamBasis } from '#app/trpc/router-outputs.ts'
import { buttonLook } from '#app/ui/button.tsx'
import { type Path, PathTag } from '#app/ui/marks.tsx'
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
  /** Without them there is nothing to tell yet: its place stays free. */
  bases: readonly PathBasis[] | undefined
}) {
  if (!bases) return <span className="size-8" />
  return (
    <Popover.Root>
      <Popover.Trigger
        aria-label={`Definition and basis of ${title}`}
        className={buttonLook({ kind: 'icon', className: '-mr-1.5' })}
      >
        <Info className="size-4" />
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

/** What figures rest on, in words: run, moment and offsets of each path. */
export function basesOf(batchBasis: BatchBasis, streamBasis: StreamBasis, zone: string): PathBasis[] {
  return [
    {
      path: 'batch',
      lines: [
        {
          name: 'Newest run',
          value: batchBasis.runId === null ? 'none has covered this yet' : formatCount(batchBasis.runId),
        },
        { name: 'Computed', value: momentOr(batchBasis.computedAt, zone, 'not yet') },
        { name: 'Read through', value: offsetsText(batchBasis.through) },
        ...(batchBasis.rulesVersion === null
          ? []
          : [{ name: 'Rules', value: `version ${batchBasis.rulesVersion}` }]),
      ],
    },
    streamBasisOf(streamBasis, zone),
  ]
}

/** What a figure of the stream alone rests on. */
export function streamBasisOf(basis: StreamBasis, zone: string): PathBasis {
  return {
    path: 'stream',
    lines: [
      { name: 'Watermark', value: momentOr(basis.watermark, zone, 'none yet') },
      { name: 'Processed', value: momentOr(basis.processedAt, zone, 'not yet') },
      { name: 'Read through', value: offsetsText(basis.through) },
      { name: 'Rules', value: `version ${basis.rulesVersion}` },
      { name: 'Generation', value: String(basis.generation) },
    ],
  }
}

/** Offsets by partition: `0: 1,234 · 1: 980`. */
export function offsetsText(through: Readonly<Record<string, number>>): string {
  const offsets = Object.entries(through).sort(([one], [other]) => Number(one) - Number(other))
  if (offsets.length === 0) return 'nothing yet'
  // A line may break between partitions, never within one.
  return offsets.map(([partition, offset]) => `${partition}:\u00a0${formatCount(offset)}`).join(' · ')
}

function momentOr(instant: number | null, zone: string, otherwise: string): string {
  return instant === null ? otherwise : formatFullMoment(instant, zone)
}
