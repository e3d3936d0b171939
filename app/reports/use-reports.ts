'use client'

import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { ReportRequests } from '#app/reports/report-requests.ts'
import { resolveReportScope } from '#app/reports/report-scope.ts'
import type { AskedReport } from '#app/reports/use-url-state.ts'
import { useLive } from '#app/socket/live-provider.tsx'
import { useTRPC } from '#app/trpc/client.tsx'

/** How often an empty log is looked at again. */
const EMPTY_AGE_MS = 5_000
/** Runs of one round of the schedule end one after the other: read once they have. */
const RUNS_SETTLE_MS = 2_000

/** What there is to choose from, and the scope that follows from the address. */
export function useReportScope(asked: AskedReport) {
  const trpc = useTRPC()
  const overview = useQuery({
    ...trpc.overview.get.queryOptions(),
    // Of an empty log no run will tell, nor of a server that did not answer.
    refetchInterval: ({ state }) => (state.data?.firstDay && state.status !== 'error' ? false : EMPTY_AGE_MS),
  })
  const freshness = useQuery(trpc.freshness.get.queryOptions())
  return { overview, freshness, resolved: overview.data ? resolveReportScope(overview.data, asked) : null }
}

/** Both tables of a report. What was shown stays until what was asked next is there. */
export function useReports({ first, second }: ReportRequests, page: number) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const { state } = useLive()
  const { pipelineChanges } = state
  const queries = {
    first: useQuery({ ...trpc.reports.get.queryOptions(first), placeholderData: keepPreviousData }),
    second: useQuery({
      ...trpc.reports.get.queryOptions({ ...second, page }),
      placeholderData: keepPreviousData,
    }),
  }
  useEffect(() => {
    // The first snapshot of the socket: the page was read a moment ago.
    if (pipelineChanges <= 1) return
    const timer = setTimeout(() => {
      void queryClient.invalidateQueries(trpc.reports.pathFilter())
      void queryClient.invalidateQueries(trpc.freshness.pathFilter())
      void queryClient.invalidateQueries(trpc.overview.pathFilter())
    }, RUNS_SETTLE_MS)
    return () => clearTimeout(timer)
  }, [pipelineChanges, queryClient, trpc])
  return queries
}
