'use client'

import { useEffect, useRef } from 'react'
import { newlyOpened } from '#app/alerts/waiting-alerts.ts'
import { useLive } from '#app/socket/live-provider.tsx'
import type { LiveAlert } from '#server/web/live/messages.ts'

/** Alerts that come close together are told together. */
const GATHERED_MS = 1_000
/** In a rush nobody is told more often than this. */
const GAP_MS = 5_000

/**
 * Calls `tell` with alerts as they are raised, each once: also those raised while the connection was lost,
 * none of those that were open when the page was loaded.
 */
export function useNewAlerts(tell: (alerts: readonly LiveAlert[]) => void): void {
  const { state } = useLive()
  const latest = useRef(tell)
  const known = useRef<ReadonlyMap<string, LiveAlert> | null>(null)
  const gathered = useRef<LiveAlert[]>([])
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const toldAt = useRef(0)

  useEffect(() => {
    latest.current = tell
  })
  useEffect(() => () => clearTimeout(timer.current), [])

  useEffect(() => {
    if (state.cursor === null && known.current === null) return
    const raised = known.current === null ? [] : newlyOpened(known.current, state.alerts)
    known.current = state.alerts
    if (raised.length === 0) return
    gathered.current.push(...raised)
    if (timer.current !== undefined) return
    const wait = Math.max(GATHERED_MS, toldAt.current + GAP_MS - Date.now())
    timer.current = setTimeout(() => {
      timer.current = undefined
      toldAt.current = Date.now()
      // What was over again before anybody could read it is not news.
      const open = gathered.current.splice(0).filter(({ alertId }) => known.current?.has(alertId))
      if (open.length > 0) latest.current(open)
    }, wait)
  }, [state.alerts, state.cursor])
}
