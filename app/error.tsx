'use client'

import { useEffect } from 'react'
import { Card } from '#app/ui/card.tsx'
import { describeFailure, ErrorState } from '#app/ui/failure.tsx'
import { isServed } from '#app/ui/load-patiently.ts'

const RECOVERY_MS = 5_000

/**
 * A page that could not be drawn at all; each card's own failures never come this far. Most of all a part
 * of it that the server no longer has, because it serves a newer build: loading the page anew is what helps,
 * and it does so by itself, for nobody stands before a wall screen to press a button.
 */
export default function PageFailure({ error }: { error: Error }) {
  useEffect(() => {
    const tries = setInterval(() => void reloadOnceServed(), RECOVERY_MS)
    return () => clearInterval(tries)
  }, [])
  return (
    <div className="pt-4">
      <Card title="This page could not be shown">
        <ErrorState
          failure={describeFailure(error)}
          retry={() => window.location.reload()}
          retrying={false}
        />
      </Card>
    </div>
  )
}

async function reloadOnceServed(): Promise<void> {
  if (await isServed()) window.location.reload()
}
