import { describe, expect, it } from 'vitest'
import {
  announcementsOf,
  DIGEST_MS,
  type Notice,
  noveltyOf,
  openAtBeginning,
  waitBeforeShowing,
} from '#app/shell/notices.ts'
import { emptyLiveState, type LiveState } from '#app/socket/live-state.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')

function notice(alertId: string, part: Partial<Notice> = {}): Notice {
  return {
    sequence: 1,
    way: 'app',
    alertId,
    kind: 'shortage',
    rule: 'low_stock',
    severity: 'warning',
    store: 'berlin-mitte',
    title: `Low stock: ${alertId}`,
    detail: 'Berlin Mitte, 2 on hand, 0 on order',
    href: '/restock',
    toldAt: NOON,
    isTest: false,
    ...part,
  }
}

describe('what is shown of notices', () => {
  it('is each of a few, and one line for many', () => {
    expect(announcementsOf([notice('a'), notice('b')]).map(({ id, title }) => [id, title])).toEqual([
      ['a', 'Low stock: a'],
      ['b', 'Low stock: b'],
    ])
    const many = [notice('a'), notice('b', { rule: 'out_of_stock' }), notice('c')]
    expect(announcementsOf(many)).toEqual([
      { id: 'alerts-together', title: '3 new alerts', detail: '1 out of stock, 2 low', href: '/restock' },
    ])
  })

  it('is the last of an alert that has become critical meanwhile', () => {
    const rise = [notice('a'), notice('a', { severity: 'critical', title: 'Out of stock: a' })]
    expect(announcementsOf(rise)).toMatchObject([{ id: 'a', title: 'Out of stock: a' }])
  })
})

describe('a notice', () => {
  const detection = {
    kind: 'fraud',
    rule: 'r',
    store: 's',
    subject: '',
    severity: 'warning',
    score: 60,
    state: 'open',
    openedAt: NOON,
    summary: '',
  } as const
  const alert = {
    store: 's',
    sku: 'tea',
    rule: 'low_stock',
    severity: 'warning',
    state: 'open',
    openedAt: NOON,
    onHand: 2,
    onOrder: 0,
    reorderPoint: 5,
    projectedStockoutAt: null,
    nextDeliveryAt: null,
  } as const
  const handling = { kind: 'acknowledged', by: 'Ada', at: NOON, until: null } as const
  const state: LiveState = {
    ...emptyLiveState,
    alerts: new Map([
      ['open', { ...alert, alertId: 'open' }],
      ['taken on', { ...alert, alertId: 'taken on', handling }],
    ]),
    detections: new Map([
      ['seen', { ...detection, alertId: 'seen', isJudged: true }],
      ['new', { ...detection, alertId: 'new', isJudged: false }],
    ]),
  }

  /** What the page knows, up to so long after a notice was told. */
  const view = (ms: number) => ({
    state,
    stand: { now: NOON + ms, knownUpTo: NOON, lagEvents: 0, processedAt: NOON, heardAt: NOON },
  })

  it('is news as long as the shortage lasts and nobody has judged what a rule found, of which what is over stays news', () => {
    const of = (alertId: string, kind = 'shortage') => noveltyOf(notice(alertId, { kind }), view(0), NOON)
    expect(['open', 'gone', 'plan/s/tea@7', 'taken on'].map(id => of(id))).toEqual([
      'news',
      'over',
      'news',
      'over',
    ])
    expect(['new', 'over', 'seen'].map(id => of(id, 'fraud'))).toEqual(['news', 'news', 'over'])
    expect(of('test-1', 'test')).toBe('news')
  })

  it('of a shortage that the page has not heard of is over once all is heard of that was there when it was told', () => {
    const of = (ms: number) => noveltyOf(notice('gone'), view(ms), NOON)
    expect([of(-1), of(0)]).toEqual(['unheard', 'over'])
    expect(noveltyOf(notice('gone'), { state, stand: null }, NOON)).toBe('unheard')
  })

  it('is none where the page began with the alert, unless it has become critical since', () => {
    const isKnown = openAtBeginning(state)
    expect([notice('open'), notice('new', { kind: 'fraud' })].map(isKnown)).toEqual([true, true])
    expect([notice('open', { severity: 'critical' }), notice('later')].map(isKnown)).toEqual([false, false])
  })

  it('waits until thirty seconds after the last, unless one of those that wait is critical or asked for', () => {
    const wait = (...waiting: Notice[]) => waitBeforeShowing(waiting, { shownAt: NOON - 10_000, now: NOON })
    expect(wait(notice('a'))).toBe(DIGEST_MS - 10_000)
    expect(wait(notice('a'), notice('b', { severity: 'critical' }))).toBe(0)
    expect(wait(notice('a', { isTest: true }))).toBe(0)
    expect(waitBeforeShowing([notice('a')], { shownAt: null, now: NOON })).toBe(0)
    expect(waitBeforeShowing([notice('a')], { shownAt: NOON - DIGEST_MS - 1, now: NOON })).toBe(0)
  })
})
