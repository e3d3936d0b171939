import { memo } from 'react'
import { formatDate } from '#app/format/day.ts'
import { formatMoney } from '#app/format/money.ts'
import { plural } from '#app/format/number.ts'
import { formatShortAge, formatTime, localDateOf } from '#app/format/time.ts'
import { type Arrival, arrivalOf } from '#app/side-by-side/arrival.ts'
import { Chip } from '#app/ui/chip.tsx'
import { classNames } from '#app/ui/class-names.ts'
import type { LiveSale, StoreSummary } from '#server/serving/shapes.ts'

/**
 * One sale of the feed: when it happened, where, what, and its net amount with its sign. Always one line,
 * whatever it holds, so that the lines below move evenly.
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
  const arrival = arrivalOf(sale, store)
  return (
    <li
      title={`${sale.source} ${sale.id}, ${plural(Math.abs(sale.units), 'item')}, ${sale.channel}`}
      className="grid grid-cols-[auto_1fr_auto] items-baseline gap-x-3 border-b border-line py-1.5 text-xs last:border-0"
    >
      <time dateTime={new Date(sale.eventTime).toISOString()} className="text-muted">
        {formatTime(sale.eventTime, zone, { seconds: true })}
      </time>
      <span className="flex min-w-0 items-baseline gap-x-2">
        <span className="truncate">
          {TYPE_PREFIXES[sale.type]}
          {store?.name ?? sale.store}
        </span>
        {arrival.kind === 'in-time' ? (
          <span className="text-2xs whitespace-nowrap text-muted">
            {plural(Math.abs(sale.units), 'item')}
          </span>
        ) : (
          <ArrivalChip arrival={arrival} sale={sale} zone={zone} />
        )}
      </span>
      <span className={classNames('whitespace-nowrap', negative ? 'text-bad' : 'font-medium')}>
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

function ArrivalChip({
  arrival,
  sale,
  zone,
}: {
  arrival: Exclude<Arrival, { kind: 'in-time' }>
  sale: LiveSale
  zone: string
}) {
  switch (arrival.kind) {
    case 'late':
      return <Chip>late {formatShortAge(arrival.byMs)}</Chip>
    case 'from-file':
      // A file brings sales of any day, and the line has room for the time alone.
      return <Chip>file, {formatDate(localDateOf(sale.eventTime, zone))}</Chip>
  }
}
