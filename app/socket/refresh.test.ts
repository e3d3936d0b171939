import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { emptyLiveState, type LiveState } from '#app/socket/live-state.ts'
import type { LiveView } from '#app/socket/live-store.ts'
import { refreshOnChange } from '#app/socket/refresh.ts'

/** A live state that moves when it is told to. */
function movingStore() {
  const listeners = new Set<() => void>()
  let view: LiveView = { connection: 'live', stand: null, state: emptyLiveState }
  return {
    view: () => view,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    move(part: Partial<LiveState>) {
      view = { ...view, state: { ...view.state, ...part } }
      for (const listener of listeners) listener()
    },
  }
}

describe('what is read when figures have changed', () => {
  let reads: number[]
  let ends: (() => void)[]
  beforeEach(() => {
    vi.useFakeTimers()
    vi.setSystemTime(0)
    vi.stubGlobal('document', { visibilityState: 'visible' })
    reads = []
    ends = []
  })
  afterEach(() => {
    for (const end of ends) end()
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })

  function reading(waitMs: () => number = () => 0) {
    const store = movingStore()
    const refresh = async () => void reads.push(Date.now())
    ends.push(refreshOnChange(store, { of: 'windows', gapMs: 1_000, waitMs, refresh }))
    return store
  }
  const sold = () => ({ windows: new Map() })

  it('is read once more after changes that came too soon after it was read', async () => {
    const store = reading()
    store.move({ pipelineChanges: 1 })
    await vi.advanceTimersByTimeAsync(100)
    store.move(sold())
    await vi.advanceTimersByTimeAsync(100)
    store.move(sold())
    await vi.advanceTimersByTimeAsync(10_000)
    expect(reads).toEqual([0, 1_000])
  })

  it('waits as long as it may not be read yet, however few changes there are, and loses none', async () => {
    const store = reading(() => Math.max(0, 15_000 - Date.now()))
    store.move({ pipelineChanges: 1 })
    await vi.advanceTimersByTimeAsync(5_000)
    store.move(sold())
    await vi.advanceTimersByTimeAsync(9_000)
    expect(reads).toEqual([])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(reads).toEqual([15_000])
  })

  it('is not read any more by a page that was left while it waited', async () => {
    const store = reading(() => 15_000)
    store.move({ pipelineChanges: 1 })
    await vi.advanceTimersByTimeAsync(5_000)
    for (const end of ends) end()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(reads).toEqual([])
  })
})
