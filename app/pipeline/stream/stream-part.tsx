import { GenerationsCard } from '#app/pipeline/stream/generations-card.tsx'
import { ProcessesCard } from '#app/pipeline/stream/processes-card.tsx'
import { ReplayPart } from '#app/pipeline/stream/replay-cards.tsx'

/** The stream path: who works on what, what it was rebuilt from, and how to do that again. */
export function StreamPart() {
  return (
    <>
      <ProcessesCard />
      <GenerationsCard />
      <ReplayPart />
    </>
  )
}
