import { type ReactNode, useId } from 'react'
import { classNames } from '#app/ui/class-names.ts'

/** A titled panel. Its content goes through `CardContent`, which knows loading, empty and error. */
export function Card({
  title,
  unit,
  note,
  actions,
  compact = false,
  className,
  children,
}: {
  title: string
  /** What the figures in it are counted in, e.g. `EUR`. */
  unit?: string
  /** A quiet remark at the end of the title's line. */
  note?: ReactNode
  actions?: ReactNode
  /** Title and actions stay on one line. */
  compact?: boolean
  className?: string
  children: ReactNode
}) {
  const headingId = useId()
  return (
    <section
      aria-labelledby={headingId}
      className={classNames(
        'flex min-w-0 flex-col rounded-card border border-line bg-panel p-4 shadow-card',
        compact && 'pt-2.5',
        className,
      )}
    >
      <div
        className={classNames(
          'flex min-h-8 items-center gap-x-3 gap-y-1.5',
          compact ? 'mb-1.5 gap-x-1' : 'mb-3 flex-wrap',
        )}
      >
        <h2
          id={headingId}
          className={classNames(
            'font-semibold tracking-[-0.006em]',
            compact ? 'text-xs leading-tight' : 'text-sm',
          )}
        >
          {title}
          {unit ? (
            <>
              {' '}
              <span className="ml-0.5 text-2xs font-normal text-muted">{unit}</span>
            </>
          ) : null}
        </h2>
        {note ? <p className="text-2xs text-muted">{note}</p> : null}
        {actions ? <div className="ml-auto flex items-center gap-1.5">{actions}</div> : null}
      </div>
      {children}
    </section>
  )
}
