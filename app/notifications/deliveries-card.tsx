import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useState } from 'react'
import { plural } from '#app/format/number.ts'
import { formatLag, formatMoment } from '#app/format/time.ts'
import { forWhom, WAY_TITLES } from '#app/notifications/notification-words.ts'
import { useTRPC, useTRPCClient } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { SegmentedControl } from '#app/ui/choice.tsx'
import { DataTable, ShowMore } from '#app/ui/data-table.tsx'
import { Chip } from '#app/ui/marks.tsx'
import { DialogFrame } from '#app/ui/popup.tsx'

const REFRESH_MS = 5_000

type Delivery = RouterOutputs['notifications']['deliveries']['deliveries'][number]

const STATES = [
  { value: 'all', label: 'All' },
  { value: 'waiting', label: 'Waiting' },
  { value: 'delivered', label: 'Delivered' },
  { value: 'failed', label: 'Failed' },
] as const

/** Everything that went, or is to go, the newest first; each with its attempts and what came of them. */
export function DeliveriesCard({
  zone,
  opened,
  onOpen,
}: {
  zone: string
  opened: number | null
  onOpen: (delivery: number | null) => void
}) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const [shown, setShown] = useState<(typeof STATES)[number]['value']>('all')
  const state = shown === 'all' ? null : shown
  const query = useInfiniteQuery({
    queryKey: [...trpc.notifications.deliveries.pathKey(), { state }],
    queryFn: ({ pageParam, signal }) =>
      client.notifications.deliveries.query({ state, cursor: pageParam }, { signal }),
    initialPageParam: null as number | null,
    getNextPageParam: page => page.nextCursor,
    refetchInterval: REFRESH_MS,
  })
  const now = query.data?.pages[0]?.now ?? 0
  return (
    <Card title="Deliveries" note="the newest first">
      <SegmentedControl
        label="Deliveries that are"
        segments={STATES}
        value={shown}
        onChange={setShown}
        className="mb-3 self-start"
      />
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-96" />}
        isEmpty={({ pages }) => pages.every(({ deliveries }) => deliveries.length === 0)}
        empty={
          <EmptyState
            what={state === null ? 'Nothing was told yet.' : 'No delivery like this.'}
            advice="Send a test beside a subscription to see one."
          />
        }
      >
        {({ pages }) => (
          <>
            <DataTable
              caption="Deliveries"
              keepsFirstColumn
              rows={pages.flatMap(({ deliveries }) => deliveries)}
              rowKey={({ delivery }) => String(delivery)}
              columns={[
                {
                  key: 'what',
                  header: 'What',
                  align: 'left',
                  cell: one => (
                    <span className="grid justify-items-start">
                      <Button
                        kind="quiet"
                        className="-mx-2 max-w-56 justify-start text-left sm:max-w-80"
                        onClick={() => onOpen(one.delivery)}
                      >
                        <span className="truncate text-text">{whatText(one)}</span>
                      </Button>
                      {/* Where there is no room beside it. */}
                      <span className="flex items-center gap-1.5 pb-1 text-2xs text-muted sm:hidden">
                        <StateChip state={one.state} />
                        {WAY_TITLES[one.way]}
                      </span>
                    </span>
                  ),
                },
                {
                  key: 'way',
                  header: 'Way',
                  align: 'left',
                  className: 'max-sm:hidden',
                  cell: one => WAY_TITLES[one.way],
                },
                { key: 'who', header: 'To', align: 'left', cell: one => <ToWhom delivery={one} /> },
                {
                  key: 'state',
                  header: 'State',
                  align: 'left',
                  className: 'max-sm:hidden',
                  cell: one => <StateChip state={one.state} />,
                },
                { key: 'attempts', header: 'Attempts', cell: one => one.attempts },
                {
                  key: 'made',
                  header: 'Since',
                  cell: one => formatMoment(one.createdAt, zone, now, { seconds: true }),
                },
                {
                  key: 'outcome',
                  header: 'What came of it',
                  align: 'left',
                  cell: one => (
                    <span className="block max-w-96 min-w-48 whitespace-normal wrap-anywhere">
                      {outcomeText(one, zone, now)}
                    </span>
                  ),
                },
              ]}
            />
            <ShowMore query={query} className="mt-3 self-start" />
          </>
        )}
      </CardContent>
      <DeliveryDialog delivery={opened} zone={zone} now={now} onClose={() => onOpen(null)} />
    </Card>
  )
}

