import { Pause, Play } from 'lucide-react'
import { memo, type ReactNode, useState } from 'react'
import type { SalesScope } from '#app/controls/scope.ts'
import { formatDate, formatShortDay } from '#app/format/day.ts'
import { formatMoney } from '#app/format/money.ts'
import { formatCount, plural } from '#app/format/number.ts'
import { formatFullMoment, formatShortAge, formatTime, localDateOf } from '#app/format/time.ts'
import { type Arrival, arrivalOf } from '#app/sales/arrival.ts'
import { useLive } from '#app/socket/live.tsx'
import { hasBegun, type LiveState, saleKey } from '#app/socket/live-state.ts'
import type { StoreSummary } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { Card, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { classNames } from '#app/ui/class-names.ts'
import { Chip, PathTag } from '#app/ui/marks.tsx'
import { showEventId } from '#domain/derived-id.ts'
import { countByRule } from '#domain/notify/words.ts'
import { isCovered } from '#domain/shortage.ts'
import type { LiveSale } from '#server/web/live/messages.ts'

const SHOWN_SALES = 60

/** The newest sales as the stream counts them. Held still by a press, it says how many have passed since. */
export function FeedCard({
  scope: { stores, zone },
  allStores,
  postExample,
  filter,
  className,
}: {
  scope: SalesScope
  allStores: readonly StoreSummary[]
  /** A command that makes a sale. */
  postExample: string | undefined
  /** Shows some of them only, and says which in its control. */
  filter?: { control: ReactNode; keeps: (sale: LiveSale, store: StoreSummary | undefined) => boolean }
  className?: string
}) {
  const { state } = useLive()
  const [held, setHeld] = useState<LiveState | null>(null)
  const shown = held ?? state
  const storeById = new Map(allStores.map(store => [store.store, store]))
  const ofStores = shown.sales.filter(({ store }) => stores.length === 0 || stores.includes(store))
  const inScope = filter ? ofStores.filter(sale => filter.keeps(sale, storeById.get(sale.store))) : ofStores
  const passed = held ? countPassed(held, state) : 0
  return (
    <Card
      title="Live sales"
      note={<PathTag path="stream" />}
      className={className}
      actions={
        <Button kind="quiet" aria-pressed={held !== null} onClick={() => setHeld(held ? null : state)}>
          {held ? <Play className="size-3.5" /> : <Pause className="size-3.5" />}
          {held ? resumeLabel(passed) : 'Pause'}
        </Button>
      }
    >
      {filter ? <div className="mb-2">{filter.control}</div> : null}
      <div className="relative flex min-h-80 grow flex-col">
        {inScope.length > 0 ? (
          <ol
            aria-label="Newest sales first"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls needs focus to be scrolled
            tabIndex={0}
            className={classNames('absolute inset-0 overflow-y-auto', held && 'opacity-70')}
          >
            {inScope.slice(0, SHOWN_SALES).map(sale => (
              <FeedLine key={saleKey(sale)} sale={sale} store={storeById.get(sale.store)} zone={zone} />
            ))}
          </ol>
        ) : !hasBegun(shown) ? (
          <Skeleton className="absolute inset-0" />
        ) : shown.sales.length > 0 ? (
          <EmptyState
            what={`None of the newest sales is ${ofStores.length > 0 ? 'of this kind' : 'of the stores chosen'}.`}
            advice="New ones show as they come."
          />
        ) : (
          <EmptyState
            what="No sale has come by yet."
            advice="Start the simulators with npm run simulate, or send one:"
            command={postExample}
          />
        )}
      </div>
      {/* Room for all lines from the start: a rush must not move what lies below. */}
      <div className="mt-2 grid min-h-14 content-start text-2xs text-muted">
        <p className="line-clamp-2">{hasBegun(state) ? alertsText(state.alerts) : ''}</p>
        {state.salesOmitted > 0 ? (
          // One text: behind a number of its own, the rest would move with each digit more.
          <p className="truncate">{`${formatCount(state.salesOmitted)} more came too fast to list; all are counted`}</p>
        ) : null}
      </div>
    </Card>
  )
}

function resumeLabel(passed: number): string {
  return passed > 0 ? `Resume, ${formatCount(passed)}${passed >= 200 ? '+' : ''} new` : 'Resume'
}

/** Sales in the newer state that the held one does not have. */
function countPassed(held: LiveState, state: LiveState): number {
  if (held.sales === state.sales) return 0
  const known = new Set(held.sales.map(saleKey))
  return state.sales.filter(sale => !known.has(saleKey(sale))).length
}

function alertsText(alerts: LiveState['alerts']): string {
  if (alerts.size === 0) return 'no stock alert open'
  const all = [...alerts.values()]
  const covered = all.filter(isCovered).length
  const onTheWay = covered === 0 ? '' : covered === all.length ? ', on the way' : `, ${covered} on the way`
  return `${plural(alerts.size, 'stock alert')} open: ${countByRule(all)}${onTheWay}`
}

/**
 * One sale of the feed: when it happened, where, what, and its net amount with its sign. Always one line,
 * whatever it holds, so that the lines below move evenly: the store's name comes first, and what has no room
 * beside it is left to the line's title.
 */
const FeedLine = memo(function FeedLine({
  sale,
  store,
  zone,
}: {
  sale: LiveSale
  store: StoreSummary | undefined
  zone: string
}) {
  const negative = sale.net.startsWith('-')
  const place = `${TYPE_PREFIXES[sale.type]}${store?.name ?? sale.store}`
  const items = plural(Math.abs(sale.units), 'item')
  const arrival = arrivalWords(arrivalOf(sale, store), sale, zone)
  return (
    <li
      title={[
        place,
        formatFullMoment(sale.eventTime, zone),
        ...(arrival ? [`${arrival.mark} ${arrival.detail}`] : []),
        items,
        sale.channel,
        `${sale.source} ${showEventId(sale.id)}`,
      ].join(', ')}
      className="grid grid-cols-[auto_1fr_auto] items-baseline border-b border-line py-1 text-xs last:border-0"
    >
      <time dateTime={new Date(sale.eventTime).toISOString()} className="mr-2 text-muted">
        {formatTime(sale.eventTime, zone, { seconds: true })}
      </time>
      {/* The detail wraps where it has no room, and the second row is out of sight: it goes whole or not at all. */}
      <span className="flex h-[1.375rem] min-w-0 flex-wrap items-baseline gap-1.5 overflow-clip">
        <span className="flex min-w-0 max-w-full items-baseline gap-1">
          <span className="truncate">{place}</span>
          {arrival ? <Chip>{arrival.mark}</Chip> : null}
        </span>{' '}
        <span className="text-2xs whitespace-nowrap text-muted">{arrival?.detail ?? items}</span>
      </span>
      <span className={classNames('ml-1 whitespace-nowrap', negative ? 'text-bad' : 'font-medium')}>
        {formatMoney(sale.net, sale.currency)}
        <span className="ml-1 text-2xs font-normal text-muted">{sale.currency}</span>
      </span>
    </li>
  )
})

const TYPE_PREFIXES: Record<LiveSale['type'], string> = {
  'order.placed': '',
  'order.voided': 'Void, ',
  'order.returned': 'Return, ',
}

/** How a sale came, as far as it is worth a word: the word, and what there is to add where there is room. */
function arrivalWords(
  arrival: Arrival,
  sale: LiveSale,
  zone: string,
): { mark: string; detail: string } | null {
  switch (arrival.kind) {
    case 'in-time':
      return null
    case 'late':
      return { mark: 'late', detail: formatShortAge(arrival.byMs) }
    case 'from-file':
      // A file brings sales of any day, and the line begins with the time alone.
      return { mark: 'file', detail: dateText(sale, zone) }
  }
}

/** The sale's date, its year only where it is not that in which it was processed. */
function dateText({ eventTime, processedAt }: LiveSale, zone: string): string {
  const day = localDateOf(eventTime, zone)
  const sameYear = day.slice(0, 4) === localDateOf(processedAt, zone).slice(0, 4)
  return sameYear ? formatShortDay(day) : formatDate(day)
}
