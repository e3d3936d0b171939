import { TriangleAlert } from 'lucide-react'
import Link from 'next/link'
import { type ReactNode, useState } from 'react'
import { formatCount, plural } from '#app/format/number.ts'
import { formatFullMoment, formatMoment, formatShortAge } from '#app/format/time.ts'
import { type Act, AlertActions, useAct } from '#app/restock/alert-actions.tsx'
import { orderAddress } from '#app/restock/orders/order-address.ts'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { BasisPopover, streamBasisOf } from '#app/ui/basis.tsx'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, type CardQuery, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { Chip, PathTag } from '#app/ui/marks.tsx'
import type { Instant } from '#domain/instant.ts'
import { RULE_TITLES } from '#domain/notify/words.ts'
import type { LiveAlert } from '#server/web/live/messages.ts'

/** A page of the list: more than anybody works through at once. */
const SHOWN = 50

type Alerts = RouterOutputs['restock']['alerts']

/** The shortages there are: those that need somebody, the ones nobody has seen first, and those that are on their way. */
export function AlertsCard(props: {
  query: CardQuery<Alerts>
  stores: readonly StoreSummary[]
  now: Instant
  zone: string
}) {
  const { query } = props
  const covered = query.data?.alerts.filter(({ isCovered }) => isCovered).length ?? 0
  return (
    <>
      <ShortagesCard
        {...props}
        title="Needs you"
        detail={query.data ? countsText(query.data) : undefined}
        definition="One product in one store: nothing on hand, more sold than there was, or a shelf that will be empty before the next delivery can help, by what lies on it and how fast it sells now; where no demand is forecast, the reorder point of its policy reached. And not as much is on order as would end that. It opens with the event that first made it true and ends with the one that no longer does. Acknowledging or snoozing it changes nothing about the stock; it tells colleagues that somebody knows."
        isShown={({ isCovered }) => !isCovered}
        empty={
          query.data
            ? covered > 0
              ? { what: 'Nothing needs you.', advice: 'What is short is on order: see below.' }
              : noShortage(query.data.stock)
            : null
        }
      />
      {covered > 0 ? (
        <ShortagesCard
          {...props}
          title="On its way"
          detail={plural(covered, 'shortage')}
          definition="Shortages that end once what is on order has come: on hand with what is on order is above the reorder point, or above nothing where there is none. They are not counted beside Restock."
          isShown={({ isCovered }) => isCovered}
          empty={null}
        />
      ) : null}
    </>
  )
}

function ShortagesCard({
  query,
  stores,
  now,
  zone,
  title,
  detail,
  definition,
  isShown,
  empty,
}: {
  query: CardQuery<Alerts>
  stores: readonly StoreSummary[]
  now: Instant
  zone: string
  title: string
  detail: string | undefined
  definition: string
  isShown: (alert: Alert) => boolean
  empty: { what: string; advice: string } | null
}) {
  const { act, isActing, failure } = useAct()
  const [shown, setShown] = useState(SHOWN)
  return (
    <Card
      title={title}
      note={<PathTag path="stream" detail={detail} className="max-sm:whitespace-normal" />}
      actions={
        <BasisPopover
          title={title}
          definition={definition}
          bases={query.data && [streamBasisOf(query.data.basis, zone)]}
        />
      }
    >
      {failure ? (
        <p role="alert" className="mb-2 flex items-center gap-1.5 text-2xs text-bad">
          <TriangleAlert className="size-3.5 shrink-0" />
          {failure}
        </p>
      ) : null}
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-96" />}
        isEmpty={({ alerts }) => !alerts.some(isShown)}
        empty={empty ? <EmptyState {...empty} /> : null}
      >
        {data => {
          const alerts = data.alerts.filter(isShown)
          return (
            <>
              <AlertList
                title={title}
                alerts={alerts.slice(0, shown)}
                stores={stores}
                now={now}
                zone={zone}
                act={act}
                busy={isActing}
              />
              {alerts.length > shown ? (
                <div className="mt-3 flex items-center justify-between gap-3 text-2xs text-muted">
                  {plural(alerts.length - shown, 'more shortage')}
                  <Button onClick={() => setShown(shown + SHOWN)}>Show more</Button>
                </div>
              ) : null}
            </>
          )
        }}
      </CardContent>
    </Card>
  )
}

/** No open shortage means enough only where the stock is known. Of what was chosen above. */
export function noShortage({ known, unknown, withoutPolicy }: Alerts['stock']): {
  what: string
  advice: string
} {
  if (known === 0) {
    return {
      what: 'No stock is known.',
      advice:
        'Whether anything is short cannot be told before a count or a first delivery of what was chosen above.',
    }
  }
  const limits = [
    ...(withoutPolicy > 0
      ? [`${formatCount(withoutPolicy)} of these have no reorder point: only out of stock would show.`]
      : []),
    ...(unknown > 0 ? [`Of ${formatCount(unknown)} more the stock is not known.`] : []),
  ]
  return {
    what: `No shortage among the ${plural(known, 'product')} of stores whose stock is known.`,
    advice: limits.join(' '),
  }
}

