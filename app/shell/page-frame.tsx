import { TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { formatMoment } from '#app/format/time.ts'
import type { Freshness, Level } from '#app/socket/freshness.ts'
import { useHydrated } from '#app/ui/browser-state.ts'
import { classNames } from '#app/ui/class-names.ts'

/**
 * A page: its title with what one can choose, in sight on wide screens; its content; in small print what holds for all of
 * it. `data-alive` says whether it listens to who uses it: what the server has rendered does so only from a moment on.
 */
export function PageFrame({
  title,
  controls,
  note,
  notice = null,
  freshness,
  zone = 'UTC',
  children,
}: {
  title: string
  controls?: ReactNode
  note?: ReactNode
  /** That something else is shown than was asked for. */
  notice?: string | null
  /** Of a page that shows live figures: past a while they are grey, and said to be of a past moment. */
  freshness?: Freshness
  /** Of the times in what is said of them. */
  zone?: string
  children: ReactNode
}) {
  return (
    <>
      <header
        data-alive={useHydrated()}
        className="z-20 flex min-h-15 flex-wrap items-center gap-x-2 gap-y-1.5 bg-bg py-3 lg:sticky lg:top-0"
      >
        {/* What moves all the time stands at the left, so that the controls at the right do not. */}
        <h1
          className={classNames('text-lg font-semibold tracking-[-0.015em]', freshness ? 'mr-2' : 'mr-auto')}
        >
          {title}
        </h1>
        {freshness ? <FreshnessIndicator freshness={freshness} /> : null}
        {controls}
      </header>
      {freshness ? <OldFiguresNote freshness={freshness} zone={zone} /> : null}
      {notice ? <p className="mb-3 rounded-control bg-faint px-3 py-2 text-xs">{notice}</p> : null}
      <div data-figures={freshness?.level}>{children}</div>
      {note ? <p className="mt-3 text-2xs text-muted">{note}</p> : null}
    </>
  )
}

const DOTS: Record<Level, string> = {
  unknown: 'rounded-full border-2 border-muted',
  fresh: 'rounded-full bg-good',
  aging: 'rotate-45 bg-warn',
  old: 'border-2 border-bad',
}

/** Whether what is shown still moves, and how far it is behind. Shape and words say it, not only the colour. */
function FreshnessIndicator({ freshness: { level, isLive, state, detail } }: { freshness: Freshness }) {
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
function OldFiguresNote({
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
