// For server components alone: what it imports opens the database, which no browser can.
import { dehydrate, HydrationBoundary } from '@tanstack/react-query'
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query'
import { cache, type ReactNode } from 'react'
import { makeQueryClient } from '#app/trpc/query-client.ts'
import { appRouter } from '#server/web/trpc/router.ts'
import { createTrpcContext } from '#server/web/trpc/trpc.ts'

/** The queries of one request. */
export const requestQueryClient = cache(makeQueryClient)

/** Procedures as query options, called in this process: a page prefetches what its components will ask for. */
export const trpc = createTRPCOptionsProxy({
  router: appRouter,
  ctx: createTrpcContext,
  queryClient: requestQueryClient,
})

/** Hands what was prefetched to the components below. A query that failed is left out: the browser tries it. */
export function HydrateQueries({ children }: { children: ReactNode }) {
  return <HydrationBoundary state={dehydrate(requestQueryClient())}>{children}</HydrationBoundary>
}
