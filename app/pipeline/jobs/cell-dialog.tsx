import { useQuery } from '@tanstack/react-query'
import { formatDay, formatMonth } from '#app/format/day.ts'
import { formatCount } from '#app/format/number.ts'
import { RunTable } from '#app/pipeline/jobs/ledger-card.tsx'
import { MarkText, SLOT_MARKS } from '#app/pipeline/state-marks.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { useNow } from '#app/ui/clock.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { DialogFrame } from '#app/ui/popup.tsx'

export interface CellShown {
  job: string
  grain: 'day' | 'week' | 'month'
  period: string
}

/** What a cell of the grid stands on: each store's state, and the attempts in the ledger. */
export function CellDialog({ shown, onClose }: { shown: CellShown | null; onClose: () => void }) {
  return (
    <DialogFrame
      isOpen={shown !== null}
      title={shown ? `${shown.job}, ${periodText(shown)}` : ''}
      description="Each store's state, and the attempts in the ledger, newest first."
      onClose={onClose}
    >
      {shown ? <Detail shown={shown} /> : null}
    </DialogFrame>
  )
}

function Detail({ shown: { job, period } }: { shown: CellShown }) {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.pipeline.jobs.cell.queryOptions({ job, period }), staleTime: 0 })
  const now = useNow()
  return (
    <CardContent
      query={query}
      skeleton={<Skeleton className="h-96" />}
      isEmpty={({ stores, runs }) => stores.length === 0 && runs.length === 0}
      empty={<EmptyState what="No store has events of this period, and nothing ran." />}
    >
      {({ stores, runs }) => (
        <div className="grid min-h-0 grow grid-rows-[auto_minmax(0,1fr)] gap-4 overflow-y-auto">
          <Stores stores={stores} />
          {runs.length === 0 ? (
            <EmptyState what="No run yet." advice="Ask for one below the grid, or wait for the next tick." />
          ) : (
            <RunTable caption={`Runs of ${job}`} runs={runs} now={now} showsJob={false} />
          )}
        </div>
      )}
    </CardContent>
  )
}

function Stores({ stores }: { stores: RouterOutputs['pipeline']['jobs']['cell']['stores'] }) {
  return (
    <DataTable
      caption="State by store"
      rows={stores}
      rowKey={({ store }) => store}
      columns={[
        { key: 'store', header: 'Store', align: 'left', cell: row => row.store },
        {
          key: 'state',
          header: 'State',
          align: 'left',
          cell: row => <MarkText mark={SLOT_MARKS[row.state]} />,
        },
        { key: 'read', header: 'Read through', cell: row => formatCount(row.throughOffset) },
        { key: 'reason', header: 'To do', align: 'left', cell: row => row.reason ?? '–' },
      ]}
    />
  )
}

function periodText({ grain, period }: CellShown): string {
  if (grain === 'day') return formatDay(period)
  return grain === 'week' ? `week from ${formatDay(period)}` : formatMonth(period)
}
