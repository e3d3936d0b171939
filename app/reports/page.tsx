import type { Metadata } from 'next'
import type { SearchParams } from 'nuqs/server'
import { requestsOf, resolveReportScope } from '#app/reports/report-scope.ts'
import { titleOf } from '#app/reports/report-texts.ts'
import { ReportsPage } from '#app/reports/reports-page.tsx'
import { HydrateQueries, requestQueryClient, trpc } from '#app/trpc/server.tsx'
import { loadReportsState } from '#app/url-state.ts'

export async function generateMetadata({
  searchParams,
}: {
  searchParams: Promise<SearchParams>
}): Promise<Metadata> {
  const { report } = await loadReportsState(searchParams)
  return { title: `${titleOf(report)}, reports` }
}

/** Asks beforehand what the page will ask, so that its first paint has figures. What fails the browser tries. */
export default async function Page({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const queries = requestQueryClient()
  const asked = await loadReportsState(searchParams)
  const [overview] = await Promise.allSettled([
    queries.fetchQuery(trpc.overview.get.queryOptions()),
    queries.prefetchQuery(trpc.freshness.get.queryOptions()),
  ])
  const scope = overview.status === 'fulfilled' ? resolveReportScope(overview.value, asked) : null
  if (scope) {
    const { first, second } = requestsOf(scope, asked)
    await Promise.all([
      queries.prefetchQuery(trpc.reports.get.queryOptions(first)),
      queries.prefetchQuery(trpc.reports.get.queryOptions({ ...second, page: asked.page })),
    ])
  }
  return (
    <HydrateQueries>
      <ReportsPage />
    </HydrateQueries>
  )
}
