'use client'

import { Dialog } from '@base-ui/react/dialog'
import { LogOut, Menu, Monitor, Moon, Sun, X } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useTheme } from 'next-themes'
import { useState } from 'react'
import { PersonControl } from '#app/controls/actor.tsx'
import { DetectionBadge, MuteSwitch, ShortageBadge } from '#app/shell/alert-toasts.tsx'
import { useSeenOverview } from '#app/shell/overview.ts'
import { PAGES } from '#app/shell/pages.ts'
import { TourButton } from '#app/shell/tour.tsx'
import { useHydrated } from '#app/ui/browser-state.ts'
import { Button, buttonLook } from '#app/ui/button.tsx'
import { SegmentedControl } from '#app/ui/choice.tsx'

/** The navigation beside the page, where there is room for it. `data-alive` as of a page: it listens before the page does. */
export function SideBar() {
  return (
    <header
      data-alive={useHydrated()}
      className="sticky top-0 hidden h-dvh w-52 shrink-0 flex-col border-r border-line px-3 py-4 lg:flex print:hidden"
    >
      <div className="px-2.5 pt-1 pb-5">
        <Brand />
      </div>
      <nav aria-label="Pages">
        <PageLinks />
      </nav>
      <div className="mt-auto grid gap-0.5 pt-4">
        <Settings />
      </div>
    </header>
  )
}

/** The navigation of phones and small tablets: a bar above the page, its menu a panel from the side. */
export function TopBar() {
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  return (
    <header className="sticky top-0 z-30 flex items-center justify-between border-b border-line bg-bg px-4 py-2 lg:hidden print:hidden">
      <Brand />
      <Dialog.Root open={open} onOpenChange={setOpen}>
        <Dialog.Trigger aria-label="Menu" className={buttonLook({ kind: 'icon', className: '-mr-2' })}>
          <Menu className="size-5" />
        </Dialog.Trigger>
        <Dialog.Portal>
          <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/40 motion-safe:transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
          <Dialog.Popup className="fixed inset-y-0 right-0 z-50 flex w-72 max-w-[85vw] flex-col gap-4 border-l border-line bg-panel p-4 shadow-popup outline-none motion-safe:transition-transform duration-150 data-ending-style:translate-x-full data-starting-style:translate-x-full">
            <div className="flex items-center justify-between">
              <Dialog.Title className="px-2.5 text-sm font-semibold">Menu</Dialog.Title>
              <Dialog.Close aria-label="Close the menu" className={buttonLook({ kind: 'icon' })}>
                <X className="size-5" />
              </Dialog.Close>
            </div>
            <nav aria-label="Pages">
              <PageLinks onNavigate={close} />
            </nav>
            <div className="mt-auto grid gap-0.5">
              <Settings onStart={close} />
            </div>
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
    </header>
  )
}

/** The mark holds both paths: the bar of batch, the line of stream. */
function Brand() {
  return (
    <span className="flex items-center gap-2 text-[0.9375rem] font-semibold tracking-[-0.01em]">
      <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true" className="size-5">
        <rect x="1" y="11" width="7" height="8" rx="1.5" className="fill-batch" />
        <path
          d="M9 15c2-9 5 5 10-9"
          fill="none"
          strokeWidth="2.6"
          strokeLinecap="round"
          className="stroke-stream"
        />
      </svg>
      Tillstream
    </span>
  )
}

function PageLinks({ onNavigate }: { onNavigate?: () => void }) {
  const pathname = usePathname()
  return (
    <ul className="grid gap-0.5">
      {PAGES.map(({ href, title, icon: Icon }) => (
        <li key={href}>
          <Link
            href={href}
            onClick={onNavigate}
            aria-current={pathname === href || pathname.startsWith(`${href}/`) ? 'page' : undefined}
            className="flex min-h-9 items-center gap-2.5 rounded-[7px] px-2.5 text-sm text-muted hover:text-text aria-[current]:bg-faint aria-[current]:font-medium aria-[current]:text-text pointer-coarse:min-h-11"
          >
            <Icon className="size-4" />
            {title}
            {href === '/restock' ? <ShortageBadge /> : null}
            {href === '/alerts' ? <DetectionBadge /> : null}
          </Link>
        </li>
      ))}
    </ul>
  )
}

/** What is not a page. */
function Settings({ onStart }: { onStart?: () => void }) {
  return (
    <>
      <TourButton onStart={onStart} />
      <MuteSwitch />
      <LogOutButton />
      <PersonControl className="grid min-w-0 gap-1 px-2.5 pt-1 text-2xs text-muted" />
      <div className="px-2.5 pt-2">
        <ThemeSwitch />
      </div>
    </>
  )
}

/** Ends the login of this browser, where the dashboard asks for one. A form: the answer takes the page's place. */
function LogOutButton() {
  if (!useSeenOverview('asksPassword')) return null
  return (
    <form method="post" action="/logout">
      <Button kind="quiet" type="submit" className="w-full justify-start gap-2.5 px-2.5">
        <LogOut className="size-4" />
        Log out
      </Button>
      <Button
        kind="quiet"
        type="submit"
        formAction="/logout?everywhere"
        title="Ends every login there is"
        className="w-full justify-start gap-2.5 px-2.5"
      >
        <LogOut className="size-4" />
        Log out everywhere
      </Button>
    </form>
  )
}

const THEMES = [
  { value: 'light', name: 'Light', label: <Sun className="size-4" /> },
  { value: 'system', name: 'As the system', label: <Monitor className="size-4" /> },
  { value: 'dark', name: 'Dark', label: <Moon className="size-4" /> },
] as const

type Theme = (typeof THEMES)[number]['value']

/** Light, dark, or what the system says. Only the browser knows the choice, so none is marked before it does. */
function ThemeSwitch() {
  const { theme, setTheme } = useTheme()
  const chosen = useHydrated() ? ((theme ?? 'system') as Theme) : null
  return <SegmentedControl label="Theme" segments={THEMES} value={chosen} onChange={setTheme} />
}
