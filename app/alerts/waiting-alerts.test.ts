import { describe, expect, it } from 'vitest'
import { countByRule, isWaiting, newlyOpened } from '#app/alerts/waiting-alerts.ts'
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
    ...part,
  }
}

const byId = (...alerts: LiveAlert[]) => new Map(alerts.map(entry => [entry.alertId, entry]))

describe('an alert', () => {
  it('waits until somebody acknowledges it, or for as long as it was snoozed', () => {
    const handling = { by: 'Ada', at: NOON, until: null }
    expect(isWaiting(alert('a'), NOON)).toBe(true)
    expect(isWaiting(alert('a', { handling: { ...handling, kind: 'acknowledged' } }), NOON)).toBe(false)
    const snoozed = alert('a', { handling: { ...handling, kind: 'snoozed', until: NOON } })
    expect(isWaiting(snoozed, NOON - 1)).toBe(false)
    expect(isWaiting(snoozed, NOON)).toBe(true)
  })
})

describe('what is new', () => {
  it('is what was not there before, once, whatever changes about the rest', () => {
    const before = byId(alert('a'), alert('b'))
    const after = byId(alert('a', { rule: 'out_of_stock' }), alert('c'))
    expect(newlyOpened(before, after).map(({ alertId }) => alertId)).toEqual(['c'])
    expect(newlyOpened(after, after)).toEqual([])
  })
})

describe('many alerts in a line', () => {
  it('are counted, the worst first', () => {
    const rules = ['low_stock', 'oversold', 'low_stock', 'out_of_stock'] as const
    expect(countByRule(rules.map(rule => ({ rule })))).toBe('1 out of stock, 1 oversold, 2 low')
    expect(countByRule([])).toBe('')
  })
})
