import { useQuery } from '@tanstack/react-query'
import dynamic from 'next/dynamic'
import type { ReactNode } from 'react'
import { formatCount, NO_FIGURE, plural } from '#app/format/number.ts'
import { formatMoment, formatShortAge } from '#app/format/time.ts'
import { type Clock, Coming, RunsOut, storeName } from '#app/restock/shortage-parts.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { BasisPopover, streamBasisOf } from '#app/ui/basis.tsx'
import { CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { PathTag } from '#app/ui/marks.tsx'
import { DialogFrame } from '#app/ui/popup.tsx'
import type { Instant } from '#domain/instant.ts'
import { RULE_TITLES } from '#domain/notify/words.ts'

const ShelfChart = dynamic(() => import('#app/charts/shelf-chart.tsx').then(module => module.ShelfChart), {
  ssr: false,
  loading: () => <Skeleton className="h-full w-full" />,
})

type Evidence = NonNullable<RouterOutputs['restock']['evidence']>

const REFRESH_MS = 10_000

/** Why a shortage is one: what lay on the shelf, what sells, what comes, and what each path said when. */
export function EvidenceDialog({
  alertId,
  onClose,
  stores,
  now,
}: {
  alertId: string | null
  onClose: () => void
  stores: readonly StoreSummary[]
  now: Instant
}) {
  const trpc = useTRPC()
  const query = useQuery({
    ...trpc.restock.evidence.queryOptions({ alertId: alertId ?? '' }),
    enabled: alertId !== null,
    refetchInterval: REFRESH_MS,
  })
  const alert = query.data?.alert
  const zone = stores.find(({ store }) => store === alert?.store)?.zone ?? 'UTC'
  return (
    <DialogFrame
      isOpen={alertId !== null}
      title={alert ? `${alert.productName ?? alert.sku}, ${storeName(stores, alert.store)}` : 'Shortage'}
      description={
        alert
          ? `${RULE_TITLES[alert.rule]} since ${formatMoment(alert.openedAt, zone, now)}; ${alert.sku}${alert.supplierName ? `, delivered by ${alert.supplierName}` : ''}`
          : null
      }
      onClose={onClose}
    >
      <div className="min-h-0 grow overflow-y-auto">
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-96" />}
          isEmpty={found => found === null}
          empty={
            <EmptyState
              what="This shortage is gone."
              advice="A replay or a newer plan no longer finds it: close this and look at the list."
            />
          }
        >
          {evidence => (evidence === null ? null : <Body evidence={evidence} zone={zone} now={now} />)}
        </CardContent>
      </div>
    </DialogFrame>
  )
}

function Body({ evidence, zone, now }: { evidence: Evidence } & Clock) {
  const { alert, held, foreseen, soldSince, demandPerDay, rush, outlook, deliveries, basis } = evidence
  const due = deliveries.flatMap(({ expectedAt, units }) =>
    expectedAt !== null && expectedAt > now ? [{ at: expectedAt, units }] : [],
  )
  return (
    <div className="grid gap-4 text-xs">
      <div className="flex h-64 flex-col">
        <ShelfChart held={held} foreseen={foreseen} deliveries={due} zone={zone} now={evidence.now} />
      </div>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-4">
        <Figure name="On hand">{formatCount(alert.onHand)}</Figure>
        <Figure name="Runs out">
          <RunsOut shortage={alert} zone={zone} now={now} />
        </Figure>
        <Figure name="Next delivery">
          <Coming shortage={alert} zone={zone} now={now} />
        </Figure>
        <Figure name="Sold since it began">{plural(soldSince, 'unit')}</Figure>
        <Figure name="Forecast">
          {demandPerDay === null ? 'none yet' : `${demandPerDay.toFixed(1)} a day`}
        </Figure>
        <Figure name="It sells now">
          {rush > 1.05 ? `${rush.toFixed(1)} times as fast` : 'as forecast'}
        </Figure>
        <Figure name="Risk of an empty shelf">
          {outlook === null || outlook.helpAt === null ? NO_FIGURE : `${Math.round(100 * outlook.risk)}%`}
        </Figure>
      </dl>
      <Paths evidence={evidence} zone={zone} now={now} />
      <p className="text-2xs text-muted">
        The band is where the stock lies in four cases of five: demand by weekday and hour of the store, as
        fast as it sells now, with the spread of its days.{' '}
        <BasisPopover
          title="Evidence"
          definition="What lay on the shelf is told backwards from what lies there now by the movements in the log; before a count it is not known, so the line begins with it. The forecast is the nightly job's, as of now; how fast it sells now is the stream's."
          bases={[streamBasisOf(basis, zone)]}
        />
      </p>
    </div>
  )
}

/** What each path said, and when. */
function Paths({ evidence: { alert, plan }, zone, now }: { evidence: Evidence } & Clock) {
  const { streamAt, batchAt } = alert
  const first =
    streamAt === null || batchAt === null
      ? null
      : streamAt <= batchAt
        ? `The stream was first, by ${formatShortAge(batchAt - streamAt)}.`
        : `The nightly plan was first, by ${formatShortAge(streamAt - batchAt)}.`
  return (
    <div className="grid gap-2">
      <p className="flex flex-wrap gap-x-2">
        <PathTag path="stream" />
        {streamAt === null
          ? 'has not called it short.'
          : `called it short ${formatMoment(streamAt, zone, now)}.`}
      </p>
      <p className="flex flex-wrap gap-x-2">
        <PathTag path="batch" />
        {batchAt === null
          ? 'no nightly plan has called it short.'
          : `a nightly plan called it short ${formatMoment(batchAt, zone, now)}.`}
        {plan === null
          ? ''
          : ` As of ${formatMoment(plan.asOf, zone, now)} it had ${formatCount(plan.onHand)} on hand, ${plan.demandPerDay.toFixed(1)} a day, ${
              plan.runsOutAt === null
                ? 'and no end within half a year'
                : `and an end ${formatMoment(plan.runsOutAt, zone, now)}`
            }.`}
      </p>
      {first === null ? null : <p className="text-muted">{first}</p>}
    </div>
  )
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-2xs text-muted">{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
