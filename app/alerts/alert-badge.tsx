'use client'

import { waitingAlerts } from '#app/alerts/waiting-alerts.ts'
import { useLive } from '#app/socket/live-provider.tsx'
import { useNow } from '#app/ui/use-now.ts'

const MOST_COUNTED = 999

/** How many alerts wait for somebody, beside the link to them; nothing for none. */
export function AlertBadge() {
  const { state } = useLive()
  const now = useNow()
  const count = waitingAlerts(state.alerts, now ?? 0).length
  if (count === 0) return null
  return (
    <span className="ml-auto min-w-6 rounded-full bg-bad-soft px-1.5 text-center text-2xs font-medium text-bad">
      {count > MOST_COUNTED ? `${MOST_COUNTED}+` : count}
      <span className="sr-only"> open alerts</span>
    </span>
  )
}
