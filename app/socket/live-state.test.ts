import { describe, expect, it } from 'vitest'
import {
  applySnapshot,
  applyUpdate,
  continuityOf,
  emptyLiveState,
  KEPT_SALES,
  KEPT_TAKEBACKS,
  KEPT_WINDOWS_MS,
} from '#app/socket/live-state.ts'
import { NO_SALES } from '#domain/testing/figures.ts'
import {
  type LiveAlert,
  type LiveDetection,
  type LiveSale,
  type LiveSnapshot,
  type LiveUpdate,
  type LiveWindow,
  MOST_DETECTIONS,
} from '#server/web/live/messages.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')

function sale(id: string, processedAt: number, part: Partial<LiveSale> = {}): LiveSale {
  return {
    source: 'pos-1',
    id,
    type: 'order.placed',
    store: 'berlin-mitte',
    channel: 'pos',
    eventTime: processedAt,
    processedAt,
    orderId: id,
    units: 1,
    net: '2.5000',
    currency: 'EUR',
    lines: 1,
    ...part,
  }
}

function window(windowStart: number, part: Partial<LiveWindow> = {}): LiveWindow {
  return {
    store: 'berlin-mitte',
    channel: 'pos',
    currency: 'EUR',
    windowStart,
    ...NO_SALES,
    orders: 1,
    units: 1,
    gross: '2.5000',
    net: '2.5000',
    lateNet: '0.0000',
    revision: 0,
    state: 'open',
    ...part,
  }
}

function alert(alertId: string, state: LiveAlert['state']): LiveAlert {
  return {
    alertId,
    store: 'berlin-mitte',
    sku: '85123A',
    rule: 'oversold',
    severity: 'critical',
    state,
    openedAt: NOON,
    onHand: -1,
    onOrder: 0,
    reorderPoint: null,
    projectedStockoutAt: null,
    nextDeliveryAt: null,
  }
}

function snapshot(part: Partial<LiveSnapshot> = {}): LiveSnapshot {
  return {
    cursor: 'c1',
    stand: { now: NOON, knownUpTo: NOON, lagEvents: 0, processedAt: NOON },
    watermark: NOON,
    sales: [],
    windows: [],
    stock: [],
    alerts: [],
    detections: [],
    pipeline: [],
    told: 0,
    ...part,
  }
}

function update(cursor: string, previous: string, part: Partial<LiveUpdate> = {}): LiveUpdate {
  return {
    cursor,
    previous,
    watermark: NOON,
    sales: [],
    salesOmitted: 0,
    windows: [],
    stock: [],
    alerts: [],
    detections: [],
    ...part,
  }
}

const started = applySnapshot(emptyLiveState, snapshot())

describe('continuity', () => {
  it('is proven by the cursor before: the next update follows, a missing one is a gap', () => {
    expect(continuityOf(started, update('c2', 'c1'))).toBe('next')
    expect(continuityOf(started, update('c3', 'c2'))).toBe('gap')
  })

  it('knows an update that was delivered twice', () => {
    const after = applyUpdate(started, update('c2', 'c1'))
    expect(continuityOf(after, update('c2', 'c1'))).toBe('repeated')
  })

  it('is a gap before the first snapshot, whatever comes', () => {
    expect(continuityOf(emptyLiveState, update('c2', 'c1'))).toBe('gap')
  })
})

describe('the feed', () => {
  it('shows the newest first and each sale once', () => {
    const first = applyUpdate(started, update('c2', 'c1', { sales: [sale('a', NOON), sale('b', NOON + 5)] }))
    const second = applyUpdate(
      first,
      update('c3', 'c2', { sales: [sale('b', NOON + 5), sale('c', NOON + 3)] }),
    )
    expect(second.sales.map(({ id }) => id)).toEqual(['b', 'c', 'a'])
  })

  it('tells two sources with the same id apart', () => {
    const sales = [sale('a', NOON), sale('a', NOON, { source: 'pos-2' })]
    expect(applyUpdate(started, update('c2', 'c1', { sales })).sales).toHaveLength(2)
  })

  it('keeps a bounded number and counts what was left out', () => {
    const many = Array.from({ length: KEPT_SALES + 50 }, (_, index) => sale(`s${index}`, NOON + index))
    const state = applyUpdate(started, update('c2', 'c1', { sales: many, salesOmitted: 30 }))
    expect(state.sales).toHaveLength(KEPT_SALES)
    expect(state.sales[0]?.id).toBe(`s${KEPT_SALES + 49}`)
    expect(applyUpdate(state, update('c3', 'c2', { salesOmitted: 5 })).salesOmitted).toBe(35)
  })
})

