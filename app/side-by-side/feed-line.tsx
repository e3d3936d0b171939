import { memo } from 'react'
import { formatDate, formatShortDay } from '#app/format/day.ts'
import { formatMoney } from '#app/format/money.ts'
import { plural } from '#app/format/number.ts'
import { formatFullMoment, formatShortAge, formatTime, localDateOf } from '#app/format/time.ts'
import { type Arrival, arrivalOf } from '#app/side-by-side/arrival.ts'
import type { StoreSummary } from '#app/trpc/router-outputs.ts'
import { Chip } from '#app/ui/chip.tsx'
import { classNames } from '#app/ui/class-names.ts'
import type { LiveSale } from '#server/web/live/messages.ts'

/**
 * One sale of the feed: when it happened, where, what, and its net amount with its sign. Always one line,
 * whatever it holds, so that the lines below move evenly: the store's name comes first, and what has no room
 * beside it is left to the line's title.
 */
export const FeedLine = memo(function FeedLine({
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
        `${sale.source} ${sale.id}`,
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
