'use client'

import { Toast } from '@base-ui/react/toast'
import { Bell, BellOff, X } from 'lucide-react'
import Link from 'next/link'
import { useRef } from 'react'
import { NO_MUTES, waitingAlerts, waitingDetections } from '#app/shell/alerts.ts'
import { announcementsOf, type Notice } from '#app/shell/notices.ts'
import { useSeenOverview } from '#app/shell/overview.ts'
import { notify } from '#app/shell/system-notifications.ts'
import { useNotices } from '#app/shell/use-notices.ts'
import { useLive } from '#app/socket/live.tsx'
import { hasBegun } from '#app/socket/live-state.ts'
import { useStored } from '#app/ui/browser-state.ts'
import { Button, buttonLook } from '#app/ui/button.tsx'
import { Skeleton } from '#app/ui/card.tsx'
import { useNow } from '#app/ui/clock.ts'

const SHOWN_MS = 8_000
const MOST_TOASTS = 3

/** What one is told of alerts, on whatever page one is, as they are raised. */
export function AlertToasts() {
  return (
    <Toast.Provider limit={MOST_TOASTS} timeout={SHOWN_MS}>
      <Announcer />
      <Toast.Portal>
        {/*
         * On a phone a toast lies on the bar at the top, beside the menu's button: the one place without
         * anything to press. On larger screens in the corner.
         */}
        <Toast.Viewport className="fixed z-40 flex flex-col gap-2 max-lg:top-1 max-lg:right-14 max-lg:left-2 lg:right-4 lg:bottom-4 lg:w-88">
          <Toasts />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function Announcer() {
  const toasts = Toast.useToastManager()
  const [isMuted] = useAlertsMuted()
  /** What is being shown: while it stays, more are added to its count. */
  const shown = useRef<Notice[]>([])
  /** The toasts that say it; others are on their way out, for they were taken into a count. */
  const saying = useRef<ReadonlySet<string>>(new Set())

  useNotices('app', {
    waitsForLook: true,
    show: notices => {
      if (!isMuted) announce(notices)
    },
  })
  useNotices('browser', { waitsForLook: false, show: notices => void notify(announcementsOf(notices)) })
  return null

  function announce(notices: readonly Notice[]): void {
    const all = [...shown.current, ...notices]
    const announcements = announcementsOf(all)
    const ids = new Set(announcements.map(({ id }) => id))
    shown.current = all
    saying.current = ids
    for (const { alertId } of all) if (!ids.has(alertId)) toasts.close(alertId)
    for (const { id, title, detail, href } of announcements) {
      toasts.add({
        id,
        title,
        description: detail,
        data: { href },
        onRemove() {
          if (!saying.current.has(id)) return
          const isAlone = all.some(({ alertId }) => alertId === id)
          shown.current = isAlone ? shown.current.filter(({ alertId }) => alertId !== id) : []
        },
      })
    }
  }
}

function Toasts() {
  const { toasts, close } = Toast.useToastManager()
  return toasts.map(toast => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      swipeDirection={['right', 'up']}
      className="flex items-center gap-2 rounded-card border border-line bg-panel pl-3 shadow-popup outline-none data-limited:hidden motion-safe:transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0 max-lg:not-first:hidden lg:items-start lg:py-2"
    >
      <Link
        href={(toast.data as { href: string } | undefined)?.href ?? '/restock'}
        onClick={() => close(toast.id)}
        className="min-w-0 grow self-stretch text-xs hover:underline max-lg:flex max-lg:items-center"
      >
        <Toast.Title className="truncate font-medium lg:whitespace-normal" />
        <Toast.Description className="text-2xs text-muted max-lg:sr-only" />
      </Link>
      <Toast.Close
        aria-label="Dismiss"
        // It can be seen and pressed at any time, not only while the toasts have the focus.
        aria-hidden={false}
        className={buttonLook({ kind: 'icon', className: 'shrink-0 pointer-coarse:min-h-9' })}
      >
        <X className="size-4" />
      </Toast.Close>
    </Toast.Root>
  ))
}

/** Whether new alerts are kept from popping up, in this browser. */
function useAlertsMuted(): [isMuted: boolean, setMuted: (muted: boolean) => void] {
  const [stored, store] = useStored('tillstream.alerts-muted')
  return [stored === 'yes', muted => store(muted ? 'yes' : null)]
}

/** Mutes the toasts. The count in the navigation stays. */
export function MuteSwitch() {
  const [isMuted, setMuted] = useAlertsMuted()
  return (
    <Button
      kind="quiet"
      className="w-full justify-start gap-2.5 px-2.5"
      aria-pressed={isMuted}
      onClick={() => setMuted(!isMuted)}
    >
      {isMuted ? <BellOff className="size-4" /> : <Bell className="size-4" />}
      Mute new alerts
    </Button>
  )
}

const MOST_COUNTED = 999

/** How many shortages wait for somebody, beside the link to them. */
export function ShortageBadge() {
  const { state } = useLive()
  const now = useNow()
  const mutes = useSeenOverview('mutes') ?? NO_MUTES
  return <CountBadge count={hasBegun(state) ? waitingAlerts(state.alerts, now ?? 0, mutes).length : null} />
}

/** How many alerts of rules nobody has judged, beside the link to them. */
export function DetectionBadge() {
  const { state } = useLive()
  const count = hasBegun(state) ? waitingDetections(state.detections).length : null
  return <CountBadge count={count} isMore={state.hasMoreDetections} />
}

/** Nothing for none, a place for it while it is not known. */
function CountBadge({ count, isMore = false }: { count: number | null; isMore?: boolean }) {
  if (count === null) {
    return (
      <span className="ml-auto">
        <Skeleton className="h-4 w-6 rounded-full" />
        <span className="sr-only">open alerts not known yet</span>
      </span>
    )
  }
  if (count === 0) return null
  return (
    <span className="ml-auto min-w-6 rounded-full bg-bad-soft px-1.5 text-center text-2xs font-medium text-bad">
      {count > MOST_COUNTED || isMore ? `${Math.min(count, MOST_COUNTED)}+` : count}
      <span className="sr-only"> open alerts</span>
    </span>
  )
}
