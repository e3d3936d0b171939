import { useQuery } from '@tanstack/react-query'
import { formatCount } from '#app/format/number.ts'
import { formatFullMoment } from '#app/format/time.ts'
import { CompletenessCard } from '#app/pipeline/checks/completeness-card.tsx'
import { ReconciliationCard } from '#app/pipeline/checks/reconciliation-card.tsx'
import { PIPELINE_ZONE } from '#app/pipeline/moment.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import { Card, CardContent, Skeleton } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { PathTag } from '#app/ui/marks.tsx'

/** Whether both paths agree with each other, and the log with the tills. */
export function ChecksPart() {
  return (
    <>
      <ReconciliationCard />
      <FindingsCard />
      <CompletenessCard />
    </>
  )
}

const FINDINGS_MS = 30_000

/** Rows that say something else than the log. */
function FindingsCard() {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.findings.list.queryOptions({ limit: 100 }), refetchInterval: FINDINGS_MS })
  return (
    <Card title="Findings" note="rows of live and report tables that say something else than the log">
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-8" />}
        isEmpty={({ findings }) => findings.length === 0}
        empty={<p className="text-xs">None: every row that was audited says what the log says.</p>}
      >
        {({ findings }) => (
          <div className="flex max-h-80 flex-col">
            <DataTable
              caption="Findings, newest first"
              rows={findings}
              rowKey={({ finding }) => String(finding)}
              columns={[
                { key: 'run', header: 'Run', cell: row => formatCount(row.runId) },
                { key: 'path', header: 'Path', align: 'left', cell: row => <PathTag path={row.path} /> },
                { key: 'table', header: 'Table', align: 'left', cell: row => row.relation },
                {
                  key: 'row',
                  header: 'Row',
                  align: 'left',
                  cell: row =>
                    Object.entries(row.rowKey)
                      .map(([name, value]) => `${name} ${value}`)
                      .join(', '),
                },
                { key: 'metric', header: 'Figure', align: 'left', cell: row => row.metric },
                { key: 'stored', header: 'It says', cell: row => row.stored ?? 'no row' },
                { key: 'expected', header: 'The log says', cell: row => row.expected ?? 'nothing' },
                { key: 'at', header: 'Found', cell: row => formatFullMoment(row.foundAt, PIPELINE_ZONE) },
              ]}
            />
          </div>
        )}
      </CardContent>
    </Card>
  )
}
