import { formatMoney } from '#app/format/money.ts'
import { formatCount, NO_FIGURE } from '#app/format/number.ts'
import { formatShortAge, formatTime, zoneLabel } from '#app/format/time.ts'
import {
  areOfLikeMoment,
  dayByStore,
  knownDayOf,
  lastSaleOf,
  openingOf,
  percentChange,
  type StoreDay,
  sumWindows,
} from '#app/live/recent-sales.ts'
import { useLive } from '#app/socket/live.tsx'
import { hasBegun } from '#app/socket/live-state.ts'
import { useKnownUpTo } from '#app/socket/use-freshness.ts'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { BasisPopover, streamBasisOf } from '#app/ui/basis.tsx'
import { Card } from '#app/ui/card.tsx'
import { classNames } from '#app/ui/class-names.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { Chip, demoText, PathTag } from '#app/ui/marks.tsx'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import { formatAmount } from '#domain/money.ts'
import { windowStartOf } from '#domain/window.ts'

const PACE_MINUTES = 15

type Board = RouterOutputs['live']['board']

/** Every store's day at a glance, each in its own currency and by its own clock. */
export function StoresCard({
  board,
  stores,
  now,
  zone,
  className,
}: {
  board: Board
  stores: readonly StoreSummary[]
  now: Instant
  zone: string
  className?: string
}) {
  const { state } = useLive()
  const knownUpTo = useKnownUpTo()
  const isKnown = hasBegun(state) && knownUpTo !== null
  const upTo = knownUpTo ?? board.knownUpTo
  const isCompared = isKnown && areOfLikeMoment(upTo, board)
  const windows = [...state.windows.values()]
  const days = new Map(dayByStore(board, windows).map(day => [`${day.store} ${day.currency}`, day] as const))
  const thisMinute = windowStartOf(upTo)
  const rows = stores.map(store => {
    const entry = board.stores.find(known => known.store === store.store)
    const own = windows.filter(window => window.store === store.store)
    const { orders } = sumWindows(own, {
      stores: [],
      currency: store.currency,
      from: thisMinute - PACE_MINUTES * MINUTE_MS,
      to: thisMinute,
    })
    const day = days.get(`${store.store} ${store.currency}`)
    const today = isKnown ? knownDayOf(store, day) : null
    const lastSale = lastSaleOf(store.store, { sales: state.sales, windows: own, board: entry })
    return {
      store,
      today,
      pace: orders / PACE_MINUTES,
      lastSale,
      change: isCompared && today !== null ? changeOf(day, entry, board.demoSpeeds.today) : NO_FIGURE,
      opening: openingOf(store, { lastSale, usuallyOpen: entry?.usuallyOpen ?? null, now: upTo }),
    }
  })
  return (
    <Card
      title="Stores"
      note={<PathTag path="stream" detail="today so far" />}
      className={classNames('@container', className)}
      actions={
        <BasisPopover
          title="Stores"
          definition="Net sales and orders of each store's business day so far, against the same weekday a week ago up to the same time on its clocks, where that day is on file; of a store that sends its day in a file nothing is known before it has come. Open means that it sold within the last 15 minutes; usually open, that it sold around this time of day one or two weeks ago."
          bases={[
            streamBasisOf({ ...board.basis, watermark: state.watermark ?? board.basis.watermark }, zone),
          ]}
        />
      }
    >
      <DataTable
        caption="Stores today"
        rows={rows}
        rowKey={row => row.store.store}
        columns={[
          { key: 'name', header: 'Store', align: 'left', cell: row => row.store.name },
          {
            key: 'open',
            header: 'Now',
            align: 'left',
            cell: row => <Chip tone={row.opening === 'open' ? 'good' : 'plain'}>{row.opening}</Chip>,
          },
          {
            key: 'clock',
            header: 'Local time',
            cell: row => (
              <>
                {formatTime(now, row.store.zone)}{' '}
                <span className="text-2xs text-muted">{zoneLabel(now, row.store.zone)}</span>
              </>
            ),
          },
          {
            key: 'net',
            header: 'Net today',
            cell: row => (
              <>
                {row.today === null
                  ? NO_FIGURE
                  : formatMoney(formatAmount(row.today.net), row.store.currency)}{' '}
                <span className="text-2xs text-muted">{row.store.currency}</span>
              </>
            ),
          },
          {
            key: 'change',
            header: 'To a week ago',
            cell: row => row.change,
          },
          {
            key: 'orders',
            header: 'Orders',
            cell: row => formatCount(row.today?.orders),
          },
          {
            key: 'pace',
            header: 'A minute',
            // Beside the feed a small screen has no room for eight columns; this one is missed least.
            className: '@max-[42rem]:hidden',
            cell: row => (row.today === null ? NO_FIGURE : row.pace.toFixed(1)),
          },
          {
            key: 'last',
            header: 'Last sale',
            cell: row =>
              row.lastSale === null ? 'none on file' : `${formatShortAge(now - row.lastSale)} ago`,
          },
        ]}
      />
    </Card>
  )
}

/** A store's day against the one a week ago. */
function changeOf(
  day: StoreDay | undefined,
  entry: Board['stores'][number] | undefined,
  demoSpeed: number,
): string {
  if (!day || !entry) return NO_FIGURE
  if (demoSpeed !== 1) return demoText(demoSpeed)
  return entry.isWeekAgoOnFile ? (percentChange(day.today.net, day.weekAgo.net) ?? NO_FIGURE) : 'not on file'
}
