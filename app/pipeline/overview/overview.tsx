import { ArrowDown } from 'lucide-react'
import dynamic from 'next/dynamic'
import { Fragment, type ReactNode } from 'react'
import { formatCount } from '#app/format/number.ts'
import { formatLag, formatTime } from '#app/format/time.ts'
import type { LagSample } from '#app/pipeline/lag/lag-history.ts'
import { PIPELINE_ZONE } from '#app/pipeline/moment.tsx'
import { type FlowNode, type NodeKey, nodesOf } from '#app/pipeline/overview/flow-nodes.ts'
import { LagDayCard } from '#app/pipeline/overview/lag-day-card.tsx'
import { TimelineCard } from '#app/pipeline/overview/timeline-card.tsx'
import { HealthChip } from '#app/pipeline/state-marks.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Card, CardContent, type CardQuery, Skeleton } from '#app/ui/card.tsx'
import { ChartWithTable } from '#app/ui/chart-with-table.tsx'
import { classNames } from '#app/ui/class-names.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { loadPatiently } from '#app/ui/load-patiently.ts'
import { PathMarker, PathTag } from '#app/ui/marks.tsx'
import type { Part } from '#app/url-state.ts'

/** How events flow from the tills to the pages, and how far each path was behind in the last minutes. */
export function OverviewPart({
  flow,
  now,
  history,
  onShow,
}: {
  flow: CardQuery<RouterOutputs['pipeline']['flow']>
  /** The database's clock; null before the first answer. */
  now: number | null
  history: readonly LagSample[]
  onShow: (part: Part) => void
}) {
  return (
    <>
      <Card title="Flow" note="figures of the last minute">
        <CardContent query={flow} skeleton={<Skeleton className="h-[60rem] xl:h-80" />}>
          {data => <Topology flow={data} now={now ?? data.now} onShow={onShow} />}
        </CardContent>
      </Card>
      <LagChartCard flow={flow} samples={history} />
      <LagDayCard />
      <TimelineCard />
    </>
  )
}

type Flow = RouterOutputs['pipeline']['flow']

/**
 * The pipeline as a drawing on a wide screen, as a list from top to bottom on a narrow one: one list in the
 * document, whose items a grid puts in their places. Parts in two rows are the two ways in and the two paths.
 */
function Topology({ flow, now, onShow }: { flow: Flow; now: number; onShow: (part: Part) => void }) {
  const nodes = nodesOf(flow, now)
  return (
    <ol className="grid gap-2 xl:grid-cols-[minmax(0,1fr)_3.25rem_minmax(0,1fr)_3.25rem_minmax(0,1.05fr)_3.25rem_minmax(0,1.25fr)_3.25rem_minmax(0,1.1fr)_2rem_minmax(0,1fr)] xl:grid-rows-2 xl:gap-x-0 xl:gap-y-3">
      {nodes.map(node => (
        <Fragment key={node.key}>
          {node.inflow ? <Edge place={PLACES[node.key].edge} {...node.inflow} /> : null}
          <Node node={node} place={PLACES[node.key].node} onShow={onShow} />
        </Fragment>
      ))}
      {/* The drawing's remaining arrows; the list says the same at the parts they lead to. */}
      <Arrow place="xl:col-start-2 xl:row-start-2" text={`${formatCount(flow.perMinute.bulk)}`} />
      <Arrow place="xl:col-start-10 xl:row-start-2" text="" />
    </ol>
  )
}

/** Where a part stands in the drawing, and the arrow that leads to it. */
const PLACES: Record<NodeKey, { node: string; edge?: string }> = {
  tills: { node: 'xl:col-start-1 xl:row-start-1' },
  files: { node: 'xl:col-start-1 xl:row-start-2' },
  intake: { node: 'xl:col-start-3 xl:row-span-2 xl:row-start-1', edge: 'xl:col-start-2 xl:row-start-1' },
  log: {
    node: 'xl:col-start-5 xl:row-span-2 xl:row-start-1',
    edge: 'xl:col-start-4 xl:row-span-2 xl:row-start-1',
  },
  stream: { node: 'xl:col-start-7 xl:row-start-1', edge: 'xl:col-start-6 xl:row-start-1' },
  liveTables: { node: 'xl:col-start-9 xl:row-start-1', edge: 'xl:col-start-8 xl:row-start-1' },
  batch: { node: 'xl:col-start-7 xl:row-start-2', edge: 'xl:col-start-6 xl:row-start-2' },
  reports: { node: 'xl:col-start-9 xl:row-start-2', edge: 'xl:col-start-8 xl:row-start-2' },
  serving: { node: 'xl:col-start-11 xl:row-span-2 xl:row-start-1', edge: 'xl:col-start-10 xl:row-start-1' },
}

