'use client'

import { useEffect, useRef } from 'react'
import { useLive } from '#app/socket/live-provider.tsx'

/** Never more often than this, and never before the answer before has come. */
export const MIN_REFRESH_GAP_MS = 1_000

/**
 * Calls `refresh` when the live socket says that figures have changed (windows moved, a batch run ended; or
 * alerts were raised, resolved or acted on), so that figure, difference and explanation always come from one
 * answer with one basis. A hidden page waits until it is looked at.
 */
export function useRefreshOnChange(
  refresh: () => Promise<unknown>,
  { of = 'windows', gapMs = MIN_REFRESH_GAP_MS }: { of?: 'windows' | 'alerts'; gapMs?: number } = {},
): void {
  const { state } = useLive()
  const { pipelineChanges } = state
  const changing = state[of]
  const latest = useRef(refresh)
  const pending = useRef({ changed: false, busy: false })

  useEffect(() => {
    latest.current = refresh
  })

  // biome-ignore lint/correctness/useExhaustiveDependencies: they are what tells of a change
  useEffect(() => {
    // Before the first snapshot nothing has changed: the page was read a moment ago.
    if (pipelineChanges === 0) return
    pending.current.changed = true
    void runWhilePending()

    async function runWhilePending() {
      const here = pending.current
      if (here.busy) return
      here.busy = true
      while (here.changed) {
        await untilVisible()
        here.changed = false
        await latest.current().catch(() => {
          // The query keeps its own error, which the cards show.
        })
        await new Promise(resolve => setTimeout(resolve, gapMs))
      }
      here.busy = false
    }
  }, [changing, pipelineChanges])
}

async function untilVisible(): Promise<void> {
  if (document.visibilityState === 'visible') return
  await new Promise<void>(resolve => {
    document.addEventListener('visibilitychange', function check() {
      if (document.visibilityState !== 'visible') return
      document.removeEventListener('visibilitychange', check)
      resolve()
    })
  })
}
