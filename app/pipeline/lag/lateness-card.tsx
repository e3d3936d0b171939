import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { formatCount, plural } from '#app/format/number.ts'
import { formatAge, formatLag } from '#app/format/time.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { SegmentedControl } from '#app/ui/choice.tsx'
import { DataTable } from '#app/ui/data-table.tsx'

type Lateness = RouterOutputs['pipeline']['lateness']
type Row = NonNullable<Lateness['all']>

/** Up to half a second of the database: not asked more often. */
const LATENESS_MS = 30_000

const BY = [
  { value: 'store', label: 'By store' },
  { value: 'source', label: 'By source' },
] as const

/** How long events were on their way from the till into the log. */
export function LatenessCard() {
  const trpc = useTRPC()
  const [by, setBy] = useState<(typeof BY)[number]['value']>('store')
  const query = useQuery({
    ...trpc.pipeline.lateness.queryOptions({ by }),
    refetchInterval: LATENESS_MS,
    placeholderData: previous => previous,
  })
  return (
    <Card
      title="Lateness"
      note={query.data ? noteOf(query.data) : null}
      actions={<SegmentedControl label="Lateness" segments={BY} value={by} onChange={setBy} />}
    >
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-96" />}
        isEmpty={({ all }) => all === null}
        empty={<EmptyState what="No live event has come within six hours." />}
      >
        {data => (
          <>
            <p className="mb-3 max-w-prose text-xs text-muted">
              From the moment at the till to the append into the log. Up to 30 s is disorder that windows wait
              for; what comes after its minute has closed is late and revises it; after two hours the minute
              was final, and is revised all the same.
            </p>
            {data.all ? <Histogram data={data} all={data.all} /> : null}
            <LatenessTable data={data} by={by} />
          </>
        )}
      </CardContent>
    </Card>
  )
}

function noteOf({ since, isSample, mostOfSlice, now, all }: Lateness): string {
  if (since === null) return ''
  const sampled = isSample ? `, a sample: the first ${mostOfSlice} of each ten minutes and partition` : ''
  return `${plural(all?.events ?? 0, 'live event')} of the last ${formatAge(now - since)}${sampled}`
}

/** `≤ 1 s`, for each bucket in turn. */
function bucketNames({ bucketsMs }: Lateness): string[] {
  const names = bucketsMs.map(ms => (ms === 0 ? 'clock ahead' : `≤ ${formatBound(ms)}`))
  return [...names, `> ${formatBound(bucketsMs.at(-1) ?? 0)}`]
}

function formatBound(ms: number): string {
  if (ms >= 3_600_000) return `${ms / 3_600_000} h`
  if (ms > 90_000) return `${ms / 60_000} min`
  return `${ms / 1_000} s`
}

function Histogram({ data, all }: { data: Lateness; all: Row }) {
  const names = bucketNames(data)
  const most = Math.max(1, ...all.counts)
  return (
    <ol aria-label="Live events by lateness" className="mb-4 grid gap-1">
      {names.map((name, index) => {
        const count = all.counts[index] ?? 0
        return (
          <li key={name} className="grid grid-cols-[5.5rem_minmax(0,1fr)_7rem] items-center gap-2 text-2xs">
            <span className="text-right text-muted">{name}</span>
            <span aria-hidden="true" className="h-3">
              <span
                className="block h-full rounded-[3px] bg-stream"
                style={{ width: `${(100 * count) / most}%`, minWidth: count > 0 ? 2 : 0 }}
              />
            </span>
            <span>
              {formatCount(count)} <span className="text-muted">{shareText(count, all.events)}</span>
            </span>
          </li>
        )
      })}
    </ol>
  )
}

function shareText(count: number, of: number): string {
  if (count === 0) return ''
  const percent = (100 * count) / of
  return percent < 0.1 ? '< 0.1%' : `${percent.toFixed(1)}%`
}

function LatenessTable({ data, by }: { data: Lateness; by: 'store' | 'source' }) {
  const names = bucketNames(data)
  const { all } = data
  const total = (of: (row: Row) => string) => (all ? of(all) : null)
  return (
    <div className="flex max-h-80 flex-col">
      <DataTable
        caption={`Lateness by ${by}, the latest first`}
        rows={data.rows}
        rowKey={({ name }) => name ?? ''}
        hasTotals
        keepsFirstColumn
        columns={[
          {
            key: 'name',
            header: by === 'store' ? 'Store' : 'Source',
            align: 'left',
            cell: ({ name }) => name,
            total: 'All',
          },
          ...(
            [
              ['median', 'Median', row => formatSigned(row.medianMs)],
              ['p95', '95% within', row => formatSigned(row.p95Ms)],
              ['p99', '99% within', row => formatSigned(row.p99Ms)],
              ['most', 'Latest', row => formatSigned(row.mostMs)],
              ['events', 'Events', row => formatCount(row.events)],
            ] satisfies [string, string, (row: Row) => string][]
          ).map(([key, header, cell]) => ({ key, header, cell, total: total(cell) })),
          ...names.map((name, index) => {
            const cell = (row: Row) => formatCount(row.counts[index])
            return { key: name, header: name, cell, total: total(cell) }
          }),
        ]}
      />
    </div>
  )
}

/** A clock that runs ahead brings an event before it happened. */
function formatSigned(ms: number): string {
  return ms < 0 ? `${formatLag(-ms)} early` : formatLag(ms)
}
