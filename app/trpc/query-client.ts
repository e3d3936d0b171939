import { MutationCache, QueryClient } from '@tanstack/react-query'
import { TRPCClientError } from '@trpc/client'

/** The live socket says when figures have changed, so age alone seldom makes them stale. */
const STALE_MS = 60_000
/** A page that shows a failure tries by itself: nobody stands before a wall screen to press a button. */
const RECOVERY_MS = 5_000
const MAX_RETRIES = 1

/** One in the browser, one for each request on the server. */
export function makeQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: STALE_MS,
        retry: (failures, error) => failures < MAX_RETRIES && !isRefusal(error),
        refetchInterval: query =>
          query.state.status === 'error' && !isRefusal(query.state.error) ? RECOVERY_MS : false,
      },
    },
    mutationCache: new MutationCache({
      // What somebody has done may show anywhere on the page, whatever came of it. Other pages hear of it by the socket.
      onSettled: () => client.invalidateQueries({ predicate: isRefreshed }),
    }),
  })
  return client
}

/** Whether a query is read anew when something has changed: not what somebody reads page by page. */
export function isRefreshed({ meta }: { meta: { holdsStill?: boolean } | undefined }): boolean {
  return meta?.holdsStill !== true
}

/** A question that cannot be answered is not answered by asking again. */
export function isRefusal(error: unknown): error is Error {
  return errorCodeOf(error) === 'BAD_REQUEST'
}

/** tRPC's error code; null when no answer came at all, or something else was thrown. */
export function errorCodeOf(error: unknown): string | null {
  if (!(error instanceof TRPCClientError)) return null
  const data: unknown = error.data
  return typeof data === 'object' && data !== null && 'code' in data ? String(data.code) : null
}
