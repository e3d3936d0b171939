'use client'

import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { createSerializer, useQueryStates } from 'nuqs'
import { StoreControl } from '#app/controls/store-control.tsx'
import { zoneLabel } from '#app/format/time.ts'
import { ActorField } from '#app/restock/actor.tsx'
import { AlertsCard } from '#app/restock/alerts-card.tsx'
import { HistoryCard } from '#app/restock/history-card.tsx'
import { ProposalCards } from '#app/restock/proposals.tsx'
import { restockScopeOf } from '#app/restock/restock-scope.ts'
import { SupplierControl } from '#app/restock/supplier-control.tsx'
import { restockUrlState } from '#app/restock/url-state.ts'
import { PageHeading } from '#app/shell/page-heading.tsx'
import { LiveIndicator } from '#app/socket/live-indicator.tsx'
import { useRefreshOnChange } from '#app/socket/use-refresh-on-change.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import { Card } from '#app/ui/card.tsx'
import { CardContent } from '#app/ui/card-content.tsx'
import { SegmentedControl } from '#app/ui/segmented-control.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import { useServerNow } from '#app/ui/use-server-now.ts'

/** What alerts and actions announce is read at once; what is on hand moves with every sale, and is read now and then. */
const CHANGE_GAP_MS = 2_000
const REFRESH_MS = 15_000

const VIEWS = [
  { value: 'alerts', label: 'Shortages' },
  { value: 'order', label: 'To order' },
  { value: 'history', label: 'History' },
] as const

const SEVERITY_CHOICES = [
  { value: 'all', label: 'All' },
  { value: 'critical', label: 'Critical' },
  { value: 'low', label: 'Low' },
] as const

const addressOf = createSerializer(restockUrlState)

/** What is short, what to do about it, and what to order. */
export function RestockPage() {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [asked, setAsked] = useQueryStates(restockUrlState, { history: 'replace', scroll: false })
  const overview = useQuery(trpc.overview.get.queryOptions())
  const stores = overview.data?.stores ?? []
  const scope = restockScopeOf(asked, stores)
  const isKnown = overview.data !== undefined
  const refreshed = { refetchInterval: REFRESH_MS, placeholderData: keepPreviousData }
  const alerts = useQuery({
    ...trpc.restock.alerts.queryOptions(scope),
    ...refreshed,
    enabled: isKnown,
  })
  const proposals = useQuery({
    ...trpc.restock.proposals.queryOptions(scope),
    ...refreshed,
    enabled: isKnown && asked.view === 'order',
  })
  const serverNow = useServerNow(alerts)
  useRefreshOnChange(() => queryClient.invalidateQueries(trpc.restock.pathFilter()), {
    of: 'alerts',
    gapMs: CHANGE_GAP_MS,
  })

  const show = (part: Partial<typeof asked>) => void setAsked(part)
  const chosen = stores.filter(({ store }) => scope.stores.includes(store))
  const zone = (chosen[0] ?? stores[0])?.zone ?? 'UTC'
  const now = serverNow ?? alerts.data?.now ?? 0
  return (
    <>
      <PageHeading title="Restock">
        <LiveIndicator behind={null} />
        <StoreControl stores={stores} chosen={scope.stores} onChange={store => show({ store })} />
        <SupplierControl
          suppliers={alerts.data?.suppliers ?? []}
          chosen={asked.supplier}
          onChange={supplier => show({ supplier })}
        />
      </PageHeading>
      <div className="grid gap-3">
        <div className="flex flex-wrap items-center gap-2">
          <SegmentedControl
            label="Restock shows"
            segments={VIEWS}
            value={asked.view}
            onChange={view => show({ view })}
          />
          <SegmentedControl
            label="Severity"
            segments={SEVERITY_CHOICES}
            value={asked.severity}
            onChange={severity => show({ severity })}
          />
          <div className="sm:ml-auto">
            <ActorField />
          </div>
        </div>
        {isKnown ? (
          view()
        ) : (
          <Card title="Shortages">
            <CardContent query={overview} skeleton={<Skeleton className="h-96" />}>
              {() => null}
            </CardContent>
          </Card>
        )}
        <p className="text-2xs text-muted">
          Stock, shortages and proposals are the stream's. Times are those of {zone}
          {now === 0 ? '' : ` (${zoneLabel(now, zone)})`}. {overview.data?.demoNote}
        </p>
      </div>
    </>
  )

  function view() {
    switch (asked.view) {
      case 'alerts':
        return <AlertsCard query={alerts} stores={stores} now={now} zone={zone} />
      case 'order':
        return (
          <ProposalCards query={proposals} zone={zone} csvHref={addressOf('/restock/orders.csv', asked)} />
        )
      case 'history':
        return <HistoryCard scope={scope} stores={stores} now={now} zone={zone} />
    }
  }
}
