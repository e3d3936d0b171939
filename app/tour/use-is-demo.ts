'use client'

import { useQueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { useTRPC } from '#app/trpc/client.tsx'

/**
 * Whether this is the demo, as soon as the page has learnt it: who runs a shop of their own did not come for a
 * tour. Looks on without asking: a query of the layout's own would be there before the page's, and the page
 * would then begin without the data that the server rendered it with.
 */
export function useIsDemo(): boolean {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  return useSyncExternalStore(
    onChange => queryClient.getQueryCache().subscribe(onChange),
    () => typeof queryClient.getQueryData(trpc.overview.get.queryKey())?.demoNote === 'string',
    () => false,
  )
}
