import type { Metadata } from 'next'
import type { SearchParams } from 'nuqs/server'
import { alertScopeOf } from '#app/alerts/alert-scope.ts'
import { AlertsPage } from '#app/alerts/alerts-page.tsx'
import { HydrateQueries, requestQueryClient, trpc } from '#app/trpc/server.tsx'
import { loadAlertsState } from '#app/url-state.ts'

export const metadata: Metadata = { title: 'Alerts' }

/** Asks beforehand what the page will ask, so that its first paint has the list. */
export default async function Page({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const queries = requestQueryClient()
  const asked = await loadAlertsState(searchParams)
  const [overview] = await Promise.allSettled([queries.fetchQuery(trpc.overview.get.queryOptions())])
  if (overview.status === 'fulfilled') {
    const scope = alertScopeOf({ ...asked, view: 'waiting' }, overview.value.stores, 0)
    await Promise.all([
      queries.prefetchQuery(trpc.alerts.list.queryOptions({ scope })),
      queries.prefetchQuery(trpc.alerts.rules.queryOptions()),
    ])
  }
  return (
    <HydrateQueries>
      <AlertsPage />
    </HydrateQueries>
  )
}
