import { useQuery } from '@tanstack/react-query'
import { formatCount } from '#app/format/number.ts'
import { Ago, Moment } from '#app/pipeline/moment.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { Chip } from '#app/ui/marks.tsx'

type Folder = RouterOutputs['pipeline']['dropFolders']['folders'][number]

/** The intake looks as often. */
const LOOK_MS = 10_000

/** What lies in the drop folder and why it is not taken. */
export function DropFoldersCard({ now }: { now: number | null }) {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.pipeline.dropFolders.queryOptions(), refetchInterval: LOOK_MS })
  return (
    <Card title="Drop folder" note="files that are not taken, and why">
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-24" />}
        isEmpty={({ folders }) => folders.length === 0}
        empty={
          <EmptyState
            what="No intake has looked into a drop folder yet."
            advice="Start one:"
            command="npm start -- intake"
          />
        }
      >
        {data =>
          data.folders.map(folder => (
            <FolderPart key={folder.dropDir} folder={folder} now={now ?? data.now} />
          ))
        }
      </CardContent>
    </Card>
  )
}

function FolderPart({ folder, now }: { folder: Folder; now: number }) {
  const { dropDir, lookedAt, isStale, problem, untaken, untakenCount } = folder
  return (
    <section aria-label={`Drop folder ${dropDir}`} className="grid gap-2">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-2xs text-muted">
        <code className="break-all">{dropDir}</code>
        {isStale ? (
          <Chip tone="bad">
            not looked at for a minute: last <Ago at={lookedAt} now={now} />
          </Chip>
        ) : (
          <span>
            looked at <Ago at={lookedAt} now={now} />
          </span>
        )}
        {problem === null ? null : <Chip tone="bad">cannot be read: {problem}</Chip>}
      </p>
      {untaken.length > 0 ? (
        <DataTable
          caption={`Not taken of ${dropDir}`}
          rows={untaken}
          rowKey={({ place }) => place}
          columns={[
            {
              key: 'place',
              header: 'File',
              align: 'left',
              cell: row => <span className="break-all">{row.place}</span>,
            },
            { key: 'detail', header: 'Why it is not taken', align: 'left', cell: row => row.detail },
            { key: 'since', header: 'Since', cell: row => <Moment at={row.since} now={now} /> },
            {
              key: 'next',
              header: 'Next try',
              cell: row => (row.nextTryAt === null ? '–' : <Moment at={row.nextTryAt} now={now} />),
            },
          ]}
        />
      ) : null}
      {untakenCount > untaken.length ? (
        <p className="text-2xs text-muted">
          {formatCount(untakenCount)} in all; the {formatCount(untaken.length)} newest are listed.
        </p>
      ) : null}
      {untakenCount === 0 && problem === null && !isStale ? (
        <p className="text-2xs text-muted">Nothing lies there untaken.</p>
      ) : null}
    </section>
  )
}