describe('a rush in the feed', () => {
  it('does not push out the voids and returns before it', () => {
    const back = applyUpdate(
      started,
      update('c2', 'c1', {
        sales: Array.from({ length: KEPT_TAKEBACKS + 5 }, (_, index) =>
          sale(`r${index}`, NOON + index, { type: 'order.returned' }),
        ),
      }),
    )
    const rush = Array.from({ length: KEPT_SALES }, (_, index) => sale(`s${index}`, NOON + 1_000 + index))
    const { sales } = applyUpdate(back, update('c3', 'c2', { sales: rush }))
    expect(sales).toHaveLength(KEPT_SALES + KEPT_TAKEBACKS)
    expect(sales[KEPT_SALES]?.id).toBe(`r${KEPT_TAKEBACKS + 4}`)
  })
})

describe('windows', () => {
  it('are replaced by their newer version', () => {
    const first = applyUpdate(started, update('c2', 'c1', { windows: [window(NOON)] }))
    const revised = window(NOON, { orders: 2, revision: 1, state: 'closed' })
    const second = applyUpdate(first, update('c3', 'c2', { windows: [revised] }))
    expect([...second.windows.values()]).toEqual([revised])
    expect([...first.windows.values()]).toEqual([window(NOON)])
  })

  it('are apart by store, channel and currency', () => {
    const windows = [window(NOON), window(NOON, { channel: 'online' }), window(NOON, { currency: 'GBP' })]
    expect(applyUpdate(started, update('c2', 'c1', { windows })).windows.size).toBe(3)
  })

  it('leave when they are older than a snapshot would bring', () => {
    const first = applyUpdate(started, update('c2', 'c1', { windows: [window(NOON)] }))
    const later = NOON + KEPT_WINDOWS_MS + 60_000
    const second = applyUpdate(first, update('c3', 'c2', { windows: [window(later)] }))
    expect([...second.windows.values()].map(({ windowStart }) => windowStart)).toEqual([later])
  })

  it('are another map after every update that touches one, so that figures know to be read again', () => {
    const old = applyUpdate(started, update('c2', 'c1', { windows: [window(NOON)] }))
    const untouched = applyUpdate(old, update('c3', 'c2'))
    expect(untouched.windows).toBe(old.windows)
    const lateBeyondKept = window(NOON - 5 * KEPT_WINDOWS_MS)
    expect(applyUpdate(old, update('c3', 'c2', { windows: [lateBeyondKept] })).windows).not.toBe(old.windows)
  })
})

describe('alerts', () => {
  it('stay while open, however often they are told, and go when resolved', () => {
    const opened = applyUpdate(started, update('c2', 'c1', { alerts: [alert('x', 'open')] }))
    const told = applyUpdate(opened, update('c3', 'c2', { alerts: [alert('x', 'open')] }))
    expect(told.alerts.size).toBe(1)
    expect(applyUpdate(told, update('c4', 'c3', { alerts: [alert('x', 'resolved')] })).alerts.size).toBe(0)
  })
})

describe('what people did about an alert', () => {
  const handling = { kind: 'acknowledged' as const, until: null, by: 'Ada', at: NOON }
  const action = (alertIds: string[], done: typeof handling | null) => ({
    kind: 'alert_action',
    at: NOON,
    payload: { alertIds, handling: done },
  })
  const opened = applySnapshot(
    emptyLiveState,
    snapshot({ alerts: [alert('x', 'open'), { ...alert('y', 'open'), handling }] }),
  )

  it('comes with the snapshot, and later on its own', () => {
    expect(opened.alerts.get('y')?.handling).toEqual(handling)
    const acted = applyUpdate(opened, update('c2', 'c1', { pipeline: [action(['x', 'gone'], handling)] }))
    expect(acted.alerts.get('x')?.handling).toEqual(handling)
    expect(acted.alerts.size).toBe(2)
  })

  it('stays when the stream tells the alert again, and goes when it is reopened', () => {
    const told = applyUpdate(opened, update('c2', 'c1', { alerts: [{ ...alert('y', 'open'), onHand: -2 }] }))
    expect(told.alerts.get('y')).toMatchObject({ onHand: -2, handling })
    const reopened = applyUpdate(told, update('c3', 'c2', { pipeline: [action(['y'], null)] }))
    expect(reopened.alerts.get('y')?.handling).toBeNull()
  })

  it('finds an alert that was opened in the same frame', () => {
    const both = update('c2', 'c1', { alerts: [alert('z', 'open')], pipeline: [action(['z'], handling)] })
    expect(applyUpdate(opened, both).alerts.get('z')?.handling).toEqual(handling)
  })
})