function whatText({ isTest, messages, title }: Delivery): string {
  if (isTest) return 'A test'
  return messages === 1 ? (title ?? '1 alert') : plural(messages, 'alert')
}

function ToWhom({ delivery }: { delivery: Delivery }) {
  return (
    <span className="block max-w-64 truncate" title={delivery.address ?? undefined}>
      {forWhom(delivery)}
    </span>
  )
}

export function StateChip({ state }: { state: Delivery['state'] }) {
  const tone = { waiting: 'plain', delivered: 'good', failed: 'bad' } as const
  return <Chip tone={tone[state]}>{state}</Chip>
}

function outcomeText(
  { outcome, state, attempts, nextAttemptAt }: Delivery,
  zone: string,
  now: number,
): string {
  if (state !== 'waiting') return outcome ?? ''
  if (attempts === 0) return 'not sent yet'
  const again = `tried again at ${formatMoment(nextAttemptAt, zone, now, { seconds: true })}`
  return outcome ? `${outcome}; ${again}` : again
}

function DeliveryDialog({
  delivery,
  zone,
  now,
  onClose,
}: {
  delivery: number | null
  zone: string
  now: number
  onClose: () => void
}) {
  const trpc = useTRPC()
  const query = useQuery({
    ...trpc.notifications.delivery.queryOptions({ delivery: delivery ?? 1 }),
    enabled: delivery !== null,
    refetchInterval: REFRESH_MS,
  })
  return (
    <DialogFrame
      isOpen={delivery !== null}
      title={`Delivery ${delivery ?? ''}`}
      description="What went with it, and what came of each attempt."
      onClose={onClose}
    >
      <div className="min-h-0 grow overflow-y-auto">
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-48" />}
          isEmpty={detail => detail === null}
          empty={<EmptyState what="There is no delivery of this number (any more)." />}
        >
          {detail =>
            detail === null ? null : (
              <div className="grid gap-4 text-xs">
                <section aria-label="Alerts" className="grid gap-1">
                  <h3 className="font-semibold">Alerts</h3>
                  {detail.messages.length === 0 ? <p className="text-muted">None: it is a test.</p> : null}
                  <ul className="grid gap-1.5">
                    {detail.messages.map(message => (
                      <li key={`${message.alertId} ${message.severity}`} className="wrap-anywhere">
                        <Link href={message.href} className="font-medium hover:underline">
                          {message.title}
                        </Link>{' '}
                        {message.severity === 'critical' ? <Chip tone="bad">critical</Chip> : null}
                        <p className="text-2xs text-muted">{message.detail}</p>
                      </li>
                    ))}
                  </ul>
                </section>
                <section aria-label="Attempts" className="grid gap-1">
                  <h3 className="font-semibold">Attempts</h3>
                  {detail.attempts.length === 0 ? <p className="text-muted">None has ended yet.</p> : null}
                  <ol className="grid gap-1">
                    {detail.attempts.map(({ attempt, at, tookMs, outcome }) => (
                      <li key={attempt} className="wrap-anywhere">
                        <span className="text-muted">
                          {attempt}, {formatMoment(at, zone, now, { seconds: true })}, {formatLag(tookMs)}:
                        </span>{' '}
                        {outcome}
                      </li>
                    ))}
                  </ol>
                </section>
                {detail.mail ? (
                  <section aria-label="Mail" className="grid gap-1">
                    <h3 className="font-semibold">Mail that would have gone</h3>
                    <MailText {...detail.mail} />
                  </section>
                ) : null}
              </div>
            )
          }
        </CardContent>
      </div>
    </DialogFrame>
  )
}

/** A mail as it would have been read. */
export function MailText({ recipient, subject, body }: { recipient: string; subject: string; body: string }) {
  return (
    <div className="grid gap-1 rounded-control bg-faint p-3 wrap-anywhere">
      <p>
        <span className="text-muted">To</span> {recipient}
      </p>
      <p className="font-medium">{subject}</p>
      <p className="text-2xs whitespace-pre-wrap">{body}</p>
    </div>
  )
}
