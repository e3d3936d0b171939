'use client'

import { Dialog } from '@base-ui/react/dialog'
import { Menu, X } from 'lucide-react'
import { useState } from 'react'
import { MuteSwitch } from '#app/alerts/mute-switch.tsx'
import { Brand } from '#app/shell/brand.tsx'
import { LogOutButton } from '#app/shell/log-out-button.tsx'
import { PageLinks } from '#app/shell/page-links.tsx'
import { ThemeSwitch } from '#app/shell/theme-switch.tsx'
import { TourButton } from '#app/tour/tour-button.tsx'
import { buttonLook } from '#app/ui/button.tsx'

/** The navigation of phones and small tablets: a bar above the page, its menu a panel from the side. */
export function TopBar() {
  const [open, setOpen] = useState(false)
  return (
    <header className="sticky top-0 z-30 flex items-center justify-between border-b border-line bg-bg px-4 py-2 lg:hidden">
      <Brand />
      <Dialog.Root open={open} onOpenChange={setOpen}>
        <Dialog.Trigger aria-label="Menu" className={buttonLook({ kind: 'icon', className: '-mr-2' })}>
          <Menu aria-hidden="true" className="size-5" />
        </Dialog.Trigger>
        <Dialog.Portal>
          <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/40 motion-safe:transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
          <Dialog.Popup className="fixed inset-y-0 right-0 z-50 flex w-72 max-w-[85vw] flex-col gap-4 border-l border-line bg-panel p-4 shadow-popup outline-none motion-safe:transition-transform duration-150 data-ending-style:translate-x-full data-starting-style:translate-x-full">
            <div className="flex items-center justify-between">
              <Dialog.Title className="px-2.5 text-sm font-semibold">Menu</Dialog.Title>
              <Dialog.Close aria-label="Close the menu" className={buttonLook({ kind: 'icon' })}>
                <X aria-hidden="true" className="size-5" />
              </Dialog.Close>
            </div>
            <nav aria-label="Pages">
              <PageLinks onNavigate={() => setOpen(false)} />
            </nav>
            <div className="mt-auto grid gap-0.5">
              <TourButton onStart={() => setOpen(false)} />
              <MuteSwitch />
              <LogOutButton />
              <div className="px-2.5 pt-2">
                <ThemeSwitch />
              </div>
            </div>
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
    </header>
  )
}
