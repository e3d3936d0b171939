import { useQuery } from '@tanstack/react-query'
import { formatCount, plural } from '#app/format/number.ts'
import { Ago } from '#app/pipeline/moment.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { type Column, DataTable } from '#app/ui/data-table.tsx'
import { reasonInWords } from '#domain/rejection-words.ts'

const GROUPS_MS = 5_000

/** The open letters by reason and source: what goes wrong where, so that it is put right once. */
export function LetterGroupsCard({
  onChoose,
}: {
  onChoose: (group: { reason: string; source: string }) => void
}) {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.pipeline.letters.groups.queryOptions(), refetchInterval: GROUPS_MS })
  const now = useServerNow(query)
  const { data } = query
  return (
    <Card
      title="Open, by reason and source"
      note={
        data && data.count > 0
          ? `${plural(data.letters, 'letter')} in ${plural(data.count, 'group')}${data.groups.length < data.count ? `; the first ${formatCount(data.groups.length)} are shown` : ''}`
          : null
      }
    >
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-32" />}
        isEmpty={({ count }) => count === 0}
        empty={<EmptyState what="Nothing waits to be put right." />}
      >
        {({ groups }) => (
          <div className="flex max-h-72 flex-col">
            <DataTable
              caption="Open dead letters by reason and source, most first"
              rows={groups}
              rowKey={({ reason, source }) => `${reason} ${source}`}
              columns={[
                reasonColumn,
                {
                  key: 'source',
                  header: 'Source',
                  align: 'left',
                  cell: ({ source }) => source || 'none named',
                },
                { key: 'letters', header: 'Letters', cell: ({ letters }) => formatCount(letters) },
                {
                  key: 'newest',
                  header: 'Newest',
                  cell: ({ newestAt }) => <Ago at={newestAt} now={now ?? newestAt} />,
                },
                {
                  key: 'oldest',
                  header: 'Oldest',
                  cell: ({ oldestAt }) => <Ago at={oldestAt} now={now ?? oldestAt} />,
                },
                {
                  key: 'why',
                  header: 'The newest says',
                  align: 'left',
                  cell: ({ detail }) => (
                    <span className="block min-w-56 whitespace-normal wrap-anywhere">{detail}</span>
                  ),
                },
                {
                  key: 'act',
                  header: <span className="sr-only">Action</span>,
                  cell: ({ reason, source }) => (
                    <Button
                      kind="row"
                      aria-label={`Show the letters: ${reason}, ${source || 'no source'}`}
                      onClick={() => onChoose({ reason, source })}
                    >
                      Show
                    </Button>
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

/** Of letters, and of groups of them: why. */
export const reasonColumn: Column<{ reason: string }> = {
  key: 'reason',
  header: 'Reason',
  align: 'left',
  cell: ({ reason }) => (
    <span className="block min-w-44 whitespace-normal">
      <ReasonText reason={reason} />
    </span>
  ),
}

/** A reason in words, its code beside them. */
export function ReasonText({ reason }: { reason: string }) {
  const words = reasonInWords(reason)
  const code = <code className="font-mono text-2xs text-muted">{reason}</code>
  return words === null ? (
    code
  ) : (
    <>
      {words} {code}
    </>
  )
}
