import Link from 'next/link'
import type { ReactNode } from 'react'
import { formatCount, plural } from '#app/format/number.ts'
import { formatFullMoment, formatMoment, formatShortAge } from '#app/format/time.ts'
import { orderAddress } from '#app/restock/orders/order-address.ts'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { classNames } from '#app/ui/class-names.ts'
import { Chip } from '#app/ui/marks.tsx'
import type { Instant } from '#domain/instant.ts'
import { RULE_TITLES } from '#domain/notify/words.ts'
import type { LiveAlert } from '#server/web/live/messages.ts'

export type Shortage = RouterOutputs['restock']['alerts']['alerts'][number]

export interface Clock {
  zone: string
  now: Instant
}

/** Of a shelf that holds as much the bar is full. */
const FULL_DAYS = 14

/** What lies on the shelf, and for how many days it lasts as a bar. */
export function OnHand({
  shortage: { onHand, daysOfCover },
}: {
  shortage: Pick<Shortage, 'onHand' | 'daysOfCover'>
}) {
  return (
    <span className="inline-grid w-20 gap-1 text-right">
      <span>
        {formatCount(onHand)}{' '}
        <span className="text-2xs text-muted">{daysOfCover === null ? '' : daysText(daysOfCover)}</span>
      </span>
      {daysOfCover === null ? null : (
        <span aria-hidden="true" className="block h-1 rounded-full bg-line">
          <span
            className={classNames('block h-1 rounded-full', daysOfCover < 1 ? 'bg-bad' : 'bg-stream')}
            style={{ width: `${Math.min(100, (100 * daysOfCover) / FULL_DAYS)}%` }}
          />
        </span>
      )}
    </span>
  )
}

function daysText(days: number): string {
  return days < 10 ? `${days.toFixed(1)} d` : `${formatCount(Math.round(days))} d`
}

/** When the shelf is empty, with the range in which it is in four cases of five. */
export function RunsOut({ shortage, zone, now }: { shortage: Shortage } & Clock) {
  const { onHand, projectedStockoutAt: at, stockoutEarlyAt: early, stockoutLateAt: late } = shortage
  if (onHand <= 0) return <span className="text-bad">empty now</span>
  if (at === null) return <span className="text-muted">not foreseen</span>
  const range =
    early === null || late === null
      ? null
      : `${formatMoment(early, zone, now)} – ${formatMoment(late, zone, now)}`
  return (
    <span title={formatFullMoment(at, zone)}>
      {formatMoment(at, zone, now)}
      {range === null ? null : (
        <span className="block">
          <span className="inline-block max-w-28 text-2xs whitespace-normal text-muted">{range}</span>
        </span>
      )}
    </span>
  )
}

/** What can help, the delivery that is due first or an order that is placed now, and for how long the shelf is empty before. */
export function Coming({ shortage, zone, now }: { shortage: Shortage } & Clock) {
  const { delivery, orderArrivesAt } = shortage
  if (delivery === null) {
    if (orderArrivesAt === null) return <span className="text-muted">nothing is on order</span>
    return (
      <span title={formatFullMoment(orderArrivesAt, zone)}>
        {formatMoment(orderArrivesAt, zone, now)}
        <span className="block text-2xs text-muted">if ordered now</span>
        <Gap shortage={shortage} />
      </span>
    )
  }
  const { expectedAt, open } = delivery
  const isLate = expectedAt !== null && expectedAt < now
  return (
    <span>
      {expectedAt === null ? 'day not said' : formatMoment(expectedAt, zone, now)}
      <span className={classNames('block text-2xs', isLate ? 'text-bad' : 'text-muted')}>
        {plural(open, 'unit')}
        {isLate ? ', late' : ''}
      </span>
      {isLate ? null : <Gap shortage={shortage} />}
    </span>
  )
}

/** For how long the shelf is empty before something can come; red only where it is. */
function Gap({ shortage: { marginMs } }: { shortage: Pick<Shortage, 'marginMs'> }) {
  if (marginMs === null) return null
  return marginMs < 0 ? (
    <span className="block text-2xs font-medium text-bad">{formatShortAge(-marginMs)} empty</span>
  ) : (
    <span className="block text-2xs text-muted">{formatShortAge(marginMs)} in time</span>
  )
}

