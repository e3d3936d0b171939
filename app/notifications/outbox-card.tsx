import { useInfiniteQuery } from '@tanstack/react-query'
import { formatMoment } from '#app/format/time.ts'
import { MailText } from '#app/notifications/deliveries-card.tsx'
import { useTRPC, useTRPCClient } from '#app/trpc/client.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { ShowMore } from '#app/ui/data-table.tsx'

const REFRESH_MS = 5_000

/** What is said of the outbox, and what would put a mail there. Null: whether there is a mail server is not known (yet). */
export function outboxWords(sendsMail: boolean | null): { note?: string; advice?: string } {
  if (sendsMail === null) return {}
  return sendsMail
    ? {
        note: 'mails go to the mail server now; these were kept before',
        advice: 'Mails go to the mail server; Deliveries says what it answered.',
      }
    : {
        note: 'no mail server (SMTP_URL): mails are kept here',
        advice: 'Add a subscription by e-mail and send a test: its mail will be here.',
      }
}

/** Mails of an installation without a mail server: what would have gone, the newest first. */
export function OutboxCard({ zone, sendsMail }: { zone: string; sendsMail: boolean | null }) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const query = useInfiniteQuery({
    queryKey: trpc.notifications.outbox.pathKey(),
    queryFn: ({ pageParam, signal }) => client.notifications.outbox.query({ cursor: pageParam }, { signal }),
    initialPageParam: null as number | null,
    getNextPageParam: page => page.nextCursor,
    refetchInterval: REFRESH_MS,
  })
  const now = query.data?.pages[0]?.now ?? 0
  const { note, advice } = outboxWords(sendsMail)
  return (
    <Card title="Outbox" note={note}>
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-64" />}
        isEmpty={({ pages }) => pages.every(({ mails }) => mails.length === 0)}
        empty={<EmptyState what="No mail is kept here." advice={advice} />}
      >
        {({ pages }) => (
          <>
            <ul aria-label="Mails" className="grid gap-3">
              {pages
                .flatMap(({ mails }) => mails)
                .map(mail => (
                  <li key={mail.delivery} className="grid gap-1 text-xs">
                    <p className="text-2xs text-muted">
                      {formatMoment(mail.writtenAt, zone, now, { seconds: true })}
                    </p>
                    <MailText {...mail} />
                  </li>
                ))}
            </ul>
            <ShowMore query={query} className="mt-3 self-start" />
          </>
        )}
      </CardContent>
    </Card>
  )
}
