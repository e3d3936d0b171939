import { ReplayPart } from '#app/pipeline/stream/replay-cards.tsx'

/** The stream path: what it was rebuilt from, and how to do that again. */
export function StreamPart() {
  return <ReplayPart />
}
