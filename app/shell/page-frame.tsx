import type { ReactNode } from 'react'

/** A page: its title with what one can choose, in sight on wide screens; its content; in small print what holds for all of it. */
export function PageFrame({
  title,
  controls,
  note,
  children,
}: {
  title: string
  controls?: ReactNode
  note?: ReactNode
  children: ReactNode
}) {
  return (
    <>
      <header className="z-20 flex min-h-15 flex-wrap items-center gap-x-2 gap-y-1.5 bg-bg py-3 lg:sticky lg:top-0">
        <h1 className="mr-auto text-lg font-semibold tracking-[-0.015em]">{title}</h1>
        {controls}
      </header>
      {children}
      {note ? <p className="mt-3 text-2xs text-muted">{note}</p> : null}
    </>
  )
}
