import { Dialog } from '@base-ui/react/dialog'
import { Popover } from '@base-ui/react/popover'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { buttonLook } from '#app/ui/button.tsx'
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
      <Popover.Positioner sideOffset={6} collisionPadding={8} align={align} className="z-60">
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

/** A panel over the page, closed by Escape or a press outside; its content scrolls within. */
export function DialogFrame({
  isOpen,
  title,
  description,
  onClose,
  children,
}: {
  isOpen: boolean
  title: string
  description: ReactNode
  onClose: () => void
  children: ReactNode
}) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={open => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/40 motion-safe:transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Dialog.Popup className="fixed inset-x-2 top-2 bottom-2 z-50 m-auto flex max-h-[46rem] max-w-5xl flex-col rounded-card border border-line bg-panel p-4 shadow-popup outline-none sm:inset-x-6 sm:top-6 sm:bottom-6">
          <div className="mb-3 flex items-start justify-between gap-3">
            <div className="min-w-0">
              <Dialog.Title className="text-sm font-semibold wrap-anywhere">{title}</Dialog.Title>
              <Dialog.Description className="text-2xs text-muted wrap-anywhere">
                {description}
              </Dialog.Description>
            </div>
            <Dialog.Close aria-label="Close" className={buttonLook({ kind: 'icon' })}>
              <X className="size-4" />
            </Dialog.Close>
          </div>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
