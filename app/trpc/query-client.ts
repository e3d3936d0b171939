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
  const code = errorCodeOf(error)
  return code === 'BAD_REQUEST' || code === 'NOT_FOUND'
}

/** tRPC's error code; null when no answer came at all, or something else was thrown. */
export function errorCodeOf(error: unknown): string | null {
  if (!(error instanceof TRPCClientError)) return null
  const data: unknown = error.data
  return typeof data === 'object' && data !== null && 'code' in data ? String(data.code) : null
}

/** An answer that is none of ours: of a server that is out of order, or of something between. */
export class ForeignAnswerError extends Error {
  override readonly name = 'ForeignAnswerError'
  readonly status: number

  constructor(status: number) {
    super(`answered ${status}, and not with JSON`)
    this.status = status
  }
}

/** A server that takes longer does not answer: without an end a page would wait, and look as if nothing was wrong. */
const ANSWER_WITHIN_MS = 20_000

/** Asks the API. @throws ForeignAnswerError; what `fetch` throws, a TimeoutError among it */
export async function fetchAnswer(
  input: RequestInfo | URL | string,
  { signal, ...init }: RequestInit = {},
): Promise<Response> {
  const end = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const response = await fetch(input, { ...init, signal: signal ? AbortSignal.any([signal, end]) : end })
  if (!response.headers.get('content-type')?.includes('json')) throw new ForeignAnswerError(response.status)
  return response
}
