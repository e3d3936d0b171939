import dynamic from 'next/dynamic'
import { type ReactNode, useMemo } from 'react'
import type { SalesScope } from '#app/controls/scope.ts'
import { formatMoney } from '#app/format/money.ts'
import { formatCount } from '#app/format/number.ts'
import { formatTime } from '#app/format/time.ts'
import { type Minute, minutesOf, newestMinute, SHOWN_MINUTES } from '#app/sales/minutes.ts'
import { useLive } from '#app/socket/live.tsx'
import { hasBegun } from '#app/socket/live-state.ts'
import { useKnownUpTo } from '#app/socket/use-freshness.ts'
import { EmptyState, Skeleton } from '#app/ui/card.tsx'
import { ChartWithTable, LegendItem } from '#app/ui/chart-with-table.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { loadPatiently } from '#app/ui/load-patiently.ts'
import { PathTag } from '#app/ui/marks.tsx'
import type { Metric } from '#app/url-state.ts'
import { MINUTE_MS } from '#domain/instant.ts'
import { METRIC_TEXTS } from '#domain/measures.ts'
import { windowStartOf } from '#domain/window.ts'

const MinuteChart = dynamic(
  () => loadPatiently(() => import('#app/charts/minute-chart.tsx')).then(module => module.MinuteChart),
  { ssr: false, loading: () => <Skeleton className="grow" /> },
)

/** The last hour by minute, straight from the live socket: what only the stream knows yet. */
export function MinutesCard({
  metric,
  scope: { stores, currency, zone },
  postExample,
  count = SHOWN_MINUTES,
  choice,
  heightClass = 'h-56',
  className,
}: {
  metric: Metric
  scope: SalesScope
  /** A command that makes a sale. */
  postExample: string | undefined
  /** How many minutes back. */
  count?: number
  /** Chooses what is drawn. */
  choice?: ReactNode
  heightClass?: string
  className?: string
}) {
  const { state } = useLive()
  const knownUpTo = useKnownUpTo()
  // Up to where the stream's figures are known: a minute that nobody has told of is not one without a sale.
  const end = knownUpTo === null ? newestMinute(state.windows.values()) : windowStartOf(knownUpTo)
  const minutes = useMemo(
    () => minutesOf(state.windows.values(), { stores, currency, now: end, count }),
    [state.windows, stores, currency, end, count],
  )
  const { title, kind } = METRIC_TEXTS[metric]
  return (
    <ChartWithTable
      title={`${title} by minute`}
      unit={kind === 'money' ? currency : undefined}
      heightClass={heightClass}
      className={className}
      choice={choice}
      legend={<Legend count={count} />}
    >
      {show => {
        if (!hasBegun(state)) return <Skeleton className="h-full" />
        if (minutes.every(minute => minute.state === null)) {
          return (
            <EmptyState
              what={`No sale in the last ${count} minutes.`}
              advice="Start the simulators with npm run simulate, or send a sale:"
              command={postExample}
            />
          )
        }
        return show === 'table' ? (
          <MinuteTable minutes={minutes} currency={currency} zone={zone} />
        ) : (
          <Chart minutes={minutes} metric={metric} currency={currency} zone={zone} />
        )
      }}
    </ChartWithTable>
  )
}

function Chart({
  minutes,
  metric,
  currency,
  zone,
}: {
  minutes: readonly Minute[]
  metric: Metric
  currency: string
  zone: string
}) {
  const points = useMemo(
    () =>
      minutes.map(minute => ({
        key: String(minute.start),
        label: formatTime(minute.start, zone),
        value: Number(minute[metric]),
        state: minute.state,
        revised: minute.revision > 0,
      })),
    [minutes, metric, zone],
  )
  return (
    <MinuteChart
      points={points}
      description={`${METRIC_TEXTS[metric].title} of the last ${minutes.length} minutes, from the stream. The table shows the same figures.`}
      tooltip={key => {
        const minute = minutes.find(({ start }) => String(start) === key)
        return minute
          ? { title: spanText(minute, zone), lines: tooltipLines(minute, metric, currency) }
          : null
      }}
    />
  )
}

function tooltipLines(minute: Minute, metric: Metric, currency: string) {
  const { kind } = METRIC_TEXTS[metric]
  const value =
    kind === 'money' ? formatMoney(String(minute[metric]), currency) : formatCount(Number(minute[metric]))
  return [
    { key: 'value', name: <PathTag path="stream" />, value },
    { key: 'state', name: 'Window', value: minute.state ?? 'no sale' },
    ...(minute.revision === 0
      ? []
      : [
          { key: 'revision', name: 'Late events counted', value: formatCount(minute.revision) },
          { key: 'late', name: 'of its net sales, late', value: formatMoney(minute.lateNet, currency) },
        ]),
  ]
}

function MinuteTable({
  minutes,
  currency,
  zone,
}: {
  minutes: readonly Minute[]
  currency: string
  zone: string
}) {
  const newestFirst = minutes.filter(({ state }) => state !== null).reverse()
  return (
    <DataTable
      caption={`The last ${minutes.length} minutes from the stream, newest first; minutes without a sale left out`}
      rows={newestFirst}
      rowKey={({ start }) => String(start)}
      columns={[
        { key: 'minute', header: 'Minute', align: 'left', cell: minute => formatTime(minute.start, zone) },
        { key: 'state', header: 'Window', align: 'left', cell: minute => minute.state },
        { key: 'net', header: 'Net sales', cell: minute => formatMoney(minute.net, currency) },
        { key: 'orders', header: 'Orders', cell: minute => formatCount(minute.orders) },
        { key: 'units', header: 'Units', cell: minute => formatCount(minute.units) },
        { key: 'returns', header: 'Returns', cell: minute => formatMoney(minute.returns, currency) },
        { key: 'revision', header: 'Revision', cell: minute => formatCount(minute.revision) },
      ]}
    />
  )
}

function Legend({ count }: { count: number }) {
  return (
    <>
      <PathTag path="stream" detail={`last ${count} minutes`} />
      <LegendItem sign="size-2.5 border border-dashed border-stream bg-stream/12">open</LegendItem>
      <LegendItem sign="size-2.5 border border-stream bg-stream/60">closed</LegendItem>
      <LegendItem sign="size-2.5 bg-stream">final</LegendItem>
      <LegendItem sign="size-2 rotate-45 bg-text">revised by a late event</LegendItem>
    </>
  )
}

function spanText({ start }: Minute, zone: string): string {
  return `${formatTime(start, zone)} to ${formatTime(start + MINUTE_MS, zone)}`
}
