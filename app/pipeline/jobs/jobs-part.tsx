'use client'

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#app/trpc/client.tsx'
import { Card } from '#app/ui/card.tsx'
import { CardContent } from '#app/ui/card-content.tsx'
import { EmptyState } from '#app/ui/empty-state.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import { CellDialog, type CellShown } from './cell-dialog.tsx'
import { JobGrid } from './job-grid.tsx'
import { LedgerCard } from './ledger-card.tsx'
import { RequestCard } from './request-card.tsx'

/** What runs end is pushed; in between a day may become outdated or due. */
const GRID_MS = 15_000

/** The batch path: what ran, what is to run, and how to ask for a run. */
export function JobsPart() {
  const trpc = useTRPC()
  const grid = useQuery({ ...trpc.pipeline.jobs.grid.queryOptions(), refetchInterval: GRID_MS })
  const [shown, setShown] = useState<CellShown | null>(null)
  return (
    <>
      <Card title="Jobs by period" note="each cell over all stores: the worst of them">
        <CardContent
          query={grid}
          skeleton={<Skeleton className="h-[34rem]" />}
          isEmpty={({ days }) => days.length === 0}
          empty={
            <EmptyState
              what="The batch path has not read the log yet."
              advice="It does so at the next tick of its schedule, which a jobs process keeps:"
              command="npm start -- jobs"
            />
          }
        >
          {data => <JobGrid grid={data} onOpen={setShown} />}
        </CardContent>
      </Card>
      <RequestCard />
      <LedgerCard />
      <CellDialog shown={shown} onClose={() => setShown(null)} />
    </>
  )
}
