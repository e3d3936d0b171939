import type { Metadata } from 'next'
import { NotificationsPage } from '#app/notifications/notifications-page.tsx'
import { HydrateQueries, requestQueryClient, trpc } from '#app/trpc/server.tsx'

export const metadata: Metadata = { title: 'Notifications' }

/** Asks beforehand what the page will ask, so that its first paint has the subscriptions. */
export default async function Page() {
  const queries = requestQueryClient()
  await Promise.all([
    queries.prefetchQuery(trpc.overview.get.queryOptions()),
    queries.prefetchQuery(trpc.notifications.subscriptions.queryOptions()),
  ])
  return (
    <HydrateQueries>
      <NotificationsPage />
    </HydrateQueries>
  )
}
