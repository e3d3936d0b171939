import { Check, TriangleAlert } from 'lucide-react'

/** What came of the last press, announced. Keeps its place, so that nothing moves. */
export function OutcomeLine({ done, failed }: { done: string | null; failed: string | null }) {
  return (
    <p role="status" className="flex min-h-5 items-start gap-1.5 text-2xs">
      {failed ? (
        <>
          <TriangleAlert aria-hidden="true" className="mt-0.5 size-3.5 shrink-0 text-bad" />
          <span className="text-bad wrap-anywhere">{failed}</span>
        </>
      ) : null}
      {!failed && done ? (
        <>
          <Check aria-hidden="true" className="mt-0.5 size-3.5 shrink-0 text-good" />
          <span>{done}</span>
        </>
      ) : null}
    </p>
  )
}
