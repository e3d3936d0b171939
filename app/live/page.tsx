import type { Metadata } from 'next'
import type { SearchParams } from 'nuqs/server'
import { resolveScope } from '#app/controls/scope.ts'
import { LivePage } from '#app/live/live-page.tsx'
import { BeginLive } from '#app/socket/live.tsx'
import { HydrateQueries, liveBeginning, requestQueryClient, trpc } from '#app/trpc/server.tsx'
import { loadLiveState } from '#app/url-state.ts'

export const metadata: Metadata = { title: 'Live' }

/** Asks beforehand what the page will ask, and what the live socket will say first. */
export default async function Page({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const queries = requestQueryClient()
  const beginning = liveBeginning()
  const asked = await loadLiveState(searchParams)
  const [overview] = await Promise.allSettled([queries.fetchQuery(trpc.overview.get.queryOptions())])
  const resolved =
    overview.status === 'fulfilled' ? resolveScope(overview.value, { ...asked, from: null, to: null }) : null
  if (resolved) {
    const { stores, currency } = resolved.scope
    await Promise.all([
      queries.prefetchQuery(trpc.live.board.queryOptions({ stores })),
      queries.prefetchQuery(trpc.live.topProducts.queryOptions({ stores, minutes: asked.products })),
      queries.prefetchQuery(trpc.live.sessions.queryOptions({ stores, currency })),
      queries.prefetchQuery(trpc.live.pairs.queryOptions({ stores })),
    ])
  }
  return (
    <HydrateQueries>
      <BeginLive beginning={await beginning}>
        <LivePage />
      </BeginLive>
    </HydrateQueries>
  )
}
