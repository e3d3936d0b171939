import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { useRefreshOnChange } from '#app/socket/refresh.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { Overview } from '#app/trpc/router-outputs.ts'

/** First and last day change seldom, and reading them is not free. */
const OVERVIEW_AGE_MS = 15_000
/** How often an empty log is looked at, where neither the stream nor a run may tell of its first sale. */
const EMPTY_AGE_MS = 5_000

/** What there is to choose from. Read again as days begin, and at once when the first sale comes. */
export function useOverview() {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const overview = useQuery({
    ...trpc.overview.get.queryOptions(),
    refetchInterval: ({ state }) => (state.data?.lastDay && state.status !== 'error' ? false : EMPTY_AGE_MS),
  })
  useRefreshOnChange(async () => {
    if (!overview.data?.lastDay || Date.now() - overview.dataUpdatedAt > OVERVIEW_AGE_MS) {
      await queryClient.invalidateQueries(trpc.overview.pathFilter())
    }
  })
  return overview
}

/**
 * Something of the overview, as soon as the page has learnt it; undefined before. Looks on without asking: a
 * query of the layout's own would be there before the page's, and the page would then begin without the data
 * that the server rendered it with.
 */
export function useSeenOverview<Key extends keyof Overview>(key: Key): Overview[Key] | undefined {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  return useSyncExternalStore(
    onChange => queryClient.getQueryCache().subscribe(onChange),
    () => queryClient.getQueryData(trpc.overview.get.queryKey())?.[key],
    () => undefined,
  )
}
