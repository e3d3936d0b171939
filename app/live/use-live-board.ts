'use client'

import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { resolveScope } from '#app/controls/scope.ts'
import { useRefreshOnChange } from '#app/socket/use-refresh-on-change.ts'
import { useTRPC } from '#app/trpc/client.tsx'

/** What is older than the socket's two hours moves slowly: comparisons, and revisions of the morning. */
const BOARD_AGE_MS = 15_000

/** The scope of the page, and of it what the socket does not push. Read again only while one looks. */
export function useLiveBoard(asked: { store: readonly string[]; currency: string | null }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const overview = useQuery(trpc.overview.get.queryOptions())
  const resolved = overview.data ? resolveScope(overview.data, { ...asked, from: null, to: null }) : null
  const board = useQuery({
    ...trpc.live.board.queryOptions({ stores: resolved?.scope.stores ?? [] }),
    enabled: resolved !== null,
    refetchInterval: BOARD_AGE_MS,
    staleTime: BOARD_AGE_MS,
    placeholderData: keepPreviousData,
  })
  // An empty log has nothing to choose from: its first sale brings it.
  useRefreshOnChange(async () => {
    if (resolved === null) await queryClient.invalidateQueries(trpc.overview.pathFilter())
  })
  return { overview, resolved, board }
}
