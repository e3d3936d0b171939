import { useQuery } from '@tanstack/react-query'
import { formatCount, NO_FIGURE } from '#app/format/number.ts'
import { formatAge } from '#app/format/time.ts'
import { Ago } from '#app/pipeline/moment.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { Chip } from '#app/ui/marks.tsx'

type Sharing = RouterOutputs['pipeline']['streamProcesses']
type Process = Sharing['processes'][number]
type Partition = Sharing['partitions'][number]

const SHARING_MS = 2_000

/** Stream processes, and how they share the partitions. */
export function ProcessesCard() {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.pipeline.streamProcesses.queryOptions(), refetchInterval: SHARING_MS })
  const now = useServerNow(query)
  return (
    <Card
      title="Processes"
      note="they share the partitions evenly; when one is gone the others take over what it had"
    >
      <CardContent query={query} skeleton={<Skeleton className="h-72" />}>
        {sharing => (
          <div className="grid min-w-0 gap-4">
            {sharing.processes.length === 0 ? (
              <EmptyState
                what="No stream process is connected."
                advice="What is appended waits in the log until one is:"
                command="npm start -- stream"
              />
            ) : (
              <ProcessTable processes={sharing.processes} now={now ?? sharing.now} />
            )}
            <PartitionTable partitions={sharing.partitions} now={now ?? sharing.now} />
          </div>
        )}
      </CardContent>
    </Card>
  )
}

function ProcessTable({ processes, now }: { processes: readonly Process[]; now: number }) {
  return (
    <DataTable
      caption="Stream processes, the oldest first"
      rows={processes}
      rowKey={({ process }) => String(process)}
      columns={[
        { key: 'host', header: 'Host', align: 'left', cell: ({ host }) => host },
        { key: 'pid', header: 'Process id', cell: ({ pid }) => pid },
        { key: 'state', header: 'State', align: 'left', cell: ({ state }) => <StateChip state={state} /> },
        { key: 'up', header: 'Up for', cell: ({ startedAt }) => formatAge(now - startedAt) },
        { key: 'on', header: 'Works on', align: 'left', cell: ({ worksOn }) => listOf(worksOn) },
        { key: 'by', header: 'Stands by for', align: 'left', cell: ({ standsByFor }) => listOf(standsByFor) },
        {
          key: 'before',
          header: 'Ended before it on its host, 24 h',
          align: 'left',
          cell: ({ stoppedBefore, killedBefore }) =>
            `${formatCount(stoppedBefore)} stopped, ${formatCount(killedBefore)} killed`,
        },
      ]}
    />
  )
}

function StateChip({ state }: { state: Process['state'] }) {
  if (state === 'still') return <Chip tone="bad">stands still</Chip>
  return <Chip tone={state === 'at work' ? 'good' : 'plain'}>{state}</Chip>
}

/** Partitions by number. */
function listOf(partitions: readonly number[]): string {
  return partitions.length === 0 ? 'none' : partitions.join(', ')
}

function PartitionTable({ partitions, now }: { partitions: readonly Partition[]; now: number }) {
  return (
    <DataTable
      caption="Partitions and who works on them"
      rows={partitions}
      rowKey={({ partition }) => String(partition)}
      columns={[
        { key: 'partition', header: 'Partition', align: 'left', cell: ({ partition }) => partition },
        {
          key: 'owner',
          header: 'Worked on by',
          align: 'left',
          cell: ({ owner, isWorkedOn }) =>
            owner === null ? (
              <Chip tone="bad">nobody</Chip>
            ) : (
              <>
                {owner} {isWorkedOn ? null : <Chip tone="bad">stands still</Chip>}
              </>
            ),
        },
        { key: 'epoch', header: 'Epoch', cell: ({ epoch }) => formatCount(epoch) },
        {
          key: 'taken',
          header: 'Taken',
          cell: ({ takenAt }) => (takenAt === null ? NO_FIGURE : <Ago at={takenAt} now={now} />),
        },
        { key: 'checkpoint', header: 'Checkpoint, offset', cell: ({ offset }) => formatCount(offset) },
        {
          key: 'written',
          header: 'Written',
          cell: ({ processedAt }) => (processedAt === null ? NO_FIGURE : <Ago at={processedAt} now={now} />),
        },
        { key: 'events', header: 'Events', cell: ({ events }) => formatCount(events) },
        { key: 'late', header: 'Late', cell: ({ lateEvents }) => formatCount(lateEvents) },
      ]}
    />
  )
}
