import { useQuery } from '@tanstack/react-query'
import dynamic from 'next/dynamic'
import { formatCount } from '#app/format/number.ts'
import { formatLag } from '#app/format/time.ts'
import { Moment } from '#app/pipeline/moment.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { ChartWithTable } from '#app/ui/chart-with-table.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { loadPatiently } from '#app/ui/load-patiently.ts'
import { PathTag } from '#app/ui/marks.tsx'

type Sample = RouterOutputs['pipeline']['lagSamples']['samples'][number]

/** One is taken a minute. */
const SAMPLES_MS = 20_000

const LagDayChart = dynamic(
  () => loadPatiently(() => import('#app/charts/lag-day-chart.tsx')).then(module => module.LagDayChart),
  { ssr: false, loading: () => <Skeleton className="grow" /> },
)

/** How far behind each path was over a day, as the server kept it, beside what happened. */
export function LagDayCard() {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.pipeline.lagSamples.queryOptions(), refetchInterval: SAMPLES_MS })
  // The card below asks for it too: it is asked once.
  const { data: timeline } = useQuery(trpc.pipeline.timeline.queryOptions())
  const now = useServerNow(query)
  return (
    <ChartWithTable
      title="Lag over 24 hours"
      unit="how long the oldest unread event has waited"
      heightClass="min-h-96"
      legend={
        <>
          <PathTag path="batch" detail="since its last cut; falls at each tick" />
          <PathTag path="stream" detail="near zero while it keeps up" />
          <span>a sample a minute, kept on the server; below them what happened</span>
        </>
      }
    >
      {show => (
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-96" />}
          isEmpty={({ samples }) => samples.length === 0}
          empty={<EmptyState what="No sample has been taken yet: the first comes within a minute." />}
        >
          {({ samples, now: then }) =>
            show === 'table' ? (
              <div className="flex h-96 flex-col">
                <SampleTable samples={worstOfTenMinutes(samples)} now={now ?? then} />
              </div>
            ) : (
              <LagDayChart samples={samples} marks={timeline?.entries ?? []} now={now ?? then} />
            )
          }
        </CardContent>
      )}
    </ChartWithTable>
  )
}

const TEN_MINUTES_MS = 600_000

/** A day of minutes is too long a table. Newest first. */
function worstOfTenMinutes(samples: readonly Sample[]): Sample[] {
  const groups = Map.groupBy(samples, ({ at }) => Math.floor(at / TEN_MINUTES_MS))
  return [...groups.values()].toReversed().map(group => ({
    at: group[0]?.at ?? 0,
    streamEvents: Math.max(...group.map(({ streamEvents }) => streamEvents)),
    streamMs: Math.max(...group.map(({ streamMs }) => streamMs)),
    batchEvents: Math.max(...group.map(({ batchEvents }) => batchEvents)),
    batchMs: Math.max(...group.map(({ batchMs }) => batchMs)),
  }))
}

function SampleTable({ samples, now }: { samples: readonly Sample[]; now: number }) {
  return (
    <DataTable
      caption="Most that each path was behind in ten minutes, newest first"
      rows={samples}
      rowKey={({ at }) => String(at)}
      columns={[
        { key: 'at', header: 'From', align: 'left', cell: ({ at }) => <Moment at={at} now={now} /> },
        { key: 'batch', header: 'Batch, events', cell: sample => formatCount(sample.batchEvents) },
        { key: 'batch-age', header: 'Oldest', cell: sample => formatLag(sample.batchMs) },
        { key: 'stream', header: 'Stream, events', cell: sample => formatCount(sample.streamEvents) },
        { key: 'stream-age', header: 'Oldest', cell: sample => formatLag(sample.streamMs) },
      ]}
    />
  )
}
