'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useQueryStates } from 'nuqs'
import { AlertDialog } from '#app/alerts/alert-dialog.tsx'
import { AlertListCard } from '#app/alerts/alert-list-card.tsx'
import { alertScopeOf, chosenStores, rangeOf } from '#app/alerts/alert-scope.ts'
import { KIND_TITLES } from '#app/alerts/alert-words.ts'
import { RatesCard } from '#app/alerts/rates-card.tsx'
import { RulesCard } from '#app/alerts/rules-card.tsx'
import { ActorField } from '#app/controls/actor.tsx'
import { StoreControl } from '#app/controls/scope-controls.tsx'
import { formatZone } from '#app/format/time.ts'
import { useOverview } from '#app/shell/overview.ts'
import { PageFrame } from '#app/shell/page-frame.tsx'
import { useRefreshOnChange } from '#app/socket/refresh.ts'
import { useFreshness } from '#app/socket/use-freshness.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import { WaitingCard } from '#app/ui/card.tsx'
import { ChoiceControl, SegmentedControl } from '#app/ui/choice.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { ALERT_DAYS, alertsState } from '#app/url-state.ts'
import { ALERT_KINDS } from '#domain/operators/alert.ts'

const REFRESH_MS = 15_000
const CHANGE_GAP_MS = 2_000

const VIEWS = [
  { value: 'waiting', label: 'Needs a person' },
  { value: 'history', label: 'History' },
  { value: 'rates', label: 'Rates' },
  { value: 'rules', label: 'Rules' },
] as const

/** What rules found and what people make of it; how often each rule was right; the rules themselves. */
export function AlertsPage() {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [asked, setAsked] = useQueryStates(alertsState)
  const overview = useOverview()
  const stores = overview.data?.stores ?? []
  const rules = useQuery({ ...trpc.alerts.rules.queryOptions(), refetchInterval: REFRESH_MS })
  const now = useServerNow(rules) ?? rules.data?.now ?? 0
  // What waits is asked for on every view: it tells how far the figures are known.
  const waiting = useQuery({
    ...trpc.alerts.list.queryOptions({
      scope: alertScopeOf({ ...asked, view: 'waiting' }, stores, now),
    }),
    refetchInterval: REFRESH_MS,
    enabled: overview.data !== undefined,
  })
  const freshness = useFreshness({
    queries: [waiting, rules],
    told: [overview],
    answered: waiting.data?.stand,
  })
  useRefreshOnChange(() => queryClient.invalidateQueries(trpc.alerts.pathFilter()), {
    of: 'detections',
    gapMs: CHANGE_GAP_MS,
  })

  const show = (part: Partial<typeof asked>) => void setAsked(part)
  const chosen = chosenStores(asked.store, stores)
  const zone = (stores.find(({ store }) => chosen.includes(store)) ?? stores[0])?.zone ?? 'UTC'
  const isKnown = overview.data !== undefined && rules.data !== undefined
  return (
    <PageFrame
      title="Alerts"
      freshness={freshness}
      zone={zone}
      controls={<StoreControl stores={stores} chosen={chosen} onChange={store => show({ store })} />}
      note={`What the stream's rules raise, and what the batch path finds across stores. Times are those of ${formatZone(zone, now === 0 ? null : now)}. ${overview.data?.demoNote ?? ''}`}
    >
      <div className="grid gap-3">
        <div className="flex flex-wrap items-center gap-2">
          <SegmentedControl
            label="Alerts shows"
            segments={VIEWS}
            value={asked.view}
            onChange={view => show({ view })}
          />
          {asked.view === 'waiting' ? null : (
            <SegmentedControl
              label="How far back"
              segments={ALERT_DAYS.map(days => ({ value: String(days), label: `${days} days` }))}
              value={String(asked.days)}
              onChange={days => show({ days: ALERT_DAYS.find(known => String(known) === days) ?? 28 })}
            />
          )}
          {asked.view === 'waiting' || asked.view === 'history' ? (
            <>
              <ChoiceControl
                label="Kind"
                choices={[
                  { value: '', label: 'All kinds' },
                  ...ALERT_KINDS.map(kind => ({ value: kind as string, label: KIND_TITLES[kind] })),
                ]}
                chosen={asked.kind ?? ''}
                onChange={kind => show({ kind: ALERT_KINDS.find(known => known === kind) ?? null })}
              />
              <ChoiceControl
                label="Rule"
                choices={[
                  { value: '', label: 'All rules' },
                  ...(rules.data?.rules ?? []).map(({ name, title }) => ({ value: name, label: title })),
                ]}
                chosen={asked.rule ?? ''}
                onChange={rule => show({ rule: rule || null })}
              />
            </>
          ) : null}
          <div className="sm:ml-auto">
            <ActorField />
          </div>
        </div>
        {isKnown ? view() : <WaitingCard title="Alerts" query={overview.data ? rules : overview} />}
      </div>
      <AlertDialog
        alertId={asked.alert}
        onClose={() => show({ alert: null })}
        stores={stores}
        rules={rules.data?.rules ?? []}
        now={now}
      />
    </PageFrame>
  )

  function view() {
    const known = { stores, rules: rules.data?.rules ?? [], now, zone }
    switch (asked.view) {
      case 'waiting':
      case 'history':
        return (
          <AlertListCard
            key={asked.view}
            scope={alertScopeOf(asked, stores, now)}
            onOpen={alert => show({ alert })}
            onOf={of => show({ of })}
            isOld={freshness.level === 'old'}
            {...known}
          />
        )
      case 'rates':
        return <RatesCard range={{ stores: chosen, ...rangeOf(asked.days, now) }} {...known} />
      case 'rules':
        return <RulesCard query={rules} range={{ stores: chosen, ...rangeOf(asked.days, now) }} {...known} />
    }
  }
}
