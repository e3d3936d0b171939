import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { formatExactMoney } from '#app/format/money.ts'
import { formatCount, plural } from '#app/format/number.ts'
import { formatAge, formatLag, formatTime } from '#app/format/time.ts'
import { Moment, PIPELINE_ZONE } from '#app/pipeline/moment.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { Chip } from '#app/ui/marks.tsx'
import { DialogFrame } from '#app/ui/popup.tsx'

type Sale = RouterOutputs['pipeline']['late']['list']['sales'][number]
type Way = RouterOutputs['pipeline']['late']['way']

const LATE_MS = 10_000

/** Sales that came after their minute had closed; of each its way can be followed. */
export function LateSalesCard() {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.pipeline.late.list.queryOptions(), refetchInterval: LATE_MS })
  const now = useServerNow(query)
  const [shown, setShown] = useState<Sale | null>(null)
  return (
    <Card title="Late sales" note="they revised a minute that had closed; the newest 50 of the last day">
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-56" />}
        isEmpty={({ sales }) => sales.length === 0}
        empty={<EmptyState what="No sale has come late within a day." />}
      >
        {data => (
          <div className="flex max-h-80 flex-col">
            <SalesTable sales={data.sales} now={now ?? data.now} onShow={setShown} />
          </div>
        )}
      </CardContent>
      <DialogFrame
        isOpen={shown !== null}
        title={shown ? `The way of ${shown.id}` : ''}
        description={
          shown
            ? `${shown.type} of ${shown.source}, partition ${shown.partition}, offset ${shown.offset}`
            : ''
        }
        onClose={() => setShown(null)}
      >
        {shown ? <WayDetail sale={shown} /> : null}
      </DialogFrame>
    </Card>
  )
}

function SalesTable({
  sales,
  now,
  onShow,
}: {
  sales: readonly Sale[]
  now: number
  onShow: (sale: Sale) => void
}) {
  return (
    <DataTable
      caption="Late sales, the newest first"
      rows={sales}
      rowKey={({ partition, offset }) => `${partition} ${offset}`}
      columns={[
        { key: 'id', header: 'Sale', align: 'left', cell: ({ id }) => id },
        { key: 'store', header: 'Store', align: 'left', cell: ({ store }) => store },
        { key: 'happened', header: 'Happened', cell: row => <Moment at={row.eventTime} now={now} /> },
        { key: 'appended', header: 'Appended', cell: row => <Moment at={row.appendedAt} now={now} /> },
        { key: 'late', header: 'On its way', cell: row => formatAge(row.appendedAt - row.eventTime) },
        { key: 'watermark', header: 'Watermark then', cell: row => <Moment at={row.watermark} now={now} /> },
        {
          key: 'state',
          header: 'Its minute was',
          align: 'left',
          cell: ({ stateThen }) => <Chip>{stateThen}</Chip>,
        },
        {
          key: 'way',
          header: <span className="sr-only">Its way</span>,
          cell: row => (
            <Button kind="row" aria-label={`The way of ${row.id}`} onClick={() => onShow(row)}>
              Its way
            </Button>
          ),
        },
      ]}
    />
  )
}

function WayDetail({ sale: { partition, offset } }: { sale: Sale }) {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.pipeline.late.way.queryOptions({ partition, offset }), staleTime: 0 })
  return (
    <div className="min-h-0 overflow-y-auto">
      <CardContent query={query} skeleton={<Skeleton className="h-96" />}>
        {way => (
          <div className="grid min-w-0 gap-4">
            <Steps way={way} />
            <Stands way={way} />
          </div>
        )}
      </CardContent>
    </div>
  )
}

function Steps({ way }: { way: Way }) {
  const { eventTime, appendedAt, processedAt, watermark, windowStart, windowEnd, stateThen, stateNow } = way
  const minute = `${time(windowStart)} to ${time(windowEnd)}`
  const steps: [at: number, what: string, text: ReactNode][] = [
    [eventTime, 'It happened', `in the minute ${minute} of ${way.store}, ${way.channel}, ${way.currency}.`],
    [
      watermark,
      'The watermark stood here',
      `when it was appended: ${formatAge(watermark - windowEnd)} past the end of its minute, which was ${stateThen}.`,
    ],
    [appendedAt, 'Appended to the log', `${formatAge(appendedAt - eventTime)} after it happened.`],
    [
      processedAt,
      'Counted, and told to the live pages',
      `by one commit, ${formatLag(Math.max(0, processedAt - appendedAt))} after the append. The minute is ${stateNow} now.`,
    ],
  ]
  return (
    <ol aria-label="Its way" className="grid gap-2">
      {steps.map(([at, what, text]) => (
        <li
          key={what}
          className="grid gap-x-3 border-l-2 border-stream pl-3 text-xs sm:grid-cols-[6rem_minmax(0,1fr)]"
        >
          <span className="text-muted">{time(at)}</span>
          <span>
            <span className="font-medium">{what}</span> {text}
          </span>
        </li>
      ))}
    </ol>
  )
}

function Stands({ way }: { way: Way }) {
  const { before, after, current, effect, currency } = way
  const net = (amount: string) => formatExactMoney(amount, currency)
  const rows = [
    {
      of: 'Orders',
      before: formatCount(before.orders),
      after: formatCount(after.orders),
      now: formatCount(current.orders),
    },
    {
      of: 'Units',
      before: formatCount(before.units),
      after: formatCount(after.units),
      now: formatCount(current.units),
    },
    { of: `Net, ${currency}`, before: net(before.net), after: net(after.net), now: net(current.net) },
    {
      of: `Of it late, ${currency}`,
      before: net(before.lateNet),
      after: net(after.lateNet),
      now: net(current.lateNet),
    },
    {
      of: 'Revision',
      before: formatCount(before.revision),
      after: formatCount(after.revision),
      now: formatCount(current.revision),
    },
  ]
  return (
    <div className="grid min-w-0 gap-2">
      <DataTable
        caption="Its minute before and after it"
        rows={rows}
        rowKey={({ of }) => of}
        columns={[
          { key: 'of', header: 'Its minute', align: 'left', cell: row => row.of },
          { key: 'before', header: 'Before it', cell: row => row.before },
          { key: 'after', header: 'After it', cell: row => row.after },
          { key: 'now', header: 'Now', cell: row => row.now },
        ]}
      />
      <p className="text-2xs text-muted">
        It added {plural(effect.orders, 'order')}, {plural(effect.units, 'unit')}, net {net(effect.net)}{' '}
        {currency}, and one revision. Before and after are the minute of now without what came later, from the
        log.
      </p>
    </div>
  )
}

/** With seconds: all of it is a matter of seconds. */
function time(at: number): string {
  return formatTime(at, PIPELINE_ZONE, { seconds: true })
}
