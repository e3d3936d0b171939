import { useQuery } from '@tanstack/react-query'
import { formatCount } from '#app/format/number.ts'
import { formatLag } from '#app/format/time.ts'
import {
  type Costs,
  formatMeasured,
  formatQuantile,
  formatShare,
  inOrder,
  measureOf,
  PATH_TITLES,
  type PathCost,
} from '#app/pipeline/costs/cost-texts.ts'
import { LatencySketch } from '#app/pipeline/costs/latency-sketch.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import { Card, CardContent, type CardQuery, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { ChartWithTable } from '#app/ui/chart-with-table.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { PathTag } from '#app/ui/marks.tsx'

/** Processes write down what they took every ten seconds. */
const COSTS_MS = 10_000

/** What an order costs on each path, operator by operator, and how long it takes from the till to the page. */
export function CostsPart() {
  const query = useQuery({ ...useTRPC().pipeline.costs.queryOptions(), refetchInterval: COSTS_MS })
  return (
    <>
      <Card
        title="An order costs"
        note="last 24 hours, voids and returns count as orders; while little is sold, looking for more is most of it"
      >
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-40" />}
          isEmpty={({ paths }) => paths.length === 0}
          empty={<NothingMeasured />}
        >
          {({ paths }) => <PathsTable paths={paths} />}
        </CardContent>
      </Card>
      <div className="grid gap-3 xl:grid-cols-2 xl:items-start">
        <OperatorsCard
          path="stream"
          title="Operators of the stream"
          note="some batches are timed, operator by operator"
          query={query}
        />
        <OperatorsCard
          path="batch"
          title="Jobs of the batch path"
          note="against the orders that the planner has met"
          query={query}
        />
      </div>
      <LatencyCard query={query} />
    </>
  )
}

function NothingMeasured() {
  return (
    <EmptyState
      what="Nothing has been measured within a day."
      advice="Each process writes down what it takes every ten seconds, once it runs."
    />
  )
}

function PathsTable({ paths }: { paths: readonly PathCost[] }) {
  return (
    <DataTable
      caption="What an order costs on each path"
      rows={paths}
      rowKey={({ path }) => path}
      columns={[
        {
          key: 'path',
          header: 'Path',
          align: 'left',
          cell: ({ path }) =>
            path === 'stream' || path === 'batch' ? <PathTag path={path} /> : PATH_TITLES[path],
        },
        { key: 'orders', header: 'Orders', cell: ({ whole }) => formatCount(whole.orders) },
        {
          key: 'cpu',
          header: 'Processor, µs an order',
          cell: ({ whole }) => formatMeasured(whole.cpuMicrosPerOrder),
        },
        {
          key: 'database',
          header: 'In the database, µs an order',
          cell: ({ whole }) => formatMeasured(whole.databaseMicrosPerOrder),
        },
        {
          key: 'rows',
          header: 'Rows written, per 1,000 orders',
          cell: ({ whole }) => formatMeasured(whole.rowsPerThousandOrders),
        },
      ]}
    />
  )
}

function OperatorsCard({
  path,
  title,
  note,
  query,
}: {
  path: 'stream' | 'batch'
  title: string
  note: string
  query: CardQuery<Costs>
}) {
  const operatorsOf = ({ paths }: Costs) => paths.find(each => each.path === path)?.operators ?? []
  return (
    <Card title={title} note={note}>
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-96" />}
        isEmpty={costs => operatorsOf(costs).length === 0}
        empty={<NothingMeasured />}
        staleNote={false}
      >
        {costs => (
          <DataTable
            caption={`${title}, the dearest first`}
            rows={operatorsOf(costs)}
            rowKey={({ operator }) => operator}
            keepsFirstColumn
            columns={[
              {
                key: 'operator',
                header: path === 'stream' ? 'Operator' : 'Job',
                align: 'left',
                className: 'min-w-36 whitespace-normal',
                cell: row => row.title,
              },
              path === 'stream'
                ? {
                    key: 'cpu',
                    header: 'Processor, µs an order',
                    cell: row => formatMeasured(row.cpuMicrosPerOrder),
                  }
                : {
                    key: 'database',
                    header: 'Database, µs an order',
                    cell: row => formatMeasured(row.databaseMicrosPerOrder),
                  },
              {
                key: 'rows',
                header: 'Rows per 1,000',
                cell: row => formatMeasured(row.rowsPerThousandOrders),
              },
              { key: 'share', header: 'Share', cell: row => formatShare(row.share) },
            ]}
          />
        )}
      </CardContent>
    </Card>
  )
}

function LatencyCard({ query }: { query: CardQuery<Costs> }) {
  return (
    <ChartWithTable
      title="How long it takes"
      heightClass="min-h-72"
      legend={<span>last 24 hours, all processes together; between bounds a quantile is an estimate</span>}
    >
      {show => (
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-72" />}
          isEmpty={({ latencies }) => latencies.length === 0}
          empty={<NothingMeasured />}
          staleNote={false}
        >
          {({ latencies, now }) =>
            show === 'table' ? (
              <LatencyTable latencies={latencies} />
            ) : (
              <div className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
                {inOrder(latencies).map(latency => (
                  <LatencySketch key={`${latency.path} ${latency.measure}`} latency={latency} now={now} />
                ))}
              </div>
            )
          }
        </CardContent>
      )}
    </ChartWithTable>
  )
}

function LatencyTable({ latencies }: { latencies: Costs['latencies'] }) {
  const quantile = (ms: number | null) => formatQuantile(ms, formatLag)
  return (
    <DataTable
      caption="Latency and freshness as distributions"
      rows={inOrder(latencies)}
      rowKey={({ path, measure }) => `${path} ${measure}`}
      columns={[
        { key: 'measure', header: 'Measure', align: 'left', cell: row => measureOf(row).title },
        { key: 'what', header: 'Of', align: 'left', cell: row => measureOf(row).what },
        { key: 'count', header: 'Counted', cell: ({ count }) => formatCount(count) },
        { key: 'p50', header: 'Median', cell: ({ p50 }) => quantile(p50) },
        { key: 'p95', header: '95%', cell: ({ p95 }) => quantile(p95) },
        { key: 'p99', header: '99%', cell: ({ p99 }) => quantile(p99) },
      ]}
    />
  )
}
