import { describe, expect, it } from 'vitest'
import {
  announcementsOf,
  countByRule,
  detectionAnnouncements,
  isWaiting,
  newDetections,
  newlyOpened,
  newShortages,
  waitingDetections,
} from '#app/shell/alerts.ts'
import type { KnownDetection } from '#app/socket/live-state.ts'
import { type LiveAlert, MOST_DETECTIONS } from '#server/web/live/messages.ts'

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

it('what is muted waits for nobody and is no news: of a store, of products, of what both name', () => {
  const muted = (store: string | null, skus: string[] | null) =>
    isWaiting(alert('a'), NOON, [{ store, skus }])
  const { store, sku } = alert('a')
  expect([muted(store, null), muted(null, [sku]), muted(store, [sku])]).toEqual([false, false, false])
  expect([muted('elsewhere', null), muted(null, ['other']), muted('elsewhere', [sku])]).toEqual([
    true,
    true,
    true,
  ])
  const after = new Map([['a', alert('a')]])
  expect(newShortages(new Map(), after, [{ store, skus: null }])).toEqual([])
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

describe('what is new', () => {
  it('is what was not there before, once, whatever changes about the rest', () => {
    const before = byId(alert('a'), alert('b'))
    const after = byId(alert('a', { rule: 'out_of_stock' }), alert('c'))
    expect(newlyOpened(before, after).map(({ alertId }) => alertId)).toEqual(['c'])
    expect(newlyOpened(after, after)).toEqual([])
  })

  it('is no shortage whose goods are on their way', () => {
    const after = byId(alert('a'), alert('b', { onOrder: 9 }))
    expect(newShortages(byId(), after).map(({ alertId }) => alertId)).toEqual(['a'])
  })
})

describe('many alerts in a line', () => {
  it('are counted, the worst first', () => {
    const rules = ['low_stock', 'oversold', 'low_stock', 'out_of_stock'] as const
    expect(countByRule(rules.map(rule => ({ rule })))).toBe('1 out of stock, 1 oversold, 2 low')
    expect(countByRule([])).toBe('')
  })
})

const short = (alertId: string, rule: LiveAlert['rule'] = 'low_stock') =>
  alert(alertId, { rule, onHand: -1, onOrder: 12 })

describe('what a toast says', () => {
  it('names product and store where they are known, and their ids where not', () => {
    const names = new Map([['a', { productName: 'Espresso beans', storeName: 'Berlin Mitte' }]])
    expect(announcementsOf([short('a', 'oversold'), short('b')], names)).toEqual([
      {
        id: 'a',
        title: 'Oversold: Espresso beans',
        detail: 'Berlin Mitte, −1 on hand, 12 on order',
        href: '/restock',
      },
      {
        id: 'b',
        title: 'Low stock: 85123A',
        detail: 'berlin-mitte, −1 on hand, 12 on order',
        href: '/restock',
      },
    ])
  })

  it('counts many alerts in one', () => {
    const many = [short('a', 'out_of_stock'), ...['b', 'c', 'd', 'e', 'f', 'g'].map(id => short(id))]
    expect(announcementsOf(many, new Map())).toEqual([
      { id: 'alerts-together', title: '7 new alerts', detail: '1 out of stock, 6 low', href: '/restock' },
    ])
  })
})

describe('an alert of a rule', () => {
  const detection = (alertId: string, part: Partial<KnownDetection> = {}): KnownDetection => ({
    alertId,
    kind: 'fraud',
    rule: 'card_velocity',
    store: 'berlin-mitte',
    subject: 'card-1',
    severity: 'critical',
    score: 80,
    state: 'open',
    openedAt: NOON,
    summary: '4 orders with card card-1 within 10 minutes',
    isJudged: false,
    ...part,
  })

  it('waits until somebody judges it', () => {
    const all = [detection('a'), detection('b', { isJudged: true })]
    const known = new Map(all.map(entry => [entry.alertId, entry]))
    expect(waitingDetections(known).map(({ alertId }) => alertId)).toEqual(['a'])
  })

  it('is no news where it only came into sight because a newer one of very many was settled', () => {
    const known = (...all: KnownDetection[]) => new Map(all.map(entry => [entry.alertId, entry]))
    const many = Array.from({ length: MOST_DETECTIONS + 1 }, (_, index) => detection(`a-${index}`))
    const older = detection('older', { openedAt: NOON - 1 })
    const newer = detection('newer', { openedAt: NOON + 1 })
    const ids = (all: KnownDetection[]) => all.map(({ alertId }) => alertId)
    expect(ids(newDetections(known(...many), known(...many, older, newer)))).toEqual(['newer'])
    // Of a few all were known: what was not there has come late.
    expect(ids(newDetections(known(newer), known(newer, older)))).toEqual(['older'])
  })

  it('is told by its sentence and its store, and leads to itself; many are counted by kind', () => {
    const names = new Map([['berlin-mitte', 'Berlin Mitte']])
    expect(detectionAnnouncements([detection('card_velocity/berlin/c&1@0-4')], names)).toEqual([
      {
        id: 'card_velocity/berlin/c&1@0-4',
        title: '4 orders with card card-1 within 10 minutes',
        detail: 'Berlin Mitte, fraud',
        href: '/alerts?alert=card_velocity%2Fberlin%2Fc%261%400-4',
      },
    ])
    const many = [detection('a'), detection('b', { kind: 'silence' }), detection('c')]
    expect(detectionAnnouncements(many, names)).toEqual([
      {
        id: 'detections-together',
        title: '3 new alerts of rules',
        detail: '2 fraud, 1 silence',
        href: '/alerts',
      },
    ])
  })
})
