import { useQuery } from '@tanstack/react-query'
import { formatCount } from '#app/format/number.ts'
import { formatFullMoment } from '#app/format/time.ts'
import { CompletenessCard } from '#app/pipeline/checks/completeness-card.tsx'
import { ReconciliationCard } from '#app/pipeline/checks/reconciliation-card.tsx'
import { SetAsideCard } from '#app/pipeline/checks/set-aside-card.tsx'
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
      <SetAsideCard />
      <CompletenessCard />
    </>
  )
}

const FINDINGS_MS = 30_000

/** None of what has been looked at; where nothing has, there is nothing to say. */
function NoFinding() {
  const { data } = useQuery(useTRPC().pipeline.witnesses.queryOptions())
  if (!data) return <Skeleton className="h-5 w-60" />
  return (
    <p className="text-xs">
      {data.compared === null ? 'Nothing has been audited yet.' : 'None in what has been audited.'}
    </p>
  )
}

/** Whatever keeps both paths, the log and the tills from saying the same. */
function FindingsCard() {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.findings.list.queryOptions({ limit: 100 }), refetchInterval: FINDINGS_MS })
  return (
    <Card
      title="Findings"
      note="rows that say something else than the log or the tills, reports that are missing, events set aside"
    >
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-8" />}
        isEmpty={({ findings }) => findings.length === 0}
        empty={<NoFinding />}
      >
        {({ findings }) => (
          <div className="flex max-h-80 flex-col">
            <DataTable
              caption="Findings, newest first"
              rows={findings}
              rowKey={({ finding }) => String(finding)}
              columns={[
                { key: 'run', header: 'Run', cell: row => formatCount(row.runId) },
                { key: 'kind', header: 'Kind', align: 'left', cell: row => row.kind },
                {
                  key: 'path',
                  header: 'Path',
                  align: 'left',
                  cell: row => (row.path === 'log' ? 'Log' : <PathTag path={row.path} />),
                },
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
                { key: 'expected', header: 'Should say', cell: row => row.expected ?? 'nothing' },
                { key: 'detail', header: 'In words', align: 'left', cell: row => row.detail ?? '' },
                { key: 'at', header: 'Found', cell: row => formatFullMoment(row.foundAt, PIPELINE_ZONE) },
              ]}
            />
          </div>
        )}
      </CardContent>
    </Card>
  )
}
