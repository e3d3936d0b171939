import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LiveStore, MIN_RENDER_GAP_MS, viewOf } from '#app/socket/live-store.ts'
import type { LiveSnapshot, LiveUpdate } from '#server/web/live/messages.ts'

const snapshot: LiveSnapshot = {
  cursor: 'c1',
  stand: { now: 0, knownUpTo: 0, lagEvents: 0, processedAt: 0 },
  watermark: 0,
  sales: [],
  windows: [],
  stock: [],
  alerts: [],
  detections: [],
  pipeline: [],
  told: 0,
}

function update(cursor: string, previous: string): LiveUpdate {
  return {
    cursor,
    previous,
    watermark: 1,
    sales: [],
    salesOmitted: 1,
    windows: [],
    stock: [],
    alerts: [],
    detections: [],
  }
}

describe('the live store', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  function watched() {
    const store = new LiveStore()
    const told = vi.fn()
    store.subscribe(told)
    return { store, told }
  }

  it('tells of frames at most four times a second, and loses none of them', () => {
    const { store, told } = watched()
    store.takeSnapshot(snapshot)
    for (let frame = 1; frame <= 20; frame += 1) {
      store.takeUpdate(update(`c${frame + 1}`, `c${frame}`))
      vi.advanceTimersByTime(50)
    }
    vi.advanceTimersByTime(MIN_RENDER_GAP_MS)
    expect(told.mock.calls.length).toBeLessThanOrEqual(6)
    expect(store.view().state.cursor).toBe('c21')
    expect(store.view().state.salesOmitted).toBe(20)
  })

  it('tells at once when it was quiet', () => {
    const { store, told } = watched()
    store.takeSnapshot(snapshot)
    vi.advanceTimersByTime(0)
    expect(told).toHaveBeenCalledTimes(1)
    expect(store.view().connection).toBe('live')
  })

  it('forgets its cursor at a gap, so that the next connection begins with a snapshot, and keeps what it shows', () => {
    const { store } = watched()
    store.takeSnapshot(snapshot)
    expect(store.takeUpdate(update('c3', 'c2'))).toBe(false)
    expect(store.cursor).toBeUndefined()
    vi.advanceTimersByTime(MIN_RENDER_GAP_MS)
    expect(store.view().connection).toBe('reconnecting')
    store.takeSnapshot({ ...snapshot, cursor: 'c3' })
    expect(store.takeUpdate(update('c4', 'c3'))).toBe(true)
    vi.advanceTimersByTime(MIN_RENDER_GAP_MS)
    expect(store.view().connection).toBe('live')
  })

  it('resumes from its cursor after a broken connection', () => {
    const { store } = watched()
    store.takeSnapshot(snapshot)
    store.lost()
    expect(store.cursor).toBe('c1')
    vi.advanceTimersByTime(MIN_RENDER_GAP_MS)
    expect(store.view().connection).toBe('reconnecting')
    store.connected()
    expect(store.takeUpdate(update('c2', 'c1'))).toBe(true)
    vi.advanceTimersByTime(MIN_RENDER_GAP_MS)
    expect(store.view().connection).toBe('live')
  })

  it('knows of every snapshot how far it is known, of one that comes before its page has begun, too', () => {
    const { store } = watched()
    vi.setSystemTime(7_000)
    store.takeSnapshot(snapshot)
    store.begin(viewOf({ ...snapshot, cursor: 'c0' }), 5_000)
    vi.advanceTimersByTime(MIN_RENDER_GAP_MS)
    expect(store.view()).toMatchObject({
      connection: 'live',
      stand: { knownUpTo: 0, heardAt: 7_000 },
      state: { cursor: 'c1' },
    })
  })

  it('is connecting, not reconnecting, until there was something to show', () => {
    const { store } = watched()
    store.lost()
    store.connected()
    vi.advanceTimersByTime(MIN_RENDER_GAP_MS)
    expect(store.view().connection).toBe('connecting')
  })
})
