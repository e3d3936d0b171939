import { useEffect, useRef } from 'react'
import { useLiveStore } from '#app/socket/live.tsx'
import { hasBegun, type LiveState } from '#app/socket/live-state.ts'
import type { LiveStore } from '#app/socket/live-store.ts'

/** Never more often than this, and never before the answer before has come. */
const MIN_REFRESH_GAP_MS = 1_000
/** Without the socket nobody says that figures have changed: they are read again as often as they stay fresh. */
const UNTOLD_REFRESH_MS = 4_000

type Part = 'windows' | 'alerts' | 'detections' | 'pipelineChanges'

interface Refreshing {
  /** Besides what the pipeline did: the part of the live state the figures are of. */
  of: Part
  /** Never more often than this. */
  gapMs: number
  /** How long what has changed may wait, because it was read a moment ago; it is read then. */
  waitMs: () => number
  refresh: () => Promise<unknown>
}

/**
 * Calls `refresh` when the live socket says that figures have changed: the pipeline did something (a run ended, a
 * letter was settled), or what else the page is `of` moved (sales their windows; alerts, of stock or of rules, raised,
 * resolved or acted on). So figure, difference and explanation always come from one answer with one basis. A hidden page waits until
 * it is looked at. Looks on without rendering: only what was read anew does. While the socket is away it refreshes
 * by the clock. No change is lost: one that comes while it may not be read yet is read as soon as it may.
 */
export function useRefreshOnChange(
  refresh: Refreshing['refresh'],
  {
    of = 'windows',
    gapMs = MIN_REFRESH_GAP_MS,
    waitMs = atOnce,
  }: Partial<Pick<Refreshing, 'of' | 'gapMs' | 'waitMs'>> = {},
): void {
  const store = useLiveStore()
  const latest = useRef({ refresh, waitMs })

  useEffect(() => {
    latest.current = { refresh, waitMs }
  })

  useEffect(
    () =>
      refreshOnChange(store, {
        of,
        gapMs,
        waitMs: () => latest.current.waitMs(),
        refresh: () => latest.current.refresh(),
      }),
    [store, of, gapMs],
  )
}

const atOnce = () => 0

/** The same for who renders nothing. @returns ends it */
export function refreshOnChange(
  store: Pick<LiveStore, 'view' | 'subscribe'>,
  { of, gapMs, waitMs, refresh }: Refreshing,
): () => void {
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
      await pass(waitMs())
      if (isLeft) break
      isChanged = false
      await refresh().catch(() => {
        // The query keeps its own error, which the cards show.
      })
      await pass(gapMs)
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
}

async function pass(ms: number): Promise<void> {
  if (ms > 0) await new Promise(resolve => setTimeout(resolve, ms))
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
