import { useQuery } from '@tanstack/react-query'
import { formatCount } from '#app/format/number.ts'
import { Moment } from '#app/pipeline/moment.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { Chip } from '#app/ui/marks.tsx'

const TIMELINE_MS = 10_000

/** What happened in the last day: who ended and who took over, what was asked for, what could not be processed. */
export function TimelineCard() {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.pipeline.timeline.queryOptions(), refetchInterval: TIMELINE_MS })
  const now = useServerNow(query)
  const { data } = query
  return (
    <Card
      title="The last 24 hours"
      note={
        data && data.entries.length < data.count
          ? `the newest ${formatCount(data.entries.length)} of ${formatCount(data.count)}`
          : 'newest first'
      }
    >
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-40" />}
        isEmpty={({ entries }) => entries.length === 0}
        empty={<EmptyState what="Nothing has happened yet." />}
      >
        {({ entries }) => (
          <div className="flex max-h-80 flex-col">
            <DataTable
              caption="What happened in the last 24 hours, newest first"
              rows={entries.map((entry, index) => ({ ...entry, index }))}
              rowKey={({ at, kind, index }) => `${at} ${kind} ${index}`}
              columns={[
                { key: 'at', header: 'At', align: 'left', cell: ({ at }) => <Moment at={at} now={now} /> },
                {
                  key: 'kind',
                  header: 'What',
                  align: 'left',
                  cell: ({ kind }) => (
                    <Chip tone={kind === 'killed' || kind === 'fault' ? 'bad' : 'plain'}>{kind}</Chip>
                  ),
                },
                {
                  key: 'text',
                  header: 'What followed',
                  align: 'left',
                  cell: ({ text }) => (
                    <span className="block min-w-56 whitespace-normal wrap-anywhere">{text}</span>
                  ),
                },
              ]}
            />
          </div>
        )}
      </CardContent>
    </Card>
  )
}
