'use client'

import { CurrencyControl } from '#app/controls/currency-control.tsx'
import { PeriodControl } from '#app/controls/period-control.tsx'
import { StoreControl } from '#app/controls/store-control.tsx'
import { plural } from '#app/format/number.ts'
import { formatAge, zoneLabel } from '#app/format/time.ts'
import { PageHeading } from '#app/shell/page-heading.tsx'
import { EmptyLog } from '#app/side-by-side/empty-log.tsx'
import { FeedCard } from '#app/side-by-side/feed-card.tsx'
import { Figures } from '#app/side-by-side/figures.tsx'
import { FreshnessCard } from '#app/side-by-side/freshness-card.tsx'
import type { Metric } from '#app/side-by-side/metrics.ts'
import { MinutesCard } from '#app/side-by-side/minutes-card.tsx'
import { postExample } from '#app/side-by-side/post-example.ts'
import { StepsCard } from '#app/side-by-side/steps-card.tsx'
import { useSideBySide } from '#app/side-by-side/use-side-by-side.ts'
import { useUrlState } from '#app/side-by-side/use-url-state.ts'
import { WhyCard } from '#app/side-by-side/why-card.tsx'
import { LiveIndicator } from '#app/socket/live-indicator.tsx'
import type { Freshness } from '#app/trpc/router-outputs.ts'
import { Card } from '#app/ui/card.tsx'
import { CardContent } from '#app/ui/card-content.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import { useHydrated } from '#app/ui/use-hydrated.ts'
import { useServerNow } from '#app/ui/use-server-now.ts'

const WHY_ID = 'why-they-differ'

/** Both answers to the same question, next to each other, and every bit by which they differ. */
export function SideBySidePage() {
  const [asked, setAsked] = useUrlState()
  const { overview, resolved, sideBySide, freshness } = useSideBySide(asked)
  const serverNow = useServerNow(freshness)
  const origin = useHydrated() ? window.location.origin : 'http://127.0.0.1:3000'

  if (overview.data === undefined) {
    return (
      <>
        <PageHeading title="Side by side" />
        <Card title="Figures">
          <CardContent query={overview} skeleton={<Skeleton className="h-96" />}>
            {() => null}
          </CardContent>
        </Card>
      </>
    )
  }
  const { stores: allStores, firstDay, demoNote } = overview.data
  const [anyStore] = resolved?.stores ?? allStores
  const example = anyStore ? postExample(origin, anyStore) : null
  if (!resolved || !anyStore || !firstDay || !example) {
    return (
      <>
        <PageHeading title="Side by side">
          <LiveIndicator behind={null} />
        </PageHeading>
        <EmptyLog hasStores={allStores.length > 0} example={example} />
      </>
    )
  }

  const { scope, zone, currencies, newestDay } = resolved
  const { currency } = scope
  const { metric } = asked
  // A day is open while the stream still expects sales of it.
  const isOpen = sideBySide.data?.hours.some(({ open }) => open) ?? false
  const show = (part: Partial<typeof asked>) => void setAsked(part)
  function explain(about: Metric) {
    show({ metric: about })
    document.getElementById(WHY_ID)?.scrollIntoView()
  }

  return (
    <>
      <PageHeading title={isOpen ? 'Today so far' : 'Side by side'}>
        <LiveIndicator behind={freshness.data ? behindText(freshness.data.stream) : null} />
        <PeriodControl range={scope} first={firstDay} last={newestDay} onChange={show} />
        <StoreControl stores={allStores} chosen={scope.stores} onChange={store => show({ store })} />
        <CurrencyControl
          currencies={currencies}
          chosen={currency}
          onChange={code => show({ currency: code })}
        />
      </PageHeading>
      <div className="grid gap-3">
        <Figures query={sideBySide} currency={currency} zone={zone} onExplain={explain} />
        <div className="grid grid-cols-1 gap-3 xl:grid-cols-3">
          <StepsCard
            query={sideBySide}
            metric={metric}
            currency={currency}
            zone={zone}
            onMetric={about => show({ metric: about })}
            className="xl:col-span-2"
          />
          <FeedCard
            stores={scope.stores}
            allStores={allStores}
            zone={zone}
            postExample={example}
            className="xl:row-span-2"
          />
          <MinutesCard
            metric={metric}
            stores={scope.stores}
            currency={currency}
            zone={zone}
            postExample={example}
            className="xl:col-span-2"
          />
        </div>
        <div className="grid grid-cols-1 gap-3 xl:grid-cols-12">
          <WhyCard
            id={WHY_ID}
            query={sideBySide}
            metric={metric}
            currency={currency}
            zone={zone}
            className="xl:col-span-7"
          />
          <FreshnessCard query={freshness} serverNow={serverNow} zone={zone} className="xl:col-span-5" />
        </div>
        <p className="text-2xs text-muted">
          Days are business days of each store, both ends of a range included. Times are those of {zone}
          {serverNow === null ? '' : ` (${zoneLabel(serverNow, zone)})`}. {demoNote}
        </p>
      </div>
    </>
  )
}

function behindText({ lagEvents, lagMs }: Freshness['stream']): string {
  if (lagEvents === 0) return 'up to date'
  return `${plural(lagEvents, 'event')} behind, ${formatAge(lagMs)}`
}
