'use client'

import { Toast } from '@base-ui/react/toast'
import { useQueryClient } from '@tanstack/react-query'
import { Bell, BellOff, X } from 'lucide-react'
import Link from 'next/link'
import { useEffect, useRef } from 'react'
import {
  type AlertNames,
  type Announcement,
  announcementsOf,
  detectionAnnouncements,
  isTogether,
  NO_MUTES,
  newDetections,
  newShortages,
  waitingAlerts,
  waitingDetections,
} from '#app/shell/alerts.ts'
import { useSeenOverview } from '#app/shell/overview.ts'
import { useLive } from '#app/socket/live.tsx'
import { hasBegun, type KnownDetection } from '#app/socket/live-state.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import { useStored } from '#app/ui/browser-state.ts'
import { Button, buttonLook } from '#app/ui/button.tsx'
import { Skeleton } from '#app/ui/card.tsx'
import { useNow } from '#app/ui/clock.ts'
import type { LiveAlert } from '#server/web/live/messages.ts'

const SHOWN_MS = 8_000
const MOST_TOASTS = 3

/** New shortages, and what rules find, told on whatever page one is, as they are raised. */
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
  const { state } = useLive()
  return (
    <>
      <ShortageAnnouncer alerts={state.alerts} />
      <DetectionAnnouncer detections={state.detections} />
    </>
  )
}

function ShortageAnnouncer({ alerts }: { alerts: ReadonlyMap<string, LiveAlert> }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const mutes = useSeenOverview('mutes')
  useAnnouncements(
    alerts,
    (before, after) => newShortages(before, after, mutes),
    async ({ raised, all }) =>
      isTogether(all) ? announcementsOf(all, new Map()) : announcementsOf(raised, await namesOf(raised)),
  )
  return null

  /** Without them a toast names ids: it does not wait for a server that is away. */
  async function namesOf(raised: readonly LiveAlert[]): Promise<AlertNames> {
    const alertIds = raised.map(({ alertId }) => alertId)
    const found = await queryClient
      .fetchQuery({ ...trpc.restock.describe.queryOptions({ alertIds }), retry: false })
      .catch(() => [])
    return new Map(found.map(({ alertId, ...names }) => [alertId, names]))
  }
}

function DetectionAnnouncer({ detections }: { detections: ReadonlyMap<string, KnownDetection> }) {
  const stores = useSeenOverview('stores')
  const names = new Map(stores?.map(({ store, name }) => [store, name]))
  useAnnouncements(detections, newDetections, async ({ raised, all }) =>
    detectionAnnouncements(isTogether(all) ? all : raised, names),
  )
  return null
}

/** What is new between two moments. */
type NewsOf<Alert> = (
  before: ReadonlyMap<string, Alert>,
  after: ReadonlyMap<string, Alert>,
) => readonly Alert[]

/** What was just raised, and that with what is still being shown. */
interface Raised<Alert> {
  raised: readonly Alert[]
  all: readonly Alert[]
}

/** Shows alerts of one kind as they are raised: a few one by one, many as one toast, to whose count more are added. */
function useAnnouncements<Alert extends OpenAlert>(
  open: ReadonlyMap<string, Alert>,
  newsOf: NewsOf<Alert>,
  describe: (told: Raised<Alert>) => Promise<Announcement[]>,
): void {
  const toasts = Toast.useToastManager()
  const [isMuted] = useAlertsMuted()
  /** What is being shown: while it stays, more are added to its count. */
  const shown = useRef<Alert[]>([])

  useNewAlerts(open, newsOf, raised => {
    if (!isMuted) void announce(raised)
  })

  async function announce(raised: readonly Alert[]): Promise<void> {
    const all = [...shown.current, ...raised]
    shown.current = all
    const together = isTogether(all)
    if (together) for (const { alertId } of all) toasts.close(alertId)
    for (const { id, title, detail, href } of await describe({ raised, all })) {
      toasts.add({
        id,
        title,
        description: detail,
        data: { href },
        onRemove() {
          shown.current = together ? [] : shown.current.filter(({ alertId }) => alertId !== id)
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

/** Alerts that come close together are told together. */
const GATHERED_MS = 1_000
/** In a rush nobody is told more often than this. */
const GAP_MS = 5_000

/** As far as telling it needs to know an alert. */
interface OpenAlert {
  alertId: string
  /** Somebody has judged it already. */
  isJudged?: boolean
}

/**
 * Calls `tell` with alerts as they are raised, each once: also those raised while the connection was lost,
 * none of those that were open when the page was loaded.
 */
function useNewAlerts<Alert extends OpenAlert>(
  open: ReadonlyMap<string, Alert>,
  newsOf: NewsOf<Alert>,
  tell: (alerts: readonly Alert[]) => void,
): void {
  const { state } = useLive()
  const latest = useRef(tell)
  const known = useRef<ReadonlyMap<string, Alert> | null>(null)
  const gathered = useRef<Alert[]>([])
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const toldAt = useRef(0)

  useEffect(() => {
    latest.current = tell
  })
  useEffect(() => () => clearTimeout(timer.current), [])

  useEffect(() => {
    if (state.cursor === null && known.current === null) return
    const raised = known.current === null ? [] : newsOf(known.current, open)
    known.current = open
    if (raised.length === 0) return
    gathered.current.push(...raised)
    if (timer.current !== undefined) return
    const wait = Math.max(GATHERED_MS, toldAt.current + GAP_MS - Date.now())
    timer.current = setTimeout(() => {
      timer.current = undefined
      toldAt.current = Date.now()
      // What was over, or judged, again before anybody could read it is not news.
      const news = gathered.current.splice(0).filter(({ alertId }) => {
        const now = known.current?.get(alertId)
        return now !== undefined && now.isJudged !== true
      })
      if (news.length > 0) latest.current(news)
    }, wait)
  }, [open, newsOf, state.cursor])
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
