import type { Metadata } from 'next'
import type { SearchParams } from 'nuqs/server'
import { RestockPage } from '#app/restock/restock-page.tsx'
import { restockScopeOf } from '#app/restock/restock-scope.ts'
import { HydrateQueries, requestQueryClient, trpc } from '#app/trpc/server.tsx'
import { loadRestockState } from '#app/url-state.ts'

export const metadata: Metadata = { title: 'Restock' }

/** Asks beforehand what the page will ask, so that its first paint has the list. */
export default async function Page({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const queries = requestQueryClient()
  const asked = await loadRestockState(searchParams)
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
