'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useQueryStates } from 'nuqs'
import { PeriodControl } from '#app/controls/period-control.tsx'
import { resolveScope } from '#app/controls/scope.ts'
import { CurrencyControl, StoreControl } from '#app/controls/scope-controls.tsx'
import { formatZone } from '#app/format/time.ts'
import { EmptyLog, usePostExample } from '#app/sales/empty-log.tsx'
import { FeedCard } from '#app/sales/feed-card.tsx'
import { MinutesCard } from '#app/sales/minutes-card.tsx'
import { useOverview } from '#app/shell/overview.ts'
import { PageFrame } from '#app/shell/page-frame.tsx'
import { Figures } from '#app/side-by-side/figures.tsx'
import { FreshnessCard } from '#app/side-by-side/freshness-card.tsx'
import { StepsCard } from '#app/side-by-side/steps-card.tsx'
import { WHY_ID, WhyCard } from '#app/side-by-side/why-card.tsx'
import { useRefreshOnChange } from '#app/socket/refresh.ts'
import { useFreshness } from '#app/socket/use-freshness.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import { WaitingCard } from '#app/ui/card.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import type { Metric } from '#app/url-state.ts'
import { sideBySideState } from '#app/url-state.ts'

/** Ages tick in between by the browser's clock. */
const FRESHNESS_MS = 4_000

/** Never asked: the query is off until the overview says what there is. */
const NO_SCOPE = { from: '', to: '', stores: [], currency: '' }

/** Both answers to the same question, next to each other, and every bit by which they differ. */
export function SideBySidePage() {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [asked, setAsked] = useQueryStates(sideBySideState)
  const overview = useOverview()
  const resolved = overview.data ? resolveScope(overview.data, asked) : null
  const sideBySide = useQuery({
    ...trpc.sideBySide.get.queryOptions(resolved?.scope ?? NO_SCOPE),
    enabled: resolved !== null,
  })
  const freshness = useQuery({ ...trpc.freshness.get.queryOptions(), refetchInterval: FRESHNESS_MS })
  const serverNow = useServerNow(freshness)
  const fresh = useFreshness({
    queries: [freshness],
    told: [overview, sideBySide],
    answered: freshness.data?.live,
  })
  const example = usePostExample(resolved?.stores ?? [])
  useRefreshOnChange(() =>
    Promise.all([
      queryClient.invalidateQueries(trpc.sideBySide.get.pathFilter()),
      queryClient.invalidateQueries(trpc.freshness.pathFilter()),
    ]),
  )

  if (!overview.data) {
    return (
      <PageFrame title="Side by side" freshness={fresh}>
        <WaitingCard title="Figures" query={overview} />
      </PageFrame>
    )
  }
  const { stores: allStores, firstDay, demoNote } = overview.data
  if (!resolved || !firstDay) {
    return (
      <PageFrame title="Side by side" freshness={fresh}>
        <EmptyLog overview={overview.data} />
      </PageFrame>
    )
  }

  const { scope, zone, currencies, newestDay } = resolved
  const { stores, currency } = scope
  const sales = { stores, currency, zone }
  const { metric } = asked
  // A day is open while the stream still expects sales of it.
  const isOpen = sideBySide.data?.hours.some(({ open }) => open) ?? false
  const show = (part: Partial<typeof asked>) => void setAsked(part)
  function explain(about: Metric) {
    show({ metric: about })
    document.getElementById(WHY_ID)?.scrollIntoView()
  }

  return (
    <PageFrame
      title={isOpen ? 'Today so far' : 'Side by side'}
      freshness={fresh}
      zone={zone}
      notice={resolved.notThere}
      controls={
        <>
          <PeriodControl range={scope} first={firstDay} last={newestDay} onChange={show} />
          <StoreControl stores={allStores} chosen={stores} onChange={store => show({ store })} />
          <CurrencyControl
            currencies={currencies}
            chosen={currency}
            onChange={code => show({ currency: code })}
          />
        </>
      }
      note={`Days are business days of each store, both ends of a range included. Times are those of ${formatZone(zone, serverNow)}. ${demoNote ?? ''}`}
    >
      <div className="grid gap-3">
        <Figures
          query={sideBySide}
          currency={currency}
          currencies={currencies}
          zone={zone}
          onExplain={explain}
        />
        <div className="grid grid-cols-1 gap-3 xl:grid-cols-3">
          <StepsCard
            query={sideBySide}
            metric={metric}
            currency={currency}
            zone={zone}
            onMetric={about => show({ metric: about })}
            className="xl:col-span-2"
          />
          <FeedCard scope={sales} allStores={allStores} postExample={example} className="xl:row-span-2" />
          <MinutesCard metric={metric} scope={sales} postExample={example} className="xl:col-span-2" />
        </div>
        <div className="grid grid-cols-1 gap-3 xl:grid-cols-12">
          <WhyCard
            query={sideBySide}
            metric={metric}
            currency={currency}
            stores={allStores}
            zone={zone}
            className="xl:col-span-7"
          />
          <FreshnessCard query={freshness} serverNow={serverNow} zone={zone} className="xl:col-span-5" />
        </div>
      </div>
    </PageFrame>
  )
}
