import { useEffect, useRef } from 'react'
import { useLiveStore } from '#app/socket/live.tsx'
import { hasBegun, type LiveState } from '#app/socket/live-state.ts'

/** Never more often than this, and never before the answer before has come. */
const MIN_REFRESH_GAP_MS = 1_000
/** Without the socket nobody says that figures have changed: they are read again as often as they stay fresh. */
const UNTOLD_REFRESH_MS = 4_000

/**
 * Calls `refresh` when the live socket says that figures have changed: the pipeline did something (a run ended, a
 * letter was settled), or what else the page is `of` moved (sales their windows; alerts, of stock or of rules, raised,
 * resolved or acted on). So figure, difference and explanation always come from one answer with one basis. A hidden page waits until
 * it is looked at. Looks on without rendering: only what was read anew does. While the socket is away it refreshes
 * by the clock.
 */
export function useRefreshOnChange(
  refresh: () => Promise<unknown>,
  {
    of = 'windows',
    gapMs = MIN_REFRESH_GAP_MS,
  }: { of?: 'windows' | 'alerts' | 'detections' | 'pipelineChanges'; gapMs?: number } = {},
): void {
  const store = useLiveStore()
  const latest = useRef(refresh)

  useEffect(() => {
    latest.current = refresh
  })

  useEffect(() => {
    let seen: LiveState | null = null
    let isChanged = false
    let isBusy = false
    let isLeft = false

    function look() {
      const before = seen
      const { state } = store.view()
      seen = state
      // Before the first snapshot nothing has changed: the page was read a moment ago.
      if (!hasBegun(state)) return
      if (before?.pipelineChanges === state.pipelineChanges && before[of] === state[of]) return
      change()
    }

    function change() {
      isChanged = true
      if (!isBusy) void refreshWhileChanged()
    }

    async function refreshWhileChanged() {
      isBusy = true
      while (isChanged && !isLeft) {
        await untilVisible()
        isChanged = false
        await latest.current().catch(() => {
          // The query keeps its own error, which the cards show.
        })
        await new Promise(resolve => setTimeout(resolve, gapMs))
      }
      isBusy = false
    }

    look()
    const leave = store.subscribe(look)
    const untold = setInterval(() => {
      if (store.view().connection !== 'live') change()
    }, UNTOLD_REFRESH_MS)
    return () => {
      isLeft = true
      clearInterval(untold)
      leave()
    }
  }, [store, of, gapMs])
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
