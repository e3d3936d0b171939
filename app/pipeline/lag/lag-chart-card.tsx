'use client'

import dynamic from 'next/dynamic'
import { formatCount } from '#app/format/number.ts'
import { formatTime } from '#app/format/time.ts'
import { formatLag } from '#app/pipeline/overview/flow-nodes.ts'
import { PIPELINE_ZONE } from '#app/pipeline/zone.ts'
import { ChartWithTable } from '#app/ui/chart-with-table.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { loadPatiently } from '#app/ui/load-patiently.ts'
import { PathTag } from '#app/ui/path-marker.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import type { LagSample } from './lag-history.ts'

const LagChart = dynamic(
  () => loadPatiently(() => import('./lag-chart.tsx')).then(module => module.LagChart),
  { ssr: false, loading: () => <Skeleton className="grow" /> },
)

/** Events that each path had not read, as this browser has seen them since it looks. */
export function LagChartCard({ samples }: { samples: readonly LagSample[] }) {
  return (
    <ChartWithTable
      title="Not read yet"
      unit="events"
      heightClass="h-52"
      legend={
        <>
          <PathTag path="batch" detail="falls at each tick of its schedule" />
          <PathTag path="stream" detail="near zero while it keeps up" />
          <span>since this page is open, 15 minutes at most</span>
        </>
      }
    >
      {show =>
        show === 'table' ? (
          <DataTable
            caption="Events not read yet by each path, newest first"
            rows={samples.toReversed()}
            rowKey={({ at }) => String(at)}
            columns={[
              {
                key: 'at',
                header: 'At',
                align: 'left',
                cell: ({ at }) => formatTime(at, PIPELINE_ZONE, { seconds: true }),
              },
              { key: 'batch', header: 'Batch, events', cell: sample => formatCount(sample.batchEvents) },
              { key: 'batch-age', header: 'Oldest', cell: sample => formatLag(sample.batchMs) },
              { key: 'stream', header: 'Stream, events', cell: sample => formatCount(sample.streamEvents) },
              { key: 'stream-age', header: 'Oldest', cell: sample => formatLag(sample.streamMs) },
            ]}
          />
        ) : (
          <LagChart samples={samples} />
        )
      }
    </ChartWithTable>
  )
}
