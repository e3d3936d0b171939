import type { Metadata } from 'next'
import { PipelinePage } from '#app/pipeline/pipeline-page.tsx'
import { HydrateQueries, requestQueryClient, trpc } from '#app/trpc/server.tsx'

export const metadata: Metadata = { title: 'Pipeline' }

/** Asks beforehand for what every part of the page shows. What fails the browser tries. */
export default async function Page() {
  const queries = requestQueryClient()
  await Promise.all([
    queries.prefetchQuery(trpc.overview.get.queryOptions()),
    queries.prefetchQuery(trpc.pipeline.flow.queryOptions()),
  ])
  return (
    <HydrateQueries>
      <PipelinePage />
    </HydrateQueries>
  )
}
