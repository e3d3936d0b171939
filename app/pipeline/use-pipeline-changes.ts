'use client'

import { useEffect, useRef } from 'react'
import { useLive } from '#app/socket/live-provider.tsx'

/** A tick of the schedule ends a dozen runs within a second: they are read once. */
const MIN_GAP_MS = 2_000

/**
 * Calls `refresh` when the live socket says that the pipeline did something: a run ended, a letter was
 * settled, a request was taken. Sales alone do not count. A hidden page waits for its next poll.
 */
export function usePipelineChanges(refresh: () => unknown): void {
  const { pipelineChanges } = useLive().state
  const latest = useRef(refresh)
  const lastAt = useRef(0)

  useEffect(() => {
    latest.current = refresh
  })

  useEffect(() => {
    // Before the first snapshot nothing has changed: the page was read a moment ago.
    if (pipelineChanges === 0) return
    const timer = setTimeout(
      () => {
        if (document.visibilityState !== 'visible') return
        lastAt.current = performance.now()
        latest.current()
      },
      Math.max(0, lastAt.current + MIN_GAP_MS - performance.now()),
    )
    return () => clearTimeout(timer)
  }, [pipelineChanges])
}