describe('alerts of rules', () => {
  const detection = (alertId: string, state: LiveDetection['state'] = 'open', score = 60): LiveDetection => ({
    alertId,
    kind: 'fraud',
    rule: 'card_velocity',
    store: 'berlin',
    subject: 'card-1',
    severity: 'warning',
    score,
    state,
    openedAt: NOON,
    summary: 'many orders',
  })
  const judged = (alertIds: string[], verdict: 'fraud' | null) => ({
    kind: 'alert_judged',
    at: NOON,
    payload: { alertIds, verdict },
  })
  const opened = applySnapshot(emptyLiveState, snapshot({ detections: [detection('x')] }))

  it('stay while open, however often they are told, and go when over', () => {
    const told = applyUpdate(
      opened,
      update('c2', 'c1', { detections: [detection('x', 'open', 80), detection('y')] }),
    )
    expect([...told.detections.values()].map(({ alertId, score }) => [alertId, score])).toEqual([
      ['x', 80],
      ['y', 60],
    ])
    const over = applyUpdate(told, update('c3', 'c2', { detections: [detection('x', 'resolved')] }))
    expect([...over.detections.keys()]).toEqual(['y'])
  })

  it('of more than a snapshot holds it is known that there are more', () => {
    const held = (count: number) =>
      applySnapshot(
        emptyLiveState,
        snapshot({ detections: Array.from({ length: count }, (_, index) => detection(String(index))) }),
      ).hasMoreDetections
    expect([held(MOST_DETECTIONS), held(MOST_DETECTIONS + 1)]).toEqual([false, true])
  })

  it('are judged once somebody says so, though the stream tells of them again, until that is taken back', () => {
    const done = applyUpdate(opened, update('c2', 'c1', { pipeline: [judged(['x', 'gone'], 'fraud')] }))
    expect(done.detections.get('x')?.isJudged).toBe(true)
    const again = applyUpdate(done, update('c3', 'c2', { detections: [detection('x', 'open', 90)] }))
    expect(again.detections.get('x')).toMatchObject({ isJudged: true, score: 90 })
    const back = update('c4', 'c3', { detections: [detection('x')], pipeline: [judged(['x'], null)] })
    expect(applyUpdate(again, back).detections.get('x')?.isJudged).toBe(false)
  })
})

describe('a snapshot', () => {
  it('replaces everything, and says that the pipeline may have moved meanwhile', () => {
    const before = applyUpdate(
      started,
      update('c2', 'c1', { sales: [sale('a', NOON)], windows: [window(NOON)] }),
    )
    const after = applySnapshot(before, snapshot({ cursor: 'c9', sales: [sale('z', NOON + 9)] }))
    expect(after.cursor).toBe('c9')
    expect(after.sales.map(({ id }) => id)).toEqual(['z'])
    expect(after.windows.size).toBe(0)
    expect(after.pipelineChanges).toBe(before.pipelineChanges + 1)
  })

  it('is followed by updates that count the changes of the pipeline', () => {
    const change = { kind: 'run', at: NOON, payload: null }
    const after = applyUpdate(started, update('c2', 'c1', { pipeline: [change] }))
    expect(after.pipelineChanges).toBe(started.pipelineChanges + 1)
    expect(applyUpdate(after, update('c3', 'c2')).pipelineChanges).toBe(after.pipelineChanges)
  })

  it('is followed by updates that say when pages are told something, which changes no figure', () => {
    const began = applySnapshot(started, snapshot({ cursor: 'c1', told: 7 }))
    const notice = { kind: 'notice', at: NOON, payload: { delivery: 1 } }
    const after = applyUpdate(began, update('c2', 'c1', { pipeline: [notice] }))
    expect(after).toMatchObject({
      notices: began.notices + 1,
      told: 7,
      pipelineChanges: began.pipelineChanges,
    })
    // Whatever was told while nobody listened.
    expect(applySnapshot(after, snapshot({ told: 9 }))).toMatchObject({ notices: after.notices + 1, told: 9 })
  })
})
