'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type AskedScope, resolveScope } from '#app/controls/scope.ts'
import { useRefreshOnChange } from '#app/socket/use-refresh-on-change.ts'
import { useTRPC } from '#app/trpc/client.tsx'

/** First and last day change seldom, and reading them is not free. */
const OVERVIEW_AGE_MS = 15_000
/** Ages tick in between by the browser's clock. */
const FRESHNESS_MS = 5_000

/** All that the page asks the server, kept up to date by the live socket. */
export function useSideBySide(asked: AskedScope) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const overview = useQuery(trpc.overview.get.queryOptions())
  const resolved = overview.data ? resolveScope(overview.data, asked) : null
  const sideBySide = useQuery({
    ...trpc.sideBySide.get.queryOptions(resolved?.scope ?? NO_SCOPE),
    enabled: resolved !== null,
  })
  const freshness = useQuery({ ...trpc.freshness.get.queryOptions(), refetchInterval: FRESHNESS_MS })

  useRefreshOnChange(async () => {
    const age = Date.now() - overview.dataUpdatedAt
    await Promise.all([
      queryClient.invalidateQueries(trpc.sideBySide.get.pathFilter()),
      queryClient.invalidateQueries(trpc.freshness.pathFilter()),
      age > OVERVIEW_AGE_MS || resolved === null
        ? queryClient.invalidateQueries(trpc.overview.pathFilter())
        : undefined,
    ])
  })

  return { overview, resolved, sideBySide, freshness }
}

/** Never asked: the query is off until the overview says what there is. */
const NO_SCOPE = { from: '', to: '', stores: [], currency: '' }
