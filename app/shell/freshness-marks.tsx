import { TriangleAlert } from 'lucide-react'
import { formatMoment } from '#app/format/time.ts'
import type { Freshness, Level } from '#app/socket/freshness.ts'
import { classNames } from '#app/ui/class-names.ts'

const DOTS: Record<Level, string> = {
  unknown: 'rounded-full border-2 border-muted',
  fresh: 'rounded-full bg-good',
  aging: 'rotate-45 bg-warn',
  old: 'border-2 border-bad',
}

/** Whether what is shown still moves, and how far it is behind. Shape and words say it, not only the colour. */
export function FreshnessIndicator({
  freshness: { level, isLive, state, detail },
}: {
  freshness: Freshness
}) {
  return (
    <p
      className={classNames(
        'mr-auto flex min-h-9 items-center gap-2 text-xs',
        level === 'aging' ? 'text-warn' : level === 'old' ? 'text-bad' : 'text-muted',
      )}
    >
      <span
        aria-hidden="true"
        className={classNames('size-2 shrink-0', DOTS[level === 'fresh' && !isLive ? 'unknown' : level])}
      />
      {/* Only a change of the state is announced: the age changes all the time. */}
      <span>
        <span role="status">{state}</span>, {detail}
      </span>
    </p>
  )
}

/** Above figures of a past moment, which are grey: of when they are, and why there are no newer ones. */
export function OldFiguresNote({
  freshness: { level, state, knownUpTo, serverNow },
  zone,
}: {
  freshness: Freshness
  zone: string
}) {
  if (level !== 'old' || knownUpTo === null) return null
  const moment = formatMoment(knownUpTo, zone, serverNow ?? knownUpTo, { seconds: true })
  return (
    <p className="mb-3 flex items-start gap-2 rounded-control bg-faint px-3 py-2 text-xs">
      <TriangleAlert className="mt-0.5 size-4 shrink-0 text-bad" />
      <span role="status">
        {`${state}. The figures below are those of ${moment}, not of now. The page goes on by itself.`}
      </span>
    </p>
  )
}
