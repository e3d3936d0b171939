'use client'

import { useEffect, useState } from 'react'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { type LagSample, withSample } from './lag-history.ts'

/** Kept beside the components: it goes on when one looks at another page and comes back. */
let kept: readonly LagSample[] = []

/** The lag as this browser has seen it. */
export function useLagHistory(flow: RouterOutputs['pipeline']['flow'] | undefined): readonly LagSample[] {
  // Empty at first, as on the server.
  const [samples, setSamples] = useState<readonly LagSample[]>([])
  useEffect(() => {
    if (!flow) return
    const { batch, stream } = flow.freshness
    kept = withSample(kept, {
      at: flow.now,
      streamEvents: stream.lagEvents,
      streamMs: stream.lagMs,
      batchEvents: batch.lagEvents,
      batchMs: batch.lagMs,
    })
    setSamples(kept)
  }, [flow])
  return samples
}
