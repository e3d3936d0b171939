import { useQuery } from '@tanstack/react-query'
import { formatCount, NO_FIGURE } from '#app/format/number.ts'
import { formatAge } from '#app/format/time.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Card, CardContent, Skeleton } from '#app/ui/card.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { Chip } from '#app/ui/marks.tsx'

type Stage = RouterOutputs['pipeline']['backpressure']['stages'][number]

/** Processes say what waits every ten seconds. */
const STAGES_MS = 5_000
/** From here on a stage is told to be nearly full. */
const NEARLY_FULL = 0.8

/** What waits at each stage from the till to the page, the bound of that, and what happens when it is met. */
export function BackpressureCard() {
  const query = useQuery({ ...useTRPC().pipeline.backpressure.queryOptions(), refetchInterval: STAGES_MS })
  const now = useServerNow(query)
  return (
    <Card title="Backpressure" note="every stage has a bound, and says so when it is met">
      <CardContent query={query} skeleton={<Skeleton className="h-96" />}>
        {data => (
          <DataTable
            caption="Stages of the pipeline: what waits, its bound, and what happens at it"
            rows={data.stages}
            rowKey={({ stage }) => stage}
            keepsFirstColumn
            columns={[
              {
                key: 'stage',
                header: 'Stage',
                align: 'left',
                className: 'whitespace-normal min-w-32',
                cell: ({ title }) => title,
              },
              {
                key: 'waiting',
                header: 'Waits',
                cell: stage => (
                  <>
                    {isNearlyFull(stage) ? <Chip tone="bad">nearly full</Chip> : null}{' '}
                    {amountOf(stage.waiting, stage)}
                  </>
                ),
              },
              { key: 'peak', header: 'Most, 10 s', cell: stage => amountOf(stage.peak, stage) },
              { key: 'bound', header: 'Bound', cell: boundOf },
              {
                key: 'since',
                header: 'Since',
                cell: ({ waitingSince }) =>
                  waitingSince === null ? NO_FIGURE : formatAge((now ?? data.now) - waitingSince),
              },
              { key: 'met', header: 'Bound met', cell: ({ met }) => timesOf(met) },
              {
                key: 'at',
                header: 'At the bound',
                align: 'left',
                className: 'whitespace-normal min-w-56',
                cell: ({ atBound }) => atBound,
              },
            ]}
          />
        )}
      </CardContent>
    </Card>
  )
}

function isNearlyFull({ waiting, bound, stage }: Stage): boolean {
  // What is held for who comes back is meant to be full, and a read ahead is as large as there is to read.
  if (stage === 'live_changes' || stage === 'stream_batches') return false
  return waiting !== null && bound !== null && waiting >= NEARLY_FULL * bound
}

const KILOBYTE = 1_024

function amountOf(amount: number | null, { unit }: Stage): string {
  if (amount === null) return NO_FIGURE
  return unit === 'bytes' ? `${formatCount(Math.ceil(amount / KILOBYTE))} KiB` : formatCount(amount)
}

function boundOf(stage: Stage): string {
  if (stage.bound === null) return stage.waiting === null ? NO_FIGURE : 'the disk'
  return `${amountOf(stage.bound, stage)}${stage.unit === 'bytes' ? '' : ` ${stage.unit}`}`
}

function timesOf(met: number | null): string {
  if (met === null) return NO_FIGURE
  return met === 0 ? 'never' : `${formatCount(met)} ×`
}
