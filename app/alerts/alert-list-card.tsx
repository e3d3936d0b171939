import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { KIND_TITLES, type Rule, ruleTitle, verdictText } from '#app/alerts/alert-words.ts'
import { formatCount, plural } from '#app/format/number.ts'
import { formatFullMoment, formatMoment, formatShortAge } from '#app/format/time.ts'
import { storeName } from '#app/restock/shortage-parts.tsx'
import { useTRPC, useTRPCClient } from '#app/trpc/client.tsx'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { BasisPopover, streamBasisOf } from '#app/ui/basis.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { SegmentedControl } from '#app/ui/choice.tsx'
import { DataTable, ShowMore } from '#app/ui/data-table.tsx'
import { Chip, PathTag } from '#app/ui/marks.tsx'
import type { Instant } from '#domain/instant.ts'

type Page = RouterOutputs['alerts']['list']
type Alert = Page['alerts'][number]
type AlertScope = Parameters<ReturnType<typeof useTRPCClient>['alerts']['list']['query']>[0]['scope']

const OF = [
  { value: 'all', label: 'All' },
  { value: 'settled', label: 'Judged' },
  { value: 'over', label: 'Over, not judged' },
] as const

/** What a page knows when it shows alerts. */
export interface Known {
  stores: readonly StoreSummary[]
  rules: readonly Rule[]
  now: Instant
  zone: string
}

/** Alerts page by page: what waits by its score, the others the newest first. */
export function AlertListCard({
  scope,
  onOpen,
  onOf,
  isOld,
  ...known
}: Known & {
  scope: AlertScope
  /** What the stream has read since is not known. */
  isOld: boolean
  onOpen: (alertId: string) => void
  onOf: (of: (typeof OF)[number]['value']) => void
}) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const queryClient = useQueryClient()
  const query = useInfiniteQuery({
    queryKey: [...trpc.alerts.list.pathKey(), 'pages', scope],
    queryFn: ({ pageParam, signal }) => client.alerts.list.query({ scope, cursor: pageParam }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: page => page.nextCursor,
    // The page has read the first page of what waits, on the server already.
    placeholderData: previous => {
      const first = queryClient.getQueryData(trpc.alerts.list.queryKey({ scope }))
      return previous ?? (first && { pages: [first], pageParams: [null] })
    },
  })
  const [first] = query.data?.pages ?? []
  const isWaiting = scope.of === 'waiting'
  const title = isWaiting ? 'Needs a person' : 'Alerts of before'
  return (
    <Card
      title={title}
      note={first ? countsText(first.counts, isWaiting) : undefined}
      actions={
        <BasisPopover
          title={title}
          definition="An alert begins with the event, or the minute, that first made its rule true. What is judged by what does not come ends by itself; fraud stays open until a person has looked. A verdict changes no figure: it settles the alert, and is what the precision of its rule is measured by."
          bases={first && [streamBasisOf(first.basis, known.zone)]}
        />
      }
    >
      {isWaiting ? null : (
        <SegmentedControl
          label="Alerts that are"
          segments={OF}
          value={OF.find(({ value }) => value === scope.of)?.value ?? 'all'}
          onChange={onOf}
          className="mb-3 self-start"
        />
      )}
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-96" />}
        isEmpty={({ pages }) => pages.every(({ alerts }) => alerts.length === 0)}
        empty={<EmptyState {...nothingFound({ isWaiting, isOld })} />}
      >
        {({ pages }) => (
          <>
            <AlertRows alerts={pages.flatMap(({ alerts }) => alerts)} onOpen={onOpen} {...known} />
            <ShowMore query={query} className="mt-3 self-end" />
          </>
        )}
      </CardContent>
    </Card>
  )
}

/** That nothing waits is said only while every event is known to have been judged. */
function nothingFound({ isWaiting, isOld }: { isWaiting: boolean; isOld: boolean }): {
  what: string
  advice: string
} {
  if (!isWaiting) {
    return {
      what: 'No alert like this in these days.',
      advice: 'Choose other days, stores, kinds or rules above.',
    }
  }
  if (isOld) {
    return {
      what: 'No alert of before that moment waits.',
      advice: 'What has happened since has not been judged yet, or nobody has answered.',
    }
  }
  return {
    what: 'Nothing waits for a person.',
    advice: 'Every alert of what was chosen above has been judged, or is over.',
  }
}

/** How many there are, and in which order they stand where some do. */
export function countsText({ waiting, settled, over }: Page['counts'], isWaiting: boolean): string {
  if (isWaiting) {
    return `${plural(waiting, 'alert')} open and not judged${waiting > 1 ? ', the highest score first' : ''}`
  }
  return `${formatCount(settled)} judged, ${formatCount(over)} over without, ${formatCount(waiting)} waiting`
}

