import type { Metadata } from 'next'
import type { SearchParams } from 'nuqs/server'
import { resolveScope } from '#app/controls/scope.ts'
import { SideBySidePage } from '#app/side-by-side/side-by-side-page.tsx'
import { BeginLive } from '#app/socket/live.tsx'
import { HydrateQueries, liveBeginning, requestQueryClient, trpc } from '#app/trpc/server.tsx'
import { loadSideBySideState } from '#app/url-state.ts'

export const metadata: Metadata = { title: 'Side by side' }

/** Asks beforehand what the page will ask, so that its first paint has figures. What fails the browser tries. */
export default async function Page({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const queries = requestQueryClient()
  const beginning = liveBeginning()
  const asked = await loadSideBySideState(searchParams)
  const [overview] = await Promise.allSettled([
    queries.fetchQuery(trpc.overview.get.queryOptions()),
    queries.prefetchQuery(trpc.freshness.get.queryOptions()),
  ])
  const resolved = overview.status === 'fulfilled' ? resolveScope(overview.value, asked) : null
  if (resolved) await queries.prefetchQuery(trpc.sideBySide.get.queryOptions(resolved.scope))
  return (
    <HydrateQueries>
      <BeginLive beginning={await beginning}>
        <SideBySidePage />
      </BeginLive>
    </HydrateQueries>
  )
}
