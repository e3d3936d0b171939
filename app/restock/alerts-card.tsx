'use client'

import { TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { plural } from '#app/format/number.ts'
import { AlertList } from '#app/restock/alert-list.tsx'
import { useAct } from '#app/restock/use-act.ts'
import { streamBasisOf } from '#app/side-by-side/basis.ts'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { BasisPopover } from '#app/ui/basis-popover.tsx'
import { Button } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { CardContent, type CardQuery } from '#app/ui/card-content.tsx'
import { EmptyState } from '#app/ui/empty-state.tsx'
import { PathTag } from '#app/ui/path-marker.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import type { Instant } from '#domain/instant.ts'

/** A page of the list: more than anybody works through at once. */
const SHOWN = 50

type Alerts = RouterOutputs['restock']['alerts']

/** The shortages there are, the ones that wait for somebody first. */
export function AlertsCard({
  query,
  stores,
  now,
  zone,
}: {
  query: CardQuery<Alerts>
  stores: readonly StoreSummary[]
  now: Instant
  zone: string
}) {
  const { act, isActing, failure } = useAct()
  const [shown, setShown] = useState(SHOWN)
  return (
    <Card
      title="Shortages"
      note={
        <PathTag
          path="stream"
          detail={query.data ? countsText(query.data.counts) : undefined}
          className="max-sm:whitespace-normal"
        />
      }
      actions={
        query.data ? (
          <BasisPopover
            title="Shortages"
            definition="One product in one store: nothing on hand, more sold than there was, or the reorder point of its policy reached. It opens with the event that first made it true and ends with the one that no longer does. Acknowledging or snoozing it changes nothing about the stock; it tells colleagues that somebody knows."
            bases={[streamBasisOf(query.data.basis, zone)]}
          />
        ) : null
      }
    >
      {failure ? (
        <p role="alert" className="mb-2 flex items-center gap-1.5 text-2xs text-bad">
          <TriangleAlert aria-hidden="true" className="size-3.5 shrink-0" />
          {failure}
        </p>
      ) : null}
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-96" />}
        isEmpty={({ alerts }) => alerts.length === 0}
        empty={<EmptyState what="No shortage." advice="Of what was chosen above, every shelf has enough." />}
      >
        {({ alerts }) => (
          <>
            <AlertList
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
        )}
      </CardContent>
    </Card>
  )
}

function countsText({ outOfStock, oversold, low, acknowledged, snoozed }: Alerts['counts']): string {
  const parts = [
    `${outOfStock} out of stock`,
    `${oversold} oversold`,
    `${low} low`,
    ...(acknowledged > 0 ? [`${acknowledged} acknowledged`] : []),
    ...(snoozed > 0 ? [`${snoozed} snoozed`] : []),
  ]
  return parts.join(', ')
}