interface Rows extends Known {
  alerts: readonly Alert[]
  onOpen: (alertId: string) => void
}

/** The same rows as a table where there is room for all of it, else as a list. */
function AlertRows(rows: Rows) {
  return (
    <div className="@container">
      <div className="flex flex-col @max-[60rem]:hidden">
        <AlertTable {...rows} />
      </div>
      <ul aria-label="Alerts" className="grid grid-cols-1 @min-[60rem]:hidden">
        {rows.alerts.map(alert => (
          <AlertItem key={alert.alertId} alert={alert} {...rows} />
        ))}
      </ul>
    </div>
  )
}

function AlertTable({ alerts, onOpen, stores, rules, now, zone }: Rows) {
  return (
    <DataTable
      caption="Alerts"
      rows={alerts}
      rowKey={({ alertId }) => alertId}
      columns={[
        { key: 'kind', header: 'Kind', align: 'left', cell: alert => <KindChip alert={alert} /> },
        {
          key: 'what',
          header: 'What',
          align: 'left',
          cell: alert => (
            <span className="block max-w-120 min-w-48 whitespace-normal">
              <OpenButton alert={alert} onOpen={onOpen} />
              <span className="block text-2xs text-muted">{ruleTitle(rules, alert.rule)}</span>
            </span>
          ),
        },
        { key: 'store', header: 'Store', align: 'left', cell: ({ store }) => storeName(stores, store) },
        { key: 'score', header: 'Score', cell: ({ score }) => formatCount(score) },
        {
          key: 'opened',
          header: 'Began',
          cell: ({ openedAt }) => (
            <span title={formatFullMoment(openedAt, zone)}>{formatMoment(openedAt, zone, now)}</span>
          ),
        },
        {
          key: 'path',
          header: 'Raised by',
          align: 'left',
          cell: ({ raisedBy }) => <PathTag path={raisedBy} />,
        },
        {
          key: 'state',
          header: 'State',
          align: 'left',
          cell: alert => <StateText alert={alert} zone={zone} now={now} />,
        },
      ]}
    />
  )
}

function AlertItem({ alert, onOpen, stores, rules, now, zone }: Rows & { alert: Alert }) {
  return (
    <li className="grid gap-1 border-t border-line py-3 text-xs first:border-t-0">
      <div className="flex items-start justify-between gap-3">
        <p className="min-w-0 wrap-anywhere">
          <OpenButton alert={alert} onOpen={onOpen} />
        </p>
        <KindChip alert={alert} />
      </div>
      <p className="text-2xs text-muted">
        {ruleTitle(rules, alert.rule)}, {storeName(stores, alert.store)}, score {formatCount(alert.score)},{' '}
        <span title={formatFullMoment(alert.openedAt, zone)}>{formatShortAge(now - alert.openedAt)} ago</span>
      </p>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <StateText alert={alert} zone={zone} now={now} />
        <PathTag path={alert.raisedBy} />
      </div>
    </li>
  )
}

function OpenButton({ alert, onOpen }: { alert: Alert; onOpen: (alertId: string) => void }) {
  return (
    <button
      type="button"
      onClick={() => onOpen(alert.alertId)}
      className="rounded text-left underline underline-offset-4 hover:no-underline pointer-coarse:min-h-11"
    >
      {alert.summary}
    </button>
  )
}

/** What it is about; what is critical stands out. */
export function KindChip({ alert: { kind, severity } }: { alert: Pick<Alert, 'kind' | 'severity'> }) {
  return <Chip tone={severity === 'critical' ? 'bad' : 'plain'}>{KIND_TITLES[kind]}</Chip>
}

/** What became of it, in words. */
function StateText({ alert, zone, now }: { alert: Alert; zone: string; now: Instant }) {
  const { verdict, judgedBy, judgedAt, state, resolvedAt, assignee } = alert
  const parts = [
    verdict && judgedAt !== null
      ? `${verdictText(verdict, alert.kind)} by ${judgedBy ?? 'somebody'}, ${formatMoment(judgedAt, zone, now)}`
      : null,
    state === 'resolved' && resolvedAt !== null ? `over ${formatMoment(resolvedAt, zone, now)}` : null,
    assignee === null ? null : `with ${assignee}`,
  ].filter(part => part !== null)
  return (
    <span className="block text-2xs wrap-anywhere whitespace-normal text-muted">
      {parts.length > 0 ? parts.join('; ') : 'nobody yet'}
    </span>
  )
}
