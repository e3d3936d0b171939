import { ArrowDownRight, ArrowRight, ArrowUpRight } from 'lucide-react'
import { classNames } from '#app/ui/class-names.ts'

/**
 * A change against something that is named: `↗ +4.1% vs Fri 13 Nov`. The arrow and the sign carry the
 * direction; the colour says whether that is good, which for returns is down.
 */
export function Delta({
  ratio,
  against,
  goodWhen = 'up',
}: {
  /** 0.041 for +4.1%; null when there is nothing to compare with. */
  ratio: number | null
  against: string
  goodWhen?: 'up' | 'down'
}) {
  if (ratio === null) return <span className="text-2xs text-muted">no comparison with {against}</span>
  const direction = directionOf(ratio)
  const Arrow = { up: ArrowUpRight, down: ArrowDownRight, level: ArrowRight }[direction]
  return (
    <span className="inline-flex items-center gap-1 text-2xs text-muted">
      <span
        className={classNames(
          'inline-flex items-center gap-0.5',
          direction !== 'level' && (direction === goodWhen ? 'text-good' : 'text-bad'),
        )}
      >
        <Arrow aria-hidden="true" className="size-3" />
        {formatRatio(ratio)}
      </span>
      vs {against}
    </span>
  )
}

function directionOf(ratio: number): 'up' | 'down' | 'level' {
  if (Math.abs(ratio) < 0.0005) return 'level'
  return ratio > 0 ? 'up' : 'down'
}

function formatRatio(ratio: number): string {
  const percent = (Math.abs(ratio) * 100).toFixed(1)
  if (directionOf(ratio) === 'level') return `${percent}%`
  return `${ratio > 0 ? '+' : '−'}${percent}%`
}
