import { describe, expect, it } from 'vitest'
import { isWaiting, waitingDetections } from '#app/shell/alerts.ts'
import type { LiveAlert } from '#server/web/live/messages.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')

function alert(alertId: string, part: Partial<LiveAlert> = {}): LiveAlert {
  return {
    alertId,
    store: 'berlin-mitte',
    sku: '85123A',
    rule: 'low_stock',
    severity: 'warning',
    state: 'open',
    openedAt: NOON,
    onHand: 2,
    onOrder: 0,
    reorderPoint: 5,
    projectedStockoutAt: null,
    nextDeliveryAt: null,
    ...part,
  }
}

it('what is muted waits for nobody: of a store, of products, of what both name', () => {
  const muted = (store: string | null, skus: string[] | null) =>
    isWaiting(alert('a'), NOON, [{ store, skus }])
  const { store, sku } = alert('a')
  expect([muted(store, null), muted(null, [sku]), muted(store, [sku])]).toEqual([false, false, false])
  expect([muted('elsewhere', null), muted(null, ['other']), muted('elsewhere', [sku])]).toEqual([
    true,
    true,
    true,
  ])
})

describe('an alert', () => {
  it('waits until somebody acknowledges it, or for as long as it was snoozed', () => {
    const handling = { by: 'Ada', at: NOON, until: null }
    expect(isWaiting(alert('a'), NOON)).toBe(true)
    expect(isWaiting(alert('a', { handling: { ...handling, kind: 'acknowledged' } }), NOON)).toBe(false)
    const snoozed = alert('a', { handling: { ...handling, kind: 'snoozed', until: NOON } })
    expect(isWaiting(snoozed, NOON - 1)).toBe(false)
    expect(isWaiting(snoozed, NOON)).toBe(true)
  })

  it('waits for nobody once enough to end it is on order', () => {
    expect(isWaiting(alert('a', { onOrder: 3 }), NOON)).toBe(true)
    expect(isWaiting(alert('a', { onOrder: 4 }), NOON)).toBe(false)
    const bare = { rule: 'oversold', onHand: -2, reorderPoint: null } as const
    expect(isWaiting(alert('a', { ...bare, onOrder: 2 }), NOON)).toBe(true)
    expect(isWaiting(alert('a', { ...bare, onOrder: 3 }), NOON)).toBe(false)
  })
})

describe('an alert of a rule', () => {
  it('waits until somebody judges it', () => {
    const detection = {
      kind: 'fraud',
      rule: 'card_velocity',
      store: 'berlin-mitte',
      subject: 'card-1',
      severity: 'critical',
      score: 80,
      state: 'open',
      openedAt: NOON,
      summary: '4 orders with card card-1 within 10 minutes',
    } as const
    const known = new Map([
      ['a', { ...detection, alertId: 'a', isJudged: false }],
      ['b', { ...detection, alertId: 'b', isJudged: true }],
    ])
    expect(waitingDetections(known).map(({ alertId }) => alertId)).toEqual(['a'])
  })
})
