import { formatCount } from '#app/format/number.ts'
import { formatFullMoment } from '#app/format/time.ts'
import type { BatchBasis, StreamBasis } from '#app/trpc/router-outputs.ts'
import type { PathBasis } from '#app/ui/basis-popover.tsx'

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
