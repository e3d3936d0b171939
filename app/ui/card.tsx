import { type ReactNode, useId } from 'react'
import { classNames } from '#app/ui/class-names.ts'

/** A titled panel. Its content goes through `CardContent`, which knows loading, empty and error. */
export function Card({
  title,
  unit,
  note,
  actions,
  className,
  children,
}: {
  title: string
  /** What the figures in it are counted in, e.g. `EUR`. */
  unit?: string
  /** A quiet remark at the end of the title's line. */
  note?: ReactNode
  actions?: ReactNode
  className?: string
  children: ReactNode
}) {
  const headingId = useId()
  return (
    <section
      aria-labelledby={headingId}
      className={classNames(
        'flex min-w-0 flex-col rounded-card border border-line bg-panel p-4 shadow-card',
        className,
      )}
    >
      <div className="mb-3 flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1.5">
        <h2 id={headingId} className="text-sm font-semibold tracking-[-0.006em]">
          {title}
          {unit ? <span className="ml-1.5 text-2xs font-normal text-muted">{unit}</span> : null}
        </h2>
        {note ? <p className="text-2xs text-muted">{note}</p> : null}
        {actions ? <div className="ml-auto flex flex-wrap items-center gap-1.5">{actions}</div> : null}
      </div>
      {children}
    </section>
  )
}
