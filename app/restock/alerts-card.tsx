import { Keyboard, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { formatCount, plural } from '#app/format/number.ts'
import { formatShortAge } from '#app/format/time.ts'
import { useAct } from '#app/restock/alert-actions.tsx'
import { DraftFoot, type OrderLine } from '#app/restock/draft-foot.tsx'
import { EvidenceDialog } from '#app/restock/evidence-dialog.tsx'
import { ShortageList } from '#app/restock/shortage-list.tsx'
import type { Shortage } from '#app/restock/shortage-parts.tsx'
import { useRowKeys } from '#app/restock/use-row-keys.ts'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { BasisPopover, streamBasisOf } from '#app/ui/basis.tsx'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, type CardQuery, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { PathTag } from '#app/ui/marks.tsx'
import type { Instant } from '#domain/instant.ts'
import { formatAmount, parseAmount } from '#domain/money.ts'

/** A page of the list: more than anybody works through at once. */
const SHOWN = 50

type Alerts = RouterOutputs['restock']['alerts']

interface Listing {
  query: CardQuery<Alerts>
  stores: readonly StoreSummary[]
  now: Instant
  zone: string
}

/** The shortages there are: those that need somebody, the ones nobody has seen first, and those that are on their way. */
export function AlertsCard(listing: Listing) {
  const { query, stores, now } = listing
  const [opened, setOpened] = useState<string | null>(null)
  const covered = query.data?.alerts.filter(({ isCovered }) => isCovered).length ?? 0
  return (
    <>
      <ShortagesCard
        {...listing}
        open={setOpened}
        canChoose
        title="Needs you"
        detail={query.data ? countsText(query.data) : undefined}
        definition="One product in one store: nothing on hand, more sold than there was, or a shelf that will be empty before the next delivery can help, by what lies on it and how fast it sells now; where no demand is forecast, the reorder point of its policy reached. And not as much is on order as would end that. It opens with the event that first made it true and ends with the one that no longer does. First comes where the shelf is empty longest before something can come. Acknowledging or snoozing changes nothing about the stock; it tells colleagues that somebody knows."
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
          {...listing}
          open={setOpened}
          canChoose={false}
          title="On its way"
          detail={plural(covered, 'shortage')}
          definition="Shortages that end once what is on order has come: on hand with what is on order is above the reorder point, or above nothing where there is none. They are not counted beside Restock."
          isShown={({ isCovered }) => isCovered}
          empty={null}
        />
      ) : null}
      <EvidenceDialog alertId={opened} onClose={() => setOpened(null)} stores={stores} now={now} />
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
  canChoose,
  open,
}: Listing & {
  title: string
  detail: string | undefined
  definition: string
  isShown: (alert: Shortage) => boolean
  empty: { what: string; advice: string } | null
  canChoose: boolean
  open: (alertId: string) => void
}) {
  const { act, undo, done, isActing, failure } = useAct()
  const [shown, setShown] = useState(SHOWN)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const alerts = query.data?.alerts.filter(isShown) ?? []
  const listed = alerts.slice(0, shown)
  const selected = alerts.filter(({ alertId }) => chosen.has(alertId))
  function toggle(alertId: string): void {
    const next = new Set(chosen)
    if (!next.delete(alertId)) next.add(alertId)
    setChosen(next)
  }
  /** What is chosen, where the row that has the focus is among it; else that row alone. */
  const meant = (alertId: string) => (chosen.has(alertId) ? selected.map(one => one.alertId) : [alertId])
  const keys = useRowKeys(
    listed.map(({ alertId }) => alertId),
    {
      Enter: open,
      e: alertId => act(meant(alertId), { kind: 'acknowledge' }),
      s: alertId => act(meant(alertId), { kind: 'snooze', until: 'hour' }),
      ...(canChoose ? { x: toggle } : {}),
    },
  )
  return (
    <>
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
        <Outcome done={done} undo={undo} failure={failure} isActing={isActing} />
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-96" />}
          isEmpty={() => alerts.length === 0}
          empty={empty ? <EmptyState {...empty} /> : null}
        >
          {data => (
            <>
              <ShortageList
                title={title}
                alerts={listed}
                stores={stores}
                selection={canChoose ? { has: alertId => chosen.has(alertId), toggle } : null}
                keys={keys}
                now={now}
                zone={zone}
                act={act}
                busy={isActing}
                open={open}
              />
              {alerts.length > shown ? (
                <div className="mt-3 flex items-center justify-between gap-3 text-2xs text-muted">
                  {plural(alerts.length - shown, 'more shortage')}
                  <Button onClick={() => setShown(shown + SHOWN)}>Show more</Button>
                </div>
              ) : null}
              {canChoose ? <Hints lead={data.lead} /> : null}
            </>
          )}
        </CardContent>
      </Card>
      {canChoose && alerts.length > 0 ? (
        <DraftFoot lines={selected.flatMap(orderLineOf)}>
          {selected.length === 0 ? (
            <Button
              onClick={() =>
                setChosen(new Set(alerts.filter(one => orderLineOf(one).length > 0).map(one => one.alertId)))
              }
            >
              Choose what can be ordered
            </Button>
          ) : (
            <>
              <Button
                disabled={isActing}
                onClick={() =>
                  act(
                    selected.map(({ alertId }) => alertId),
                    { kind: 'acknowledge' },
                  )
                }
              >
                Acknowledge {formatCount(selected.length)}
              </Button>
              <Button onClick={() => setChosen(new Set())}>Choose none</Button>
            </>
          )}
        </DraftFoot>
      ) : null}
    </>
  )
}

