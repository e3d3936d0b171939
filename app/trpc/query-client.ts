import { QueryClient } from '@tanstack/react-query'
import { TRPCClientError } from '@trpc/client'

/** The live socket says when figures have changed, so age alone seldom makes them stale. */
const STALE_MS = 60_000
/** A page that shows a failure tries by itself: nobody stands before a wall screen to press a button. */
const RECOVERY_MS = 5_000
const MAX_RETRIES = 1

/** One in the browser, one for each request on the server. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: STALE_MS,
        retry: (failures, error) => failures < MAX_RETRIES && !isRefusal(error),
        refetchInterval: query =>
          query.state.status === 'error' && !isRefusal(query.state.error) ? RECOVERY_MS : false,
      },
    },
  })
}

/** A question that cannot be answered is not answered by asking again. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof TRPCClientError)) return false
  const data: unknown = error.data
  return typeof data === 'object' && data !== null && 'code' in data && data.code === 'BAD_REQUEST'
}