function countsText({
  alerts,
  counts: { outOfStock, oversold, runningOut, low, acknowledged, snoozed, dismissed, muted },
  stock,
}: Pick<Alerts, 'alerts' | 'counts' | 'stock'>): string {
  if (stock.known === 0 && alerts.length === 0) return 'no stock known'
  const parts = [
    `${outOfStock} out of stock`,
    `${oversold} oversold`,
    ...(runningOut > 0 || low === 0 ? [`${runningOut} running out`] : []),
    ...(low > 0 ? [`${low} low`] : []),
    ...(acknowledged > 0 ? [`${acknowledged} acknowledged`] : []),
    ...(snoozed > 0 ? [`${snoozed} snoozed`] : []),
    ...(dismissed > 0 ? [`${dismissed} dismissed`] : []),
    ...(muted > 0 ? [`${muted} muted`] : []),
  ]
  return parts.join(', ')
}

type Alert = RouterOutputs['restock']['alerts']['alerts'][number]

interface Shown {
  title: string
  alerts: readonly Alert[]
  stores: readonly StoreSummary[]
  now: Instant
  zone: string
  act: Act
  busy: boolean
}

/** The same alerts as a table where there is room for all of it, else as a list whose actions are in reach of a thumb. */
function AlertList(shown: Shown) {
  return (
    <div className="@container">
      <div className="flex flex-col @max-[60rem]:hidden">
        <AlertTable {...shown} />
      </div>
      <ul
        aria-label={shown.title}
        className="grid grid-cols-1 gap-x-8 @min-[40rem]:grid-cols-2 @min-[60rem]:hidden"
      >
        {shown.alerts.map(alert => (
          <AlertItem key={alert.alertId} alert={alert} {...shown} />
        ))}
      </ul>
    </div>
  )
}

function AlertTable({ title, alerts, stores, now, zone, act, busy }: Shown) {
  return (
    <DataTable
      caption={title}
      rows={alerts}
      rowKey={({ alertId }) => alertId}
      columns={[
        { key: 'rule', header: 'Shortage', align: 'left', cell: ({ rule }) => <RuleChip rule={rule} /> },
        {
          key: 'product',
          header: 'Product',
          align: 'left',
          cell: alert => <ProductAndNumber alert={alert} />,
        },
        {
          key: 'store',
          header: 'Store',
          align: 'left',
          cell: ({ store }) => (
            <span className="block max-w-40 truncate" title={storeName(stores, store)}>
              {storeName(stores, store)}
            </span>
          ),
        },
        { key: 'hand', header: 'On hand', cell: ({ onHand }) => formatCount(onHand) },
        { key: 'order', header: 'On order', cell: ({ onOrder }) => formatCount(onOrder) },
        { key: 'point', header: 'Reorder at', cell: ({ reorderPoint }) => formatCount(reorderPoint) },
        {
          key: 'opened',
          header: 'Opened',
          cell: ({ openedAt }) => (
            <span title={formatFullMoment(openedAt, zone)}>{formatMoment(openedAt, zone, now)}</span>
          ),
        },
        {
          key: 'path',
          header: 'Raised by',
          align: 'left',
          className: 'hidden @min-[70rem]:table-cell',
          cell: ({ raisedBy }) => <PathTag path={raisedBy} />,
        },
        {
          key: 'state',
          header: 'Taken care of',
          align: 'left',
          cell: alert => <Handling alert={alert} zone={zone} now={now} />,
        },
        { key: 'act', header: 'Action', cell: alert => <AlertActions alert={alert} act={act} busy={busy} /> },
      ]}
    />
  )
}

function AlertItem({ alert, stores, now, zone, act, busy }: Shown & { alert: Alert }) {
  const { rule, onHand, onOrder, reorderPoint, openedAt } = alert
  return (
    <li className="border-t border-line py-3 text-xs first:border-t-0 @min-[40rem]:nth-2:border-t-0">
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <ProductName alert={alert} />
          <p className="text-2xs text-muted">{storeName(stores, alert.store)}</p>
        </div>
        <RuleChip rule={rule} />
      </div>
      <dl className="my-2 grid grid-cols-4 gap-2 text-2xs">
        <Fact name="On hand">{formatCount(onHand)}</Fact>
        <Fact name="On order">{formatCount(onOrder)}</Fact>
        <Fact name="Reorder at">{formatCount(reorderPoint)}</Fact>
        <Fact name="Open for">
          <span title={formatFullMoment(openedAt, zone)}>{formatShortAge(now - openedAt)}</span>
        </Fact>
      </dl>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Handling alert={alert} zone={zone} now={now} />
        <AlertActions alert={alert} act={act} busy={busy} />
      </div>
    </li>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-muted">{name}</dt>
      <dd className="text-xs">{children}</dd>
    </div>
  )
}

/** One above the other: a row is as high as its buttons anyway, and the width is needed. */
function ProductAndNumber({ alert: { sku, productName } }: { alert: Pick<Alert, 'sku' | 'productName'> }) {
  return (
    <span className="block min-w-36 whitespace-normal">
      {productName === null ? sku : productName}
      {productName === null ? null : <span className="block text-2xs text-muted">{sku}</span>}
    </span>
  )
}

export function ProductName({ alert }: { alert: Pick<Alert, 'sku' | 'productName'> }) {
  return (
    <span className="inline-flex max-w-full flex-wrap items-baseline gap-x-2">
      {alert.productName === null ? null : <span className="truncate">{alert.productName}</span>}
      <span className={alert.productName === null ? '' : 'text-2xs text-muted'}>{alert.sku}</span>
    </span>
  )
}

/** Who said what about it, and when. */
function Handling({
  alert: { state, handling, delivery, mutedFor },
  zone,
  now,
}: {
  alert: Pick<Alert, 'state' | 'handling' | 'delivery' | 'mutedFor'>
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
  { kind, until, at, reason }: NonNullable<Alert['handling']>,
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
  delivery: Alert['delivery']
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
