'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useQueryStates } from 'nuqs'
import { resolveScope } from '#app/controls/scope.ts'
import { CurrencyControl, StoreControl } from '#app/controls/scope-controls.tsx'
import { formatZone } from '#app/format/time.ts'
import { BasketPairsCard } from '#app/live/basket-pairs-card.tsx'
import { SessionsCard } from '#app/live/sessions-card.tsx'
import { StoresCard } from '#app/live/stores-card.tsx'
import { Tiles } from '#app/live/tiles.tsx'
import { TopCategoriesCard, TopProductsCard } from '#app/live/top-products-card.tsx'
import { isOfKind } from '#app/sales/arrival.ts'
import { EmptyLog, usePostExample } from '#app/sales/empty-log.tsx'
import { FeedCard } from '#app/sales/feed-card.tsx'
import { MinutesCard } from '#app/sales/minutes-card.tsx'
import { useOverview } from '#app/shell/overview.ts'
import { PageFrame } from '#app/shell/page-frame.tsx'
import { useFreshness } from '#app/socket/use-freshness.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import { CardContent, Skeleton, WaitingCard } from '#app/ui/card.tsx'
import { SegmentedControl } from '#app/ui/choice.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { type FeedKind, liveState } from '#app/url-state.ts'

/** What is older than the socket's two hours moves slowly: comparisons, and revisions of the morning. */
const BOARD_AGE_MS = 15_000

const METRICS = [
  { value: 'net', label: 'Net sales' },
  { value: 'orders', label: 'Orders' },
] as const

const SPANS = [
  { value: '60', label: '60 min' },
  { value: '120', label: '120 min' },
] as const

const FEED_KINDS = [
  { value: 'all', label: 'All' },
  { value: 'orders', label: 'Orders' },
  { value: 'returns', label: 'Returns' },
  { value: 'voids', label: 'Voids' },
  { value: 'late', label: 'Late' },
] as const satisfies { value: FeedKind; label: string }[]

/** The shop as it is at this moment, from the stream alone: for who stands in it. */
export function LivePage() {
  const trpc = useTRPC()
  const [asked, setAsked] = useQueryStates(liveState)
  const overview = useOverview()
  const resolved = overview.data ? resolveScope(overview.data, { ...asked, from: null, to: null }) : null
  const board = useQuery({
    ...trpc.live.board.queryOptions({ stores: resolved?.scope.stores ?? [] }),
    enabled: resolved !== null,
    refetchInterval: BOARD_AGE_MS,
    staleTime: BOARD_AGE_MS,
    placeholderData: keepPreviousData,
  })
  const serverNow = useServerNow(board)
  const freshness = useFreshness({ queries: [board], told: [overview] })
  const example = usePostExample(resolved?.stores ?? [])

  if (!overview.data) {
    return (
      <PageFrame title="Live" freshness={freshness}>
        <WaitingCard title="The shop now" query={overview} />
      </PageFrame>
    )
  }
  const { stores: allStores, demoNote } = overview.data
  if (!resolved) {
    return (
      <PageFrame title="Live" freshness={freshness}>
        <EmptyLog overview={overview.data} />
      </PageFrame>
    )
  }

  const { scope, zone, currencies } = resolved
  const { stores, currency } = scope
  const sales = { stores, currency, zone }
  const show = (part: Partial<typeof asked>) => void setAsked(part)
  return (
    <PageFrame
      title="Live"
      freshness={freshness}
      zone={zone}
      notice={resolved.notThere}
      controls={
        <>
          <StoreControl stores={allStores} chosen={stores} onChange={store => show({ store })} />
          <CurrencyControl
            currencies={currencies}
            chosen={currency}
            onChange={code => show({ currency: code })}
          />
        </>
      }
      note={`All figures are the stream's. Days are business days of each store. Times are those of ${formatZone(zone, serverNow)} where no other is named. ${demoNote ?? ''}`}
    >
      <div className="grid gap-3">
        <CardContent query={board} skeleton={<TilesSkeleton />}>
          {data => <Tiles board={data} freshness={freshness} scope={sales} currencies={currencies} />}
        </CardContent>
        <div className="grid grid-cols-1 gap-3 xl:grid-cols-3">
          <MinutesCard
            metric={asked.metric}
            scope={sales}
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
            scope={sales}
            allStores={allStores}
            postExample={example}
            filter={{
              control: (
                <SegmentedControl
                  label="Show"
                  segments={FEED_KINDS}
                  value={asked.feed}
                  onChange={feed => show({ feed })}
                />
              ),
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
            <WaitingCard title="Stores" query={board} heightClass="h-92" className="xl:col-span-2" />
          )}
          <TopProductsCard
            scope={sales}
            allStores={allStores}
            minutes={asked.products}
            onMinutes={products => show({ products })}
          />
          <TopCategoriesCard scope={sales} minutes={asked.products} />
          <SessionsCard scope={sales} allStores={allStores} />
          <BasketPairsCard scope={sales} />
        </div>
      </div>
    </PageFrame>
  )
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
