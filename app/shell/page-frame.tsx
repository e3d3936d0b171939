import type { ReactNode } from 'react'
import { FreshnessIndicator, OldFiguresNote } from '#app/shell/freshness-marks.tsx'
import type { Freshness } from '#app/socket/freshness.ts'
import { classNames } from '#app/ui/class-names.ts'

/** A page: its title with what one can choose, in sight on wide screens; its content; in small print what holds for all of it. */
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
      <header className="z-20 flex min-h-15 flex-wrap items-center gap-x-2 gap-y-1.5 bg-bg py-3 lg:sticky lg:top-0">
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
