'use client'

import { useQueryStates } from 'nuqs'
import { CurrencyControl } from '#app/controls/currency-control.tsx'
import { StoreControl } from '#app/controls/store-control.tsx'
import { formatAge, zoneLabel } from '#app/format/time.ts'
import { FeedFilter, isOfKind } from '#app/live/feed-filter.tsx'
import { StoresCard } from '#app/live/stores-card.tsx'
import { Tiles } from '#app/live/tiles.tsx'
import { TopProductsCard } from '#app/live/top-products-card.tsx'
import { liveUrlState } from '#app/live/url-state.ts'
import { useLiveBoard } from '#app/live/use-live-board.ts'
import { PageHeading } from '#app/shell/page-heading.tsx'
import { EmptyLog } from '#app/side-by-side/empty-log.tsx'
import { FeedCard } from '#app/side-by-side/feed-card.tsx'
import { MinutesCard } from '#app/side-by-side/minutes-card.tsx'
import { postExample } from '#app/side-by-side/post-example.ts'
import { LiveIndicator } from '#app/socket/live-indicator.tsx'
import { Card } from '#app/ui/card.tsx'
import { CardContent } from '#app/ui/card-content.tsx'
import { SegmentedControl } from '#app/ui/segmented-control.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import { useHydrated } from '#app/ui/use-hydrated.ts'
import { useServerNow } from '#app/ui/use-server-now.ts'

const METRICS = [
  { value: 'net', label: 'Net sales' },
  { value: 'orders', label: 'Orders' },
] as const

const SPANS = [
  { value: '60', label: '60 min' },
  { value: '120', label: '120 min' },
] as const

/** The shop as it is at this moment, from the stream alone: for who stands in it. */
export function LivePage() {
  const [asked, setAsked] = useQueryStates(liveUrlState, { history: 'replace', scroll: false })
  const { overview, resolved, board } = useLiveBoard(asked)
  const serverNow = useServerNow(board)
  const origin = useHydrated() ? window.location.origin : 'http://127.0.0.1:3000'

  if (overview.data === undefined) {
    return (
      <>
        <PageHeading title="Live" />
        <Card title="The shop now">
          <CardContent query={overview} skeleton={<Skeleton className="h-96" />}>
            {() => null}
          </CardContent>
        </Card>
      </>
    )
  }
  const { stores: allStores, demoNote } = overview.data
  const [anyStore] = resolved?.stores ?? allStores
  const example = anyStore ? postExample(origin, anyStore) : null
  if (!resolved || !anyStore || !example) {
    return (
      <>
        <PageHeading title="Live">
          <LiveIndicator behind={null} />
        </PageHeading>
        <EmptyLog hasStores={allStores.length > 0} example={example} />
      </>
    )
  }

  const { scope, zone, currencies } = resolved
  const { stores, currency } = scope
  const show = (part: Partial<typeof asked>) => void setAsked(part)
  return (
    <>
      <PageHeading title="Live">
        <LiveIndicator behind={board.data ? behindText(board.data.lag) : null} />
        <StoreControl stores={allStores} chosen={stores} onChange={store => show({ store })} />
        <CurrencyControl
          currencies={currencies}
          chosen={currency}
          onChange={code => show({ currency: code })}
        />
      </PageHeading>
      <div className="grid gap-3">
        <CardContent query={board} skeleton={<TilesSkeleton />}>
          {data => (
            <Tiles
              board={data}
              now={serverNow ?? data.now}
              stores={stores}
              currency={currency}
              currencies={currencies}
              zone={zone}
            />
          )}
        </CardContent>
        <div className="grid grid-cols-1 gap-3 xl:grid-cols-3">
          <MinutesCard
            metric={asked.metric}
            stores={stores}
            currency={currency}
            zone={zone}
            postExample={example}
            count={asked.minutes}
            heightClass="h-92"
            choice={
              <div className="flex flex-wrap gap-1.5">
                <SegmentedControl
                  label="By minute"
                  segments={METRICS}
                  value={asked.metric}
                  onChange={metric => show({ metric })}
                />
                <SegmentedControl
                  label="Minutes shown"
                  segments={SPANS}
                  value={asked.minutes === 60 ? '60' : '120'}
                  onChange={value => show({ minutes: value === '60' ? 60 : 120 })}
                />
              </div>
            }
            className="xl:col-span-2"
          />
          <FeedCard
            stores={stores}
            allStores={allStores}
            zone={zone}
            postExample={example}
            filter={{
              control: <FeedFilter kind={asked.feed} onKind={feed => show({ feed })} />,
              keeps: (sale, store) => isOfKind(asked.feed, sale, store),
            }}
          />
          {board.data ? (
            <StoresCard
              board={board.data}
              stores={resolved.stores}
              now={serverNow ?? board.data.now}
              zone={zone}
              className="xl:col-span-2"
            />
          ) : (
            <Card title="Stores" className="xl:col-span-2">
              <CardContent query={board} staleNote={false} skeleton={<Skeleton className="h-92" />}>
                {() => null}
              </CardContent>
            </Card>
          )}
          <TopProductsCard
            stores={stores}
            currency={currency}
            minutes={asked.products}
            onMinutes={products => show({ products })}
            zone={zone}
          />
        </div>
        <p className="text-2xs text-muted">
          All figures are the stream's. Days are business days of each store. Times are those of {zone}
          {serverNow === null ? '' : ` (${zoneLabel(serverNow, zone)})`} where no other is named. {demoNote}
        </p>
      </div>
    </>
  )
}

function behindText({ lagEvents, lagMs }: { lagEvents: number; lagMs: number }): string {
  return lagEvents === 0 ? 'up to date' : `${formatAge(lagMs)} behind`
}

/** As tall as the tiles. */
function TilesSkeleton() {
  return (
    <div className="grid grid-cols-1 gap-3 min-[26rem]:grid-cols-2 md:grid-cols-3 xl:grid-cols-6">
      {['minute', 'quarter', 'day', 'pace', 'alerts', 'lag'].map(tile => (
        <Skeleton key={tile} className="h-36" />
      ))}
    </div>
  )
}
