import { formatMoment } from '#app/format/time.ts'
import type { Freshness } from '#app/trpc/router-outputs.ts'
import { EmptyState } from '#app/ui/empty-state.tsx'

/** No run of the batch path has computed these days: when the next one comes, or how to start it. */
export function NoRunYet({ freshness, zone }: { freshness: Freshness | undefined; zone: string }) {
  const next = freshness?.batch.nextTickAt
  return next && freshness ? (
    <EmptyState
      what="No batch run has computed these days yet."
      advice={`The schedule looks for work next at ${formatMoment(next, zone, freshness.now)}. The figures then come by themselves.`}
    />
  ) : (
    <EmptyState
      what="No batch run has computed these days yet, and no schedule runs."
      advice="Start the schedule:"
      command="npm start -- jobs"
    />
  )
}