/** How many to order, in whole packs, and of whom. */
export function ToOrder({ shortage: { orderUnits, supplierName } }: { shortage: Shortage }) {
  return (
    <span>
      {orderUnits === null ? <span className="text-muted">no level set</span> : formatCount(orderUnits)}
      <span className="ml-auto block max-w-28 truncate text-2xs text-muted" title={supplierName ?? ''}>
        {supplierName ?? 'no supplier'}
      </span>
    </span>
  )
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-muted">{name}</dt>
      <dd className="text-xs">{children}</dd>
    </div>
  )
}

/** One above the other: a row is as high as its buttons anyway, and the width is needed. */
export function ProductAndStore({
  shortage: { sku, productName },
  storeName,
}: {
  shortage: Pick<Shortage, 'sku' | 'productName'>
  storeName: string
}) {
  return (
    <span className="block min-w-36 whitespace-normal">
      {productName ?? sku}
      <span className="block text-2xs text-muted">
        {productName === null ? storeName : `${sku}, ${storeName}`}
      </span>
    </span>
  )
}

export function ProductName({ alert }: { alert: Pick<Shortage, 'sku' | 'productName'> }) {
  return (
    <span className="inline-flex max-w-full flex-wrap items-baseline gap-x-2">
      {alert.productName === null ? null : <span className="truncate">{alert.productName}</span>}
      <span className={alert.productName === null ? '' : 'text-2xs text-muted'}>{alert.sku}</span>
    </span>
  )
}

/** Who said what about it, and when. */
export function Handling({
  alert: { state, handling, delivery, mutedFor },
  zone,
  now,
}: {
  alert: Pick<Shortage, 'state' | 'handling' | 'delivery' | 'mutedFor'>
  zone: string
  now: Instant
}) {
  if (state === 'ordered' || state === 'received') {
    return <Ordered state={state} delivery={delivery} zone={zone} now={now} />
  }
  if (state === 'muted') return <span className="text-2xs text-muted">muted: {mutedFor}</span>
  if (handling === null || state === 'open') return <span className="text-2xs text-muted">nobody yet</span>
  const by = handling.by ?? 'somebody'
  return (
    <span
      className="block text-2xs wrap-anywhere whitespace-normal text-muted"
      title={formatFullMoment(handling.at, zone)}
    >
      {handlingText(handling, by, { zone, now })}
    </span>
  )
}

function handlingText(
  { kind, until, at, reason }: NonNullable<Shortage['handling']>,
  by: string,
  { zone, now }: { zone: string; now: Instant },
): string {
  switch (kind) {
    case 'acknowledged':
      return `acknowledged by ${by}, ${formatMoment(at, zone, now)}`
    case 'snoozed':
      return `snoozed by ${by} until ${until === null ? 'it is over' : formatMoment(until, zone, now)}`
    case 'dismissed':
      return `dismissed by ${by}: ${reason}`
  }
}

/** What is on its way, and when it is to be there. */
function Ordered({
  state,
  delivery,
  zone,
  now,
}: {
  state: 'ordered' | 'received'
  delivery: Shortage['delivery']
  zone: string
  now: Instant
}) {
  const what = state === 'received' ? 'received in part' : 'ordered'
  if (delivery === null) return <span className="text-2xs text-muted">{what}</span>
  const { purchaseOrder, isOnBoard, expectedAt } = delivery
  const isLate = expectedAt !== null && expectedAt < now
  return (
    <span className="block text-2xs wrap-anywhere whitespace-normal text-muted">
      {what}
      {expectedAt === null ? '' : `, ${isLate ? 'was due' : 'comes'} ${formatMoment(expectedAt, zone, now)}`}
      {isOnBoard ? (
        <>
          {' '}
          <Link
            href={orderAddress(purchaseOrder)}
            className="whitespace-nowrap underline underline-offset-2 hover:text-text"
          >
            {purchaseOrder}
          </Link>
        </>
      ) : null}
    </span>
  )
}

export function storeName(stores: readonly StoreSummary[], id: string): string {
  return stores.find(({ store }) => store === id)?.name ?? id
}

/** How short a product is, in words; the critical ones stand out. */
export function RuleChip({ rule }: { rule: LiveAlert['rule'] }) {
  return <Chip tone={rule === 'low_stock' ? 'plain' : 'bad'}>{RULE_TITLES[rule]}</Chip>
}
