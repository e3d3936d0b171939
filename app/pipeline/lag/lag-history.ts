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
