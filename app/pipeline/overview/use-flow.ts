'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '#app/trpc/client.tsx'

/** Ages tick in between by the browser's clock. Asked only while somebody looks. */
export const FLOW_MS = 5_000

export function useFlow() {
  const trpc = useTRPC()
  return useQuery({ ...trpc.pipeline.flow.queryOptions(), refetchInterval: FLOW_MS })
}
