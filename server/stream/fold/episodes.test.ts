import { describe, expect, test } from 'vitest'
import { MINUTE_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { movement, sale } from '#domain/testing/events.ts'
import { asRecords, foldLog } from '#server/stream/testing/fold-log.ts'
import type { StockPolicy } from './stock-state.ts'

const NOON = Date.UTC(2026, 2, 2, 12)
const at = (minutes: number) => NOON + minutes * MINUTE_MS
const POLICY: StockPolicy = { validFrom: 0, reorderPoint: 5, orderUpTo: 20 }

function episodesAfter(events: LogEvent[], policies: StockPolicy[] = [POLICY]) {
  const folded = foldLog(asRecords(events, NOON), { policies: new Map([['berlin/tea', policies]]) })
  return [...folded.episodes.values()]
}

describe('a shortage', () => {
  test('begins with the event that first makes it true, and has its id from there', () => {
    const episodes = episodesAfter([
      movement('stock.counted', at(0), 10),
      sale(at(1), 4),
      sale(at(2), 1),
      sale(at(3), 1),
    ])
    expect(episodes).toEqual([
      expect.objectContaining({
        alertId: 'berlin/tea@0-3',
        rule: 'low_stock',
        severity: 'warning',
        state: 'open',
        openedAt: at(2),
        openedOffset: 3,
        amendedAt: at(2),
        onHand: 4,
        reorderPoint: 5,
        suggestedUnits: 16,
      }),
    ])
  })

  test('is one episode while its rule changes, and ends when the verdict does', () => {
    const events = [
      movement('stock.counted', at(0), 6),
      sale(at(1), 1),
      sale(at(2), 5),
      sale(at(3), 2),
      movement('stock.received', at(9), 30),
    ]
    const rules = [2, 3, 4].map(count => episodesAfter(events.slice(0, count)).map(({ rule }) => rule))
    expect(rules).toEqual([['low_stock'], ['out_of_stock'], ['oversold']])
    expect(episodesAfter(events)).toEqual([
      expect.objectContaining({
        alertId: 'berlin/tea@0-2',
        rule: 'oversold',
        severity: 'critical',
        state: 'resolved',
        openedAt: at(1),
        resolvedAt: at(9),
        amendedOffset: 5,
        onHand: 28,
        suggestedUnits: null,
      }),
    ])
  })

  test('that comes again is a new episode', () => {
    const events = [
      movement('stock.counted', at(0), 0),
      movement('stock.received', at(1), 30),
      sale(at(2), 30),
    ]
    expect(episodesAfter(events).map(({ alertId, state }) => [alertId, state])).toEqual([
      ['berlin/tea@0-1', 'resolved'],
      ['berlin/tea@0-3', 'open'],
    ])
  })

  test('takes note of what was ordered against it', () => {
    const events = [
      movement('stock.counted', at(0), 3),
      movement('purchase.placed', at(5), 12),
      sale(at(6), 1),
    ]
    expect(episodesAfter(events)).toEqual([
      expect.objectContaining({
        onHand: 2,
        onOrder: 12,
        suggestedUnits: 6,
        amendedAt: at(5),
        amendedOffset: 2,
      }),
    ])
  })

  test('without a policy is judged for being out of stock and oversold only, and suggests nothing', () => {
    expect(episodesAfter([movement('stock.counted', at(0), 1)], [])).toEqual([])
    expect(episodesAfter([movement('stock.counted', at(0), 0)], [])).toEqual([
      expect.objectContaining({ rule: 'out_of_stock', reorderPoint: null, suggestedUnits: null }),
    ])
  })

  test('is judged by the policy valid at the newest time seen', () => {
    const policies = [
      { validFrom: at(-60), reorderPoint: 1, orderUpTo: null },
      { validFrom: at(10), reorderPoint: 8, orderUpTo: null },
    ]
    const events = [movement('stock.counted', at(0), 9), sale(at(5), 2)]
    expect(episodesAfter(events, policies)).toEqual([])
    expect(episodesAfter([...events, sale(at(10), 1)], policies)).toEqual([
      expect.objectContaining({ rule: 'low_stock', reorderPoint: 8, onHand: 6 }),
    ])
    // A late sale of before the change is judged by today's rule, as the stock it leaves is today's.
    const late = [movement('stock.counted', at(0), 10), sale(at(11), 1), sale(at(6), 1)]
    expect(episodesAfter(late, policies)).toEqual([expect.objectContaining({ reorderPoint: 8, onHand: 8 })])
  })

  test('is not seen where stock is unknown', () => {
    expect(episodesAfter([sale(at(0), 100)])).toEqual([])
  })
})
