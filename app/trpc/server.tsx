// For server components alone: what it imports opens the database, which no browser can.
import { dehydrate, HydrationBoundary } from '@tanstack/react-query'
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query'
import { headers } from 'next/headers'
import { cache, type ReactNode } from 'react'
import { makeQueryClient } from '#app/trpc/query-client.ts'
import type { LiveSnapshot } from '#server/web/live/messages.ts'
import { appRouter, createCaller } from '#server/web/trpc/router.ts'
import { createTrpcContext } from '#server/web/trpc/trpc.ts'

/** The queries of one request. */
export const requestQueryClient = cache(makeQueryClient)

/** Procedures as query options, called in this process: a page prefetches what its components will ask for. */
export const trpc = createTRPCOptionsProxy({
  router: appRouter,
  ctx: () => createTrpcContext(),
  queryClient: requestQueryClient,
})

/** Hands what was prefetched to the components below. A query that failed is left out: the browser tries it. */
export function HydrateQueries({ children }: { children: ReactNode }) {
  return <HydrationBoundary state={dehydrate(requestQueryClient())}>{children}</HydrationBoundary>
}

/**
 * What the live socket would say first, for a page that shows it: so its first paint has figures, and the socket goes
 * on from there. Null when it cannot be read (the page then waits for the socket), and for whoever comes from another
 * page, where the socket has told all already.
 */
export async function liveBeginning(): Promise<LiveSnapshot | null> {
  const isWholePage = (await headers()).get('accept')?.includes('text/html') ?? false
  if (!isWholePage) return null
  return createCaller(createTrpcContext())
    .live.beginning()
    .catch(() => null)
}
