'use client'

import { Card } from '#app/ui/card.tsx'
import { describeFailure } from '#app/ui/describe-failure.ts'
import { ErrorState } from '#app/ui/error-state.tsx'

/** A page that could not be drawn at all; each card's own failures never come this far. */
export default function PageFailure({ error, reset }: { error: Error; reset: () => void }) {
  return (
    <div className="pt-4">
      <Card title="This page could not be shown">
        <ErrorState failure={describeFailure(error)} retry={reset} retrying={false} />
      </Card>
    </div>
  )
}
