import type { ReactNode } from 'react'

/** The title of a page, with what one can choose on it. Stays in sight on wide screens. */
export function PageHeading({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <header className="z-20 flex min-h-15 flex-wrap items-center gap-x-2 gap-y-1.5 bg-bg py-3 lg:sticky lg:top-0">
      <h1 className="mr-auto text-lg font-semibold tracking-[-0.015em]">{title}</h1>
      {children}
    </header>
  )
}
