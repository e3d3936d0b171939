import { useEffect, useState } from 'react'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'

/** What lay unread at one moment. */
export interface LagSample {
  at: number
  streamEvents: number
  streamMs: number
  batchEvents: number
  batchMs: number
}

/** As far back as the chart shows. */
export const LAG_HISTORY_MS = 15 * 60_000
const MAX_SAMPLES = 300

/** The samples with one more, old ones dropped. The same moment read twice counts once. */
export function withSample(samples: readonly LagSample[], sample: LagSample): readonly LagSample[] {
  const last = samples.at(-1)
  if (last && sample.at <= last.at) return samples
  return [...samples, sample].filter(({ at }) => at > sample.at - LAG_HISTORY_MS).slice(-MAX_SAMPLES)
}

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
