import { useInfiniteQuery } from '@tanstack/react-query'
import { formatDay } from '#app/format/day.ts'
import { plural } from '#app/format/number.ts'
import { formatTime } from '#app/format/time.ts'
import { formatSignedValue } from '#app/side-by-side/pairs.ts'
import { useTRPC, useTRPCClient } from '#app/trpc/client.tsx'
import type {
  DifferenceEvent,
  EventCause,
  MetricComparison,
  SideBySideScope,
} from '#app/trpc/router-outputs.ts'
import { CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { DataTable, ShowMore } from '#app/ui/data-table.tsx'
import { Chip } from '#app/ui/marks.tsx'
import { DialogFrame } from '#app/ui/popup.tsx'
import type { Metric } from '#app/url-state.ts'
import { showEventId } from '#domain/derived-id.ts'
import { METRIC_TEXTS } from '#domain/measures.ts'

/** What the list is about: the events of one cause, as they count in one metric. */
export interface EventsShown {
  cause: EventCause
  title: string
  scope: SideBySideScope
  metric: Metric
  unit: MetricComparison['unit']
  zone: string
}

/** The events behind one cause of a difference, each by its id, its place in the log and its effect. */
export function EventsDialog({ shown, onClose }: { shown: EventsShown | null; onClose: () => void }) {
  return (
    <DialogFrame
      isOpen={shown !== null}
      title={shown?.title ?? ''}
      description={
        shown
          ? `The events by what each adds to ${METRIC_TEXTS[shown.metric].title.toLowerCase()}, newest in the log first.`
          : null
      }
      onClose={onClose}
    >
      {shown ? <Events shown={shown} /> : null}
    </DialogFrame>
  )
}

function Events({ shown }: { shown: EventsShown }) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const { scope, cause, metric } = shown
  const query = useInfiniteQuery({
    queryKey: [...trpc.sideBySide.events.pathKey(), { scope, cause, metric }],
    queryFn: ({ pageParam, signal }) =>
      client.sideBySide.events.query({ scope, cause, metric, cursor: pageParam }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: page => page.nextCursor,
    // What one looks at stays while new events arrive; opening it again reads it anew.
    gcTime: 0,
  })
  return (
    <CardContent
      query={query}
      skeleton={<Skeleton className="h-96" />}
      isEmpty={({ pages }) => pages.every(page => page.events.length === 0)}
      empty={
        <EmptyState
          what="None any more."
          advice="Since the figures were read both paths have gone on, and this difference is gone."
        />
      }
    >
      {({ pages }) => (
        <>
          <EventTable events={pages.flatMap(page => page.events)} shown={shown} />
          <div className="mt-3 flex items-center justify-between gap-3 text-2xs text-muted">
            <span>
              {plural(
                pages.reduce((sum, page) => sum + page.events.length, 0),
                'event',
              )}{' '}
              shown
            </span>
            <ShowMore query={query} />
          </div>
        </>
      )}
    </CardContent>
  )
}

const TYPE_NAMES: Record<DifferenceEvent['type'], string> = {
  'order.placed': 'Order',
  'order.voided': 'Void',
  'order.returned': 'Return',
}

function EventTable({
  events,
  shown: { scope, unit, zone, title },
}: {
  events: readonly DifferenceEvent[]
  shown: EventsShown
}) {
  return (
    <DataTable
      caption={title}
      rows={events}
      rowKey={event => `${event.partition} ${event.offset}`}
      columns={[
        { key: 'type', header: 'Type', align: 'left', cell: event => TYPE_NAMES[event.type] },
        {
          key: 'effect',
          header: unit === 'money' ? `Effect, ${scope.currency}` : 'Effect',
          cell: event => formatSignedValue(event.effect, unit, scope.currency),
        },
        {
          key: 'id',
          header: 'Source and id',
          align: 'left',
          cell: event => (
            <>
              <span className="text-muted">{event.source}</span> {showEventId(event.id)}
            </>
          ),
        },
        { key: 'store', header: 'Store', align: 'left', cell: event => event.store },
        { key: 'customer', header: 'Customer', align: 'left', cell: event => event.customer ?? '–' },
        {
          key: 'sold',
          header: 'Event time',
          cell: event => (
            <>
              {scope.from === scope.to ? null : `${formatDay(event.businessDay)}, `}
              {formatTime(event.eventTime, zone, { seconds: true })}
            </>
          ),
        },
        {
          key: 'appended',
          header: 'In the log at',
          cell: event => formatTime(event.appendedAt, zone, { seconds: true }),
        },
        { key: 'offset', header: 'Partition, offset', cell: event => `${event.partition}, ${event.offset}` },
        {
          key: 'known',
          header: 'Note',
          align: 'left',
          cell: event => (
            <span className="flex gap-1">
              {event.late ? <Chip>late</Chip> : null}
              {event.bulk ? <Chip>from a file</Chip> : null}
            </span>
          ),
        },
      ]}
    />
  )
}