function Node({ node, place, onShow }: { node: FlowNode; place: string; onShow: (part: Part) => void }) {
  const { title, path, health, why, lines, part } = node
  return (
    <li
      className={classNames(
        'flex min-w-0 flex-col rounded-card border bg-panel p-3',
        health === 'down' ? 'border-bad' : 'border-line',
        place,
      )}
    >
      <div className="flex flex-wrap items-center justify-between gap-x-2 gap-y-1">
        <h3 className="flex items-center gap-1.5 text-xs font-semibold">
          {path ? <PathMarker path={path} /> : null}
          {part ? (
            <button
              type="button"
              onClick={() => onShow(part)}
              className="text-left underline decoration-line underline-offset-4 hover:decoration-current pointer-coarse:min-h-11"
            >
              {title}
            </button>
          ) : (
            title
          )}
        </h3>
        <HealthChip health={health} />
      </div>
      {/* Keeps its line, so that nothing moves when it goes. */}
      <p className="mb-1 min-h-[1.4em] text-2xs wrap-anywhere text-muted xl:min-h-[2.8em]">{why}</p>
      <dl className="grid gap-y-1 text-2xs">
        {lines.map(({ name, value }) => (
          <div key={name} className="flex flex-wrap justify-between gap-x-2">
            <dt className="text-muted">{name}</dt>
            <dd className="ml-auto text-right">{value}</dd>
          </div>
        ))}
      </dl>
    </li>
  )
}

/** What flows into a part: an arrow with its figure; in the list a line above the part. */
function Edge({ place, from, rate, unit }: NonNullable<FlowNode['inflow']> & { place: string | undefined }) {
  return (
    <li className={classNames('flex items-center xl:self-center', place)}>
      <span className="flex items-center gap-2 pl-3 text-2xs text-muted xl:hidden">
        <ArrowDown className="size-3.5" />
        <span>
          {from}: <span className="text-text">{rate}</span> {unit}
        </span>
      </span>
      <ArrowDrawing>
        {rate}
        <span className="sr-only">
          {' '}
          {unit}, {from}
        </span>
      </ArrowDrawing>
    </li>
  )
}

/** An arrow that only the drawing has. */
function Arrow({ place, text }: { place: string; text: string }) {
  return (
    <li aria-hidden="true" className={classNames('hidden items-center xl:flex xl:self-center', place)}>
      <ArrowDrawing>{text}</ArrowDrawing>
    </li>
  )
}

/** Its label stands above it and wraps in its width, so that the arrows of a row keep one height. */
function ArrowDrawing({ children }: { children: ReactNode }) {
  return (
    <span className="relative hidden w-full px-1 xl:block">
      <span className="absolute inset-x-0 bottom-full text-center text-2xs">{children}</span>
      <svg
        viewBox="0 0 44 10"
        aria-hidden="true"
        preserveAspectRatio="xMaxYMid slice"
        className="block h-2.5 w-full text-control"
      >
        <path d="M-400 5H42M37 1l5 4-5 4" fill="none" stroke="currentColor" strokeWidth="1.25" />
      </svg>
    </span>
  )
}

const LagChart = dynamic(
  () => loadPatiently(() => import('#app/charts/lag-chart.tsx')).then(module => module.LagChart),
  { ssr: false, loading: () => <Skeleton className="grow" /> },
)

/** Events that each path had not read, as this browser has seen them since it looks. */
function LagChartCard({ flow, samples }: { flow: CardQuery<Flow>; samples: readonly LagSample[] }) {
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
      {show => (
        // That it is not refreshed stands above, at the flow.
        <CardContent query={flow} skeleton={<Skeleton className="h-52" />} staleNote={false}>
          {() =>
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
                  {
                    key: 'stream',
                    header: 'Stream, events',
                    cell: sample => formatCount(sample.streamEvents),
                  },
                  { key: 'stream-age', header: 'Oldest', cell: sample => formatLag(sample.streamMs) },
                ]}
              />
            ) : (
              <LagChart samples={samples} />
            )
          }
        </CardContent>
      )}
    </ChartWithTable>
  )
}
