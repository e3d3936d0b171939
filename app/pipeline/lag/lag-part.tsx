import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { formatCount } from '#app/format/number.ts'
import { formatAge, formatLag } from '#app/format/time.ts'
import { BackpressureCard } from '#app/pipeline/lag/backpressure-card.tsx'
import { DropFoldersCard } from '#app/pipeline/lag/drop-folders-card.tsx'
import { LateSalesCard } from '#app/pipeline/lag/late-sales-card.tsx'
import { LatenessCard } from '#app/pipeline/lag/lateness-card.tsx'
import { Moment } from '#app/pipeline/moment.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Card, CardContent, type CardQuery, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { TextField } from '#app/ui/form.tsx'
import { Chip, PathTag } from '#app/ui/marks.tsx'
import { ALLOWED_LATENESS_MS, windowStartOf } from '#domain/window.ts'

type Flow = RouterOutputs['pipeline']['flow']
type Partition = Flow['partitions'][number]
type Source = RouterOutputs['pipeline']['sources']['sources'][number]

/** Ages tick in between by the browser's clock. */
const SOURCES_MS = 5_000

/** How far each path has read each partition, and how far each source is in event time. */
export function LagPart({ flow, now }: { flow: CardQuery<Flow>; now: number | null }) {
  return (
    <>
      <Card title="Partitions" note="offsets of the log, and how far each path has read">
        <CardContent query={flow} skeleton={<Skeleton className="h-44" />}>
          {data => <PartitionTable flow={data} now={now ?? data.now} />}
        </CardContent>
      </Card>
      <BackpressureCard />
      <SourcesCard now={now} />
      <LatenessCard />
      <LateSalesCard />
      <DropFoldersCard now={now} />
    </>
  )
}

function PartitionTable({ flow: { partitions }, now }: { flow: Flow; now: number }) {
  return (
    <DataTable
      caption="Partitions of the log: last offset, offset of each path, events not read yet"
      rows={partitions}
      rowKey={({ partition }) => String(partition)}
      columns={[
        { key: 'partition', header: 'Partition', align: 'left', cell: row => row.partition },
        { key: 'rate', header: 'Events a minute', cell: row => formatCount(row.eventsPerMinute) },
        { key: 'end', header: 'Log end', cell: row => formatCount(row.end) },
        ...(partitions.some(({ archivedOffset }) => archivedOffset !== null) ? ARCHIVE_COLUMNS : []),
        {
          key: 'stream',
          header: <PathTag path="stream" detail="offset" />,
          cell: row => formatCount(row.streamOffset),
        },
        {
          key: 'stream-lag',
          header: 'Not read yet',
          cell: row => lagCell(row.streamLagEvents, row.streamLagMs),
        },
        {
          key: 'watermark',
          header: 'Watermark',
          cell: row => (row.watermark === null ? '–' : <Moment at={row.watermark} now={now} />),
        },
        {
          key: 'closed',
          header: 'Closed up to',
          cell: row => <Settled at={row.watermark} now={now} />,
        },
        {
          key: 'final',
          header: 'Final up to',
          cell: row => (
            <Settled at={row.watermark === null ? null : row.watermark - ALLOWED_LATENESS_MS} now={now} />
          ),
        },
        {
          key: 'planner',
          header: <PathTag path="batch" detail="planner offset" />,
          cell: row => formatCount(row.plannerOffset),
        },
        { key: 'run', header: 'Furthest run', cell: row => formatCount(row.batchOffset) },
        {
          key: 'batch-lag',
          header: 'Not read yet',
          cell: row => lagCell(row.batchLagEvents, row.batchLagMs),
        },
      ]}
    />
  )
}

/** Where the log is Kafka: how far what all figures are read from is behind it. */
const ARCHIVE_COLUMNS = [
  {
    key: 'archived',
    header: 'Archived up to',
    cell: (row: Partition) => (row.archivedOffset === null ? '–' : formatCount(row.archivedOffset)),
  },
  {
    key: 'archive-lag',
    header: 'Not archived yet',
    cell: (row: Partition) => lagCell(row.archiveLagEvents, row.archiveLagMs),
  },
]

