import type { ReactNode } from 'react'
import { classNames } from '#app/ui/class-names.ts'

/** A region for a table whose columns are days, oldest first: where they do not all fit, the newest show first. */
export function DayColumns({
  label,
  className,
  children,
}: {
  label: string
  className?: string
  children: ReactNode
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would say that this is a form
    <div
      ref={scrollToNewest}
      role="region"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls needs focus to be scrolled
      tabIndex={0}
      className={classNames('min-w-0 overflow-x-auto', className)}
    >
      {children}
    </div>
  )
}

function scrollToNewest(region: HTMLElement | null): void {
  if (region) region.scrollLeft = region.scrollWidth
}
