'use client'

import { Dialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { buttonLook } from '#app/ui/button.tsx'

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
              <X aria-hidden="true" className="size-4" />
            </Dialog.Close>
          </div>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
