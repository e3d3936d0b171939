import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Notice } from '#app/shell/notices.ts'
import { followNotices } from '#app/shell/use-notices.ts'
import { emptyLiveState, type LiveState } from '#app/socket/live-state.ts'
import type { LiveView } from '#app/socket/live-store.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')

/** What the page knows: up to so long before or after noon, by the database's clock. */
function standAt(ms: number) {
  return { now: NOON + ms, knownUpTo: NOON + ms, lagEvents: 0, processedAt: NOON, heardAt: NOON }
}

function notice(sequence: number, alertId: string): Notice {
  return {
    ...{ sequence, way: 'app', alertId, kind: 'shortage', rule: 'out_of_stock', severity: 'critical' },
    ...{ store: 's', title: '', detail: '', href: '/restock', toldAt: NOON, isTest: false },
  } as Notice
}

const alerts = (alertId: string): LiveState['alerts'] =>
  new Map([
    [
      alertId,
      {
        ...{ alertId, store: 's', sku: 'tea', rule: 'out_of_stock', severity: 'critical', state: 'open' },
        ...{ openedAt: NOON, onHand: 0, onOrder: 0, reorderPoint: 5 },
        ...{ projectedStockoutAt: null, nextDeliveryAt: null, handling: null },
      } as LiveState['alerts'] extends ReadonlyMap<string, infer Alert> ? Alert : never,
    ],
  ])

describe('notices of a page', () => {
  let shown: string[]
  let told: Notice[]
  let visibilityState: DocumentVisibilityState
  let ends: (() => void)[]
  beforeEach(() => {
    vi.useFakeTimers()
    vi.setSystemTime(NOON)
    visibilityState = 'visible'
    vi.stubGlobal('document', {
      get visibilityState() {
        return visibilityState
      },
      addEventListener: () => {},
      removeEventListener: () => {},
    })
    // No locks: as on a page without TLS. Nothing is stored either.
    vi.stubGlobal('navigator', {})
    vi.stubGlobal('localStorage', undefined)
    shown = []
    told = []
    ends = []
  })
  afterEach(() => {
    for (const end of ends) end()
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })

  /** A page that has begun, and hears of what the test moves. */
  function page() {
    const listeners = new Set<() => void>()
    let view: LiveView = {
      connection: 'live',
      stand: standAt(-1_000),
      state: { ...emptyLiveState, pipelineChanges: 1, notices: 1, told: 0 },
    }
    const store = {
      view: () => view,
      subscribe: (listener: () => void) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    }
    ends.push(
      followNotices(store, {
        way: 'app',
        waitsForLook: true,
        ask: async after => {
          const notices = told.filter(({ sequence }) => sequence > after)
          return { notices, through: Math.max(after, ...notices.map(({ sequence }) => sequence)) }
        },
        show: notices => shown.push(...notices.map(({ alertId }) => alertId)),
      }),
    )
    return async ({ stand = view.stand, ...part }: Partial<LiveState> & Partial<Pick<LiveView, 'stand'>>) => {
      view = { ...view, stand, state: { ...view.state, ...part } }
      for (const listener of listeners) listener()
      await vi.advanceTimersByTimeAsync(100)
    }
  }

  it('are shown once the page has heard of their alerts, which may come after them', async () => {
    const move = page()
    told = [notice(1, 'tea')]
    await move({ notices: 2 })
    expect(shown).toEqual([])
    await move({ alerts: alerts('tea') })
    await move({ stand: standAt(1_000) })
    expect(shown).toEqual(['tea'])
  })

  it('are not shown of what was over before the page heard of it', async () => {
    const move = page()
    told = [notice(1, 'tea')]
    await move({ notices: 2 })
    await move({ stand: standAt(1_000) })
    await move({ alerts: alerts('tea') })
    expect(shown).toEqual([])
  })

  it('wait until somebody looks, those too whose alerts were heard of meanwhile', async () => {
    const move = page()
    told = [notice(1, 'tea')]
    await move({ notices: 2 })
    visibilityState = 'hidden'
    await move({ alerts: alerts('tea') })
    expect(shown).toEqual([])
    visibilityState = 'visible'
    await move({ stand: standAt(1_000) })
    expect(shown).toEqual(['tea'])
  })
})
