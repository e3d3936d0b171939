import type { Metadata } from 'next'
import type { SearchParams } from 'nuqs/server'
import { RestockPage } from '#app/restock/restock-page.tsx'
import { restockScopeOf } from '#app/restock/restock-scope.ts'
import { loadRestockUrlState } from '#app/restock/url-state.ts'
import { HydrateQueries, requestQueryClient, trpc } from '#app/trpc/server.tsx'

export const metadata: Metadata = { title: 'Restock' }

/** Asks beforehand what the page will ask, so that its first paint has the list. */
export default async function Page({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const queries = requestQueryClient()
  const asked = await loadRestockUrlState(searchParams)
  const [overview] = await Promise.allSettled([queries.fetchQuery(trpc.overview.get.queryOptions())])
  if (overview.status === 'fulfilled') {
    const scope = restockScopeOf(asked, overview.value.stores)
    await Promise.all([
      queries.prefetchQuery(trpc.restock.alerts.queryOptions(scope)),
      asked.view === 'order' ? queries.prefetchQuery(trpc.restock.proposals.queryOptions(scope)) : undefined,
    ])
  }
  return (
    <HydrateQueries>
      <RestockPage />
    </HydrateQueries>
  )
}
