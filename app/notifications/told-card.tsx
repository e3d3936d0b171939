import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useEffect } from 'react'
import { useActor } from '#app/controls/actor.tsx'
import { formatFullMoment, formatMoment } from '#app/format/time.ts'
import { useLive } from '#app/socket/live.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { Chip } from '#app/ui/marks.tsx'

const REFRESH_MS = 15_000

/** What the pages told: whoever was away reads it here. */
export function ToldCard({ zone }: { zone: string }) {
  const trpc = useTRPC()
  const person = useActor()
  const { state } = useLive()
  const query = useQuery({
    ...trpc.notifications.notices.queryOptions({ person }),
    refetchInterval: REFRESH_MS,
  })
  const { refetch } = query
  // Asked again whenever pages are told something.
  useEffect(() => {
    if (state.notices > 0) void refetch()
  }, [refetch, state.notices])
  return (
    <Card title="Told here" note={person === null ? 'what everybody is told' : `what ${person} is told`}>
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-64" />}
        isEmpty={({ notices }) => notices.length === 0}
        empty={
          <EmptyState
            what="Nothing was told here yet."
            advice="What is open already is on Restock and Alerts; told is what comes."
          />
        }
      >
        {({ notices, now }) => (
          <ul aria-label="Told here" className="grid grid-cols-1">
            {notices.toReversed().map(notice => (
              <li
                key={`${notice.sequence} ${notice.alertId} ${notice.severity}`}
                className="grid gap-0.5 border-t border-line py-2.5 text-xs first:border-t-0"
              >
                <div className="flex flex-wrap items-center gap-2">
                  <Link href={notice.href} className="min-w-0 font-medium wrap-anywhere hover:underline">
                    {notice.title}
                  </Link>
                  {notice.severity === 'critical' ? <Chip tone="bad">critical</Chip> : null}
                  <time
                    dateTime={new Date(notice.toldAt).toISOString()}
                    title={formatFullMoment(notice.toldAt, zone)}
                    className="text-2xs text-muted sm:ml-auto"
                  >
                    {formatMoment(notice.toldAt, zone, now)}
                  </time>
                </div>
                <p className="text-2xs text-muted">{notice.detail}</p>
              </li>
            ))}
          </ul>
        )}
      </CardContent>
    </Card>
  )
}
