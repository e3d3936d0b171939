'use client'

import { useQueryClient } from '@tanstack/react-query'
import { usePipelineChanges } from '#app/pipeline/use-pipeline-changes.ts'
import { useTRPC } from '#app/trpc/client.tsx'

/** Reads anew what is shown when the pipeline did something. A component of its own: only it renders with every push. */
export function RefreshOnChange() {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  usePipelineChanges(() =>
    queryClient.invalidateQueries({
      ...trpc.pipeline.pathFilter(),
      // What somebody has opened to look at or to edit stays as it is.
      predicate: ({ meta }) => meta?.holdsStill !== true,
    }),
  )
  return null
}
