'use client'

import { type QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createTRPCClient, httpBatchLink } from '@trpc/client'
import { createTRPCContext } from '@trpc/tanstack-react-query'
import { type ReactNode, useState } from 'react'
import { fetchAnswer, makeQueryClient } from '#app/trpc/query-client.ts'
import type { AppRouter } from '#server/web/trpc/router.ts'

const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>()

export { useTRPC, useTRPCClient }

let browserQueryClient: QueryClient | undefined

/** In the browser one for as long as the page lives: React may throw a first render away, its queries not. */
function queryClientHere(): QueryClient {
  if (typeof window === 'undefined') return makeQueryClient()
  browserQueryClient ??= makeQueryClient()
  return browserQueryClient
}

/** Queries for all that is below. On the server they come prefetched; only a browser asks over HTTP. */
export function QueryProvider({ children }: { children: ReactNode }) {
  const queryClient = queryClientHere()
  const [client] = useState(() =>
    createTRPCClient<AppRouter>({
      links: [httpBatchLink({ url: '/api/trpc', maxItems: 20, maxURLLength: 7_500, fetch: fetchAnswer })],
    }),
  )
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={client} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  )
}
