'use client'

import { LagChartCard } from '#app/pipeline/lag/lag-chart-card.tsx'
import type { LagSample } from '#app/pipeline/lag/lag-history.ts'
import type { Part } from '#app/pipeline/url-state.ts'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Card } from '#app/ui/card.tsx'
import { CardContent, type CardQuery } from '#app/ui/card-content.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import { Topology } from './topology.tsx'

/** How events flow from the tills to the pages, and how far each path was behind in the last minutes. */
export function OverviewPart({
  flow,
  now,
  history,
  onShow,
}: {
  flow: CardQuery<RouterOutputs['pipeline']['flow']>
  /** The database's clock; null before the first answer. */
  now: number | null
  history: readonly LagSample[]
  onShow: (part: Part) => void
}) {
  return (
    <>
      <Card title="Flow" note="figures of the last minute">
        <CardContent query={flow} skeleton={<Skeleton className="h-[60rem] xl:h-80" />}>
          {data => <Topology flow={data} now={now ?? data.now} onShow={onShow} />}
        </CardContent>
      </Card>
      <LagChartCard samples={history} />
    </>
  )
}