/** The end of the last minute that lies wholly before a point in event time. */
function Settled({ at, now }: { at: number | null; now: number }) {
  return at === null ? '–' : <Moment at={windowStartOf(at)} now={now} />
}

function lagCell(events: number, ms: number): string {
  return events === 0 ? '0' : `${formatCount(events)}, ${formatLag(ms)} old`
}

function SourcesCard({ now }: { now: number | null }) {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.pipeline.sources.queryOptions(), refetchInterval: SOURCES_MS })
  const [search, setSearch] = useState('')
  return (
    <Card
      title="Sources"
      note="watermark of a source: its newest event − 30 s"
      actions={
        <TextField
          type="search"
          aria-label="Search sources"
          placeholder="Search"
          value={search}
          onChange={event => setSearch(event.target.value)}
          className="w-44"
        />
      }
    >
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-96" />}
        isEmpty={({ sources }) => sources.length === 0}
        empty={
          <EmptyState
            what="Nothing has sent an event within a day."
            advice="Start the simulators:"
            command="npm run simulate"
          />
        }
      >
        {data => <SourceTable data={data} search={search} now={now ?? data.now} />}
      </CardContent>
    </Card>
  )
}

function SourceTable({
  data: { sources, isCut },
  search,
  now,
}: {
  data: RouterOutputs['pipeline']['sources']
  search: string
  now: number
}) {
  const wanted = search.trim().toLowerCase()
  // By name: ordered by their last event they would change places all the time.
  const shown = sources
    .filter(({ source }) => source.toLowerCase().includes(wanted))
    .toSorted(
      (one, other) => one.source.localeCompare(other.source) || (one.partition ?? 0) - (other.partition ?? 0),
    )
  return (
    <>
      <div className="flex max-h-[32rem] flex-col">
        <DataTable
          caption="Sources: class, partition, last event, watermark"
          rows={shown}
          rowKey={({ source, partition }) => `${source} ${partition}`}
          columns={[
            { key: 'source', header: 'Source', align: 'left', cell: row => row.source },
            { key: 'class', header: 'Class', align: 'left', cell: row => row.class },
            { key: 'partition', header: 'Partition', cell: row => row.partition ?? 'of its stores' },
            {
              key: 'event',
              header: 'Newest event',
              cell: row =>
                row.lastEventTime === null ? (
                  (row.files?.newest ?? '–')
                ) : (
                  <Moment at={row.lastEventTime} now={now} />
                ),
            },
            {
              key: 'appended',
              header: 'In the log',
              cell: row => (row.lastAppendedAt === null ? '–' : `${formatAge(now - row.lastAppendedAt)} ago`),
            },
            {
              key: 'watermark',
              header: 'Watermark',
              cell: row => (row.watermark === null ? 'moves none' : <Moment at={row.watermark} now={now} />),
            },
            {
              key: 'state',
              header: 'State',
              align: 'left',
              cell: row => <SourceState source={row} now={now} />,
            },
          ]}
        />
      </div>
      <p className="mt-2 text-2xs text-muted">
        {shown.length === 0 ? 'No source has this in its name. ' : ''}
        {isCut ? 'The 1,000 sources that sent last are listed. ' : ''}
        The slowest source that is not idle holds the watermark of its partition; one is idle after a minute
        of silence, and forgotten after a day of it.
      </p>
    </>
  )
}

/** Idle is judged against its partition; where all of that is silent, nobody of it is active either. */
const SILENT_MS = 60_000

function SourceState({
  source: { files, isIdle, isSlowest, lastAppendedAt },
  now,
}: {
  source: Source
  now: number
}) {
  if (files) {
    return (
      <span className="flex gap-1">
        <Chip>{formatCount(files.loaded)} loaded</Chip>
        {files.failed > 0 ? <Chip tone="bad">{formatCount(files.failed)} failed</Chip> : null}
      </span>
    )
  }
  if (isIdle) return <Chip>idle</Chip>
  const isSilent = lastAppendedAt === null || now - lastAppendedAt > SILENT_MS
  return (
    <span className="flex gap-1">
      {isSilent ? <Chip>silent</Chip> : <Chip tone="good">active</Chip>}
      {isSlowest ? <Chip>slowest</Chip> : null}
    </span>
  )
}
