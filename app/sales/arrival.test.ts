import { describe, expect, it } from 'vitest'
import { arrivalOf } from '#app/sales/arrival.ts'
import type { LiveSale } from '#server/web/live/messages.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')

function sale(eventTime: number): LiveSale {
  return {
    source: 'pos-1',
    id: 'a',
    type: 'order.placed',
    store: 'berlin-mitte',
    channel: 'pos',
    eventTime,
    processedAt: NOON,
    orderId: 'a',
    units: 1,
    net: '1.0000',
    currency: 'EUR',
    lines: 1,
  }
}

describe('how a sale came', () => {
  it('is in time as long as its window may still be open', () => {
    expect(arrivalOf(sale(NOON - 90_000), { input: 'live' })).toEqual({ kind: 'in-time' })
  })

  it('is late, and by how much, when its window must have closed before', () => {
    expect(arrivalOf(sale(NOON - 17 * 60_000), { input: 'live' })).toEqual({
      kind: 'late',
      byMs: 17 * 60_000,
    })
  })

  it('is from a file for a store that writes journals, however old it is', () => {
    expect(arrivalOf(sale(NOON - 16 * 365 * 86_400_000), { input: 'journal' })).toEqual({ kind: 'from-file' })
  })
})
