'use client'

import { useQuery } from '@tanstack/react-query'
import { useQueryStates } from 'nuqs'
import { ActorField } from '#app/controls/actor.tsx'
import { formatZone } from '#app/format/time.ts'
import { BrowserCard } from '#app/notifications/browser-card.tsx'
import { DeliveriesCard } from '#app/notifications/deliveries-card.tsx'
import { OutboxCard } from '#app/notifications/outbox-card.tsx'
import { SubscriptionsCard } from '#app/notifications/subscriptions-card.tsx'
import { ToldCard } from '#app/notifications/told-card.tsx'
import { useOverview } from '#app/shell/overview.ts'
import { PageFrame } from '#app/shell/page-frame.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import { SegmentedControl } from '#app/ui/choice.tsx'
import { notificationsState } from '#app/url-state.ts'

const REFRESH_MS = 10_000

const VIEWS = [
  { value: 'subscriptions', label: 'Who is told' },
  { value: 'told', label: 'Told here' },
  { value: 'deliveries', label: 'Deliveries' },
  { value: 'outbox', label: 'Outbox' },
] as const

/** Who is told of alerts, by which way and when; what was told, and what could not be. */
export function NotificationsPage() {
  const trpc = useTRPC()
  const [asked, setAsked] = useQueryStates(notificationsState)
  const overview = useOverview()
  const list = useQuery({ ...trpc.notifications.subscriptions.queryOptions(), refetchInterval: REFRESH_MS })
  const stores = overview.data?.stores ?? []
  const zone = stores[0]?.zone ?? 'UTC'
  return (
    <PageFrame
      title="Notifications"
      controls={<ActorField />}
      note={`Shortages and what rules found are told once each, and once more when they become critical. Times are those of ${formatZone(zone, list.data?.now ?? null)}. ${overview.data?.demoNote ?? ''}`}
    >
      <div className="grid gap-3">
        <SegmentedControl
          label="Notifications shows"
          segments={VIEWS}
          value={asked.view}
          onChange={view => void setAsked({ view, delivery: null })}
          className="justify-self-start"
        />
        {view()}
      </div>
    </PageFrame>
  )

  function view() {
    switch (asked.view) {
      case 'subscriptions':
        return (
          <>
            <SubscriptionsCard query={list} stores={stores} zone={zone} />
            <BrowserCard query={list} />
          </>
        )
      case 'told':
        return <ToldCard zone={zone} />
      case 'deliveries':
        return (
          <DeliveriesCard
            zone={zone}
            opened={asked.delivery}
            onOpen={delivery => void setAsked({ delivery })}
          />
        )
      case 'outbox':
        return <OutboxCard zone={zone} sendsMail={list.data?.sendsMail ?? null} />
    }
  }
}
