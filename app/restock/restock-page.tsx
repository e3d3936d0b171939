'use client'

import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { useQueryStates } from 'nuqs'
import { ActorField } from '#app/controls/actor.tsx'
import { StoreControl } from '#app/controls/scope-controls.tsx'
import { formatZone } from '#app/format/time.ts'
import { AlertsCard } from '#app/restock/alerts-card.tsx'
import { DeliveriesCard } from '#app/restock/deliveries-card.tsx'
import { HistoryCard } from '#app/restock/history-card.tsx'
import { PricesView } from '#app/restock/prices/prices-view.tsx'
import { ProposalCards } from '#app/restock/proposals.tsx'
import { restockScopeOf } from '#app/restock/restock-scope.ts'
import { useOverview } from '#app/shell/overview.ts'
import { PageFrame } from '#app/shell/page-frame.tsx'
import { useRefreshOnChange } from '#app/socket/refresh.ts'
import { useFreshness } from '#app/socket/use-freshness.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import { buttonLook } from '#app/ui/button.tsx'
import { WaitingCard } from '#app/ui/card.tsx'
import { ChoiceControl, SegmentedControl } from '#app/ui/choice.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { orderFileAddress, restockState } from '#app/url-state.ts'

/** What alerts and actions announce is read at once; what is on hand moves with every sale, and is read now and then. */
const CHANGE_GAP_MS = 2_000
const REFRESH_MS = 15_000

const VIEWS = [
  { value: 'alerts', label: 'Shortages' },
  { value: 'order', label: 'To order' },
  { value: 'deliveries', label: 'Deliveries' },
  { value: 'prices', label: 'Prices' },
  { value: 'history', label: 'History' },
] as const

/** What stands where a view will be, as long as it is not known what there is to choose from. */
const TITLES: Record<(typeof VIEWS)[number]['value'], string> = {
  alerts: 'Needs you',
  order: 'To order',
  deliveries: 'Deliveries beyond their orders',
  prices: 'Prices that would clear it',
  history: 'Resolved shortages',
}

const SEVERITIES = [
  { value: 'all', label: 'All' },
  { value: 'critical', label: 'Critical' },
  { value: 'low', label: 'Low' },
] as const

/** What is short, what to do about it, and what to order. */
export function RestockPage() {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [asked, setAsked] = useQueryStates(restockState)
  const overview = useOverview()
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
  const freshness = useFreshness({
    queries: [alerts, ...(asked.view === 'order' ? [proposals] : [])],
    told: [overview],
    answered: alerts.data?.stand,
  })
  useRefreshOnChange(() => queryClient.invalidateQueries(trpc.restock.pathFilter()), {
    of: 'alerts',
    gapMs: CHANGE_GAP_MS,
  })

  const show = (part: Partial<typeof asked>) => void setAsked(part)
  const chosen = stores.filter(({ store }) => scope.stores.includes(store))
  const zone = (chosen[0] ?? stores[0])?.zone ?? 'UTC'
  const now = serverNow ?? alerts.data?.now ?? 0
  return (
    <PageFrame
      title="Restock"
      freshness={freshness}
      zone={zone}
      controls={
        <>
          <StoreControl stores={stores} chosen={scope.stores} onChange={store => show({ store })} />
          <ChoiceControl
            label="Supplier"
            choices={[
              { value: '', label: 'All suppliers' },
              ...(alerts.data?.suppliers ?? []).map(({ supplier, name }) => ({
                value: supplier,
                label: name,
              })),
            ]}
            chosen={asked.supplier ?? ''}
            onChange={supplier => show({ supplier: supplier || null })}
          />
        </>
      }
      note={`Stock, shortages and proposals are the stream's. Times are those of ${formatZone(zone, now === 0 ? null : now)}. ${overview.data?.demoNote ?? ''}`}
    >
      <div className="grid gap-3">
        <div className="flex flex-wrap items-center gap-2">
          <SegmentedControl
            label="Restock shows"
            segments={VIEWS}
            value={asked.view}
            onChange={view => show({ view })}
            className="max-w-full flex-wrap"
          />
          <SegmentedControl
            label="Severity"
            segments={SEVERITIES}
            value={asked.severity}
            onChange={severity => show({ severity })}
          />
          <div className="flex flex-wrap items-center gap-2 sm:ml-auto">
            <ActorField />
            <Link href="/restock/orders" className={buttonLook()}>
              Orders
            </Link>
          </div>
        </div>
        {isKnown ? view() : <WaitingCard title={TITLES[asked.view]} query={overview} />}
      </div>
    </PageFrame>
  )

  function view() {
    switch (asked.view) {
      case 'alerts':
        return <AlertsCard query={alerts} stores={stores} now={now} zone={zone} />
      case 'order':
        return (
          <ProposalCards
            query={proposals}
            zone={zone}
            csvHref={orderFileAddress('/restock/orders.csv', asked)}
          />
        )
      case 'deliveries':
        return <DeliveriesCard scope={scope} stores={stores} now={now} zone={zone} />
      case 'prices':
        return <PricesView scope={scope} stores={stores} now={now} zone={zone} />
      case 'history':
        return <HistoryCard scope={scope} stores={stores} now={now} zone={zone} />
    }
  }
}