/** What would be ordered; nothing where the supplier or the units are not known. */
function orderLineOf({ store, sku, orderUnits, terms }: Shortage): OrderLine[] {
  if (terms === null || orderUnits === null || orderUnits === 0) return []
  const cost = (parseAmount(terms.unitCost) ?? 0) * orderUnits
  return [
    {
      store,
      sku,
      units: orderUnits,
      supplier: terms.supplier,
      cost: formatAmount(cost),
      currency: terms.currency,
    },
  ]
}

function Outcome({
  done,
  undo,
  failure,
  isActing,
}: Pick<ReturnType<typeof useAct>, 'done' | 'undo' | 'failure' | 'isActing'>) {
  if (failure) {
    return (
      <p role="alert" className="mb-2 flex items-center gap-1.5 text-2xs text-bad">
        <TriangleAlert className="size-3.5 shrink-0" />
        {failure}
      </p>
    )
  }
  if (done === null) return null
  return (
    <p role="status" className="mb-2 flex items-center gap-2 text-2xs text-muted">
      {done}
      <Button kind="row" disabled={isActing} onClick={undo}>
        Undo
      </Button>
    </p>
  )
}

/** What keys do, and what telling as it happens has brought. */
function Hints({ lead: { both, medianMs, streamOnly } }: { lead: Alerts['lead'] }) {
  const earlier =
    medianMs === null
      ? null
      : `Of ${plural(both, 'shortage')} that both paths told of in four weeks, the stream told ${
          medianMs >= 0 ? `${formatShortAge(medianMs)} before` : `${formatShortAge(-medianMs)} after`
        } the nightly plan in the middle${streamOnly > 0 ? `; of ${formatCount(streamOnly)} it alone` : ''}.`
  return (
    <div className="mt-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-1 text-2xs text-muted">
      <p>{earlier}</p>
      <p className="inline-flex items-center gap-1.5 pointer-coarse:hidden">
        <Keyboard className="size-3.5" />
        <span>
          <kbd>j</kbd> <kbd>k</kbd> move, <kbd>x</kbd> choose, <kbd>e</kbd> acknowledge, <kbd>s</kbd> snooze,{' '}
          <kbd>Enter</kbd> open
        </span>
      </p>
    </div>
  )
}

/** No open shortage means enough only where the stock is known. Of what was chosen above. */
export function noShortage({ known, unknown, withoutPolicy }: Alerts['stock']): {
  what: string
  advice: string
} {
  if (known === 0) {
    return {
      what: 'Stock is unknown.',
      advice:
        'Whether anything is short cannot be told before a count or a first delivery of what was chosen above. Send one: an event stock.counted to /api/v1/events, or a file of counts by "npm run import"; docs/mappings.md has both.',
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
