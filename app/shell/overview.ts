import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { useRefreshOnChange } from '#app/socket/refresh.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { Overview } from '#app/trpc/router-outputs.ts'
import type { Instant } from '#domain/instant.ts'

/** First and last day change seldom, and reading them is not free: what has changed is read once they are so old. */
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
  const { data, dataUpdatedAt } = overview
  useRefreshOnChange(() => queryClient.invalidateQueries(trpc.overview.pathFilter()), {
    waitMs: () => (data?.lastDay ? waitBeforeReading(dataUpdatedAt, Date.now()) : 0),
  })
  return overview
}

/**
 * How long a change of what there is to choose from waits until that is read again.
 * @param readAt when it was read last: by this browser's clock, or by that of the server, which may be another
 */
export function waitBeforeReading(readAt: Instant, now: Instant): number {
  return Math.min(OVERVIEW_AGE_MS, Math.max(0, readAt + OVERVIEW_AGE_MS - now))
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
