import { describe, expect, test } from 'vitest'
import { enrich } from '#domain/enrich.ts'
import type { SentEvent } from '#domain/event.ts'
import { formatInstant, HOUR_MS } from '#domain/instant.ts'
import { placed } from '#domain/testing/events.ts'
import { shopsOf } from '#seed/world/stores.ts'
import { emptySpans, onOrderOf, Shelves } from './shelves.ts'

const [BERLIN] = shopsOf(1)
if (!BERLIN) throw new Error('there is no store')
const NOON = Date.UTC(2026, 10, 18, 12)
const stores = new Map([[BERLIN.id, BERLIN]])

function logged(event: SentEvent) {
  const result = enrich(event, { stores, now: NOON + 100 * HOUR_MS, class: 'bulk', bodyHash: '' })
  if ('rejection' in result) throw new Error(result.rejection.detail)
  return result.events
}

const at = (hours: number) => formatInstant(NOON + hours * HOUR_MS)
const stock = (
  type: 'stock.counted' | 'stock.received',
  hours: number,
  units: number,
  purchaseOrderId?: string,
) =>
  logged({
    ...{ source: 'stock', id: `${type}-${hours}`, type, store: BERLIN.id, eventTime: at(hours) },
    lines: [{ sku: 'tea', units }],
    ...(purchaseOrderId === undefined ? {} : { purchaseOrderId }),
  })
const sale = (hours: number, units: number) =>
  logged({
    ...placed({ id: `sale-${hours}`, at: at(hours) }, [{ sku: 'tea', units, unitPrice: '1.00' }]),
    store: BERLIN.id,
  })
const order = (hours: number, units: number) =>
  logged({
    ...{
      source: 'stock',
      id: `order-${hours}`,
      type: 'purchase.placed',
      store: BERLIN.id,
      eventTime: at(hours),
    },
    ...{ purchaseOrderId: 'po-1', supplier: 'smith', expectedAt: at(30), lines: [{ sku: 'tea', units }] },
  })

describe('shelves by what the log says', () => {
  test('hold what was counted, less what was sold since, and know what is to come', () => {
    const shelves = new Shelves()
    for (const event of [...sale(-1, 3), ...stock('stock.counted', 0, 10), ...sale(1, 4), ...order(2, 12)]) {
      shelves.apply(event)
    }
    const [shelf] = shelves.all()
    expect(shelf).toMatchObject({ store: BERLIN.id, sku: 'tea', onHand: 6 })
    expect(shelf && onOrderOf(shelf)).toBe(12)
    expect([...(shelf?.orders.values() ?? [])][0]).toMatchObject({ expectedAt: NOON + 30 * HOUR_MS })
    for (const event of stock('stock.received', 30, 12, 'po-1')) shelves.apply(event)
    expect(shelf).toMatchObject({ onHand: 18 })
    expect(shelf?.orders.size).toBe(0)
  })

  test('are empty from the sale that takes the last to the delivery, and cost what was missed on those days', () => {
    const events = [
      ...stock('stock.counted', 0, 4),
      ...sale(1, 4),
      ...stock('stock.received', 30, 12),
      ...sale(31, 12),
    ]
    const missed: Record<string, number> = { '2026-11-18': 3, '2026-11-19': 2, '2026-11-25': 9 }
    expect(emptySpans(events, { shops: [BERLIN], missedOn: (_, __, day) => missed[day] ?? 0 })).toEqual([
      { store: BERLIN.id, sku: 'tea', from: NOON + HOUR_MS, to: NOON + 30 * HOUR_MS, missed: 5 },
      { store: BERLIN.id, sku: 'tea', from: NOON + 31 * HOUR_MS, to: null, missed: 2 },
    ])
  })
})
