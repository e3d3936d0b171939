'use client'

import { Popover } from '@base-ui/react/popover'
import type { ReactNode } from 'react'
import { classNames } from '#app/ui/class-names.ts'

/** The panel of every popover: beside its trigger, inside the screen, closed by Escape or a press outside. */
export function Popup({
  title,
  hideTitle = false,
  align = 'start',
  className,
  children,
}: {
  title: string
  hideTitle?: boolean
  align?: 'start' | 'center' | 'end'
  className?: string
  children: ReactNode
}) {
  return (
    <Popover.Portal>
      <Popover.Positioner sideOffset={6} collisionPadding={8} align={align} className="z-40">
        <Popover.Popup
          className={classNames(
            'max-h-[min(var(--available-height),40rem)] max-w-[min(var(--available-width),26rem)] overflow-y-auto rounded-card border border-line bg-panel p-4 text-sm shadow-popup outline-none motion-safe:transition-opacity duration-100 data-ending-style:opacity-0 data-starting-style:opacity-0',
            className,
          )}
        >
          <Popover.Title className={hideTitle ? 'sr-only' : 'mb-1 text-sm font-semibold'}>
            {title}
          </Popover.Title>
          {children}
        </Popover.Popup>
      </Popover.Positioner>
    </Popover.Portal>
  )
}
