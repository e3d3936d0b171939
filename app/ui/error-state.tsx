'use client'

import { RotateCw, TriangleAlert } from 'lucide-react'
import { Button } from '#app/ui/button.tsx'
import type { Failure } from '#app/ui/describe-failure.ts'

/** What happened, what to do about it, and a button to try again. */
export function ErrorState({
  failure,
  retry,
  retrying,
}: {
  failure: Failure
  retry: () => unknown
  retrying: boolean
}) {
  return (
    <div role="alert" className="my-auto flex flex-col items-start gap-2 text-xs">
      <p className="flex items-start gap-2 font-medium text-bad">
        <TriangleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
        {failure.what}
      </p>
      <p className="text-muted">{failure.advice}</p>
      <Button onClick={() => void retry()} disabled={retrying}>
        <RotateCw aria-hidden="true" className={`size-3.5 ${retrying ? 'motion-safe:animate-spin' : ''}`} />
        Try again
      </Button>
    </div>
  )
}
