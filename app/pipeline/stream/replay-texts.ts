import { formatCount } from '#app/format/number.ts'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'

type Replay = RouterOutputs['pipeline']['replays']['board']['replays'][number]

/** How much of what is in the log a generation has read: 0 to 1, over all partitions. */
export function doneShare(progress: Replay['progress']): number {
  const target = progress.reduce((sum, partition) => sum + partition.target, 0)
  const done = progress.reduce((sum, { offset, target: most }) => sum + Math.min(offset, most), 0)
  return target === 0 ? 0 : done / target
}

/** `Card velocity (version 3) would have raised 12 more, 1 fewer; 2 others say something else.` */
export function rulesText(
  { title, versions, more, fewer, changed }: Replay['alerts'][number],
  state: Replay['state'],
): string {
  const version = versions.length === 0 ? '' : ` (version ${versions.join(', ')})`
  const raised = [
    more > 0 ? `${formatCount(more)} more` : '',
    fewer > 0 ? `${formatCount(fewer)} fewer` : '',
  ].filter(Boolean)
  const parts = [
    ...(raised.length > 0
      ? [`${state === 'switched' ? 'raised' : 'would have raised'} ${raised.join(', ')}`]
      : []),
    ...(changed > 0
      ? [`${state === 'switched' ? 'says' : 'would say'} something else in ${formatCount(changed)}`]
      : []),
  ]
  return `${title}${version} ${parts.join(', and ')}`
}
