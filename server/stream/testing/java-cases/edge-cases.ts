import type { SentEvent } from '#domain/event.ts'
import { DAY_MS, parseInstant } from '#domain/instant.ts'
import { ordered, placed, received, toLogEvents } from '#domain/testing/events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { type CaseRecord, javaCase, NO_REFERENCE } from './java-case.ts'

const AT = '2026-03-02T10:00:00+01:00'
const APPENDED = (parseInstant(AT) ?? 0) + 1_000

/** What a drawn log hardly ever meets: the very moment at which one thing ends and the other begins. */
export function edgeCases() {
  const tea = [{ sku: 'tea', units: 5 }]
  const order = ordered({ id: 'p-1', at: AT, purchaseOrderId: 'PO-1' }, tea)
  const confirmation = {
    ...order,
    id: 'p-2',
    type: 'purchase.confirmed' as const,
    expectedAt: '2026-03-04T10:00:00Z',
  }
  return [
    javaCase(
      'Of two receipts of one instant the first to arrive is the opening',
      recordsOf([received({ id: 'r-1', at: AT }, tea), received({ id: 'r-2', at: AT }, tea)]),
    ),
    javaCase(
      'Of two that say a date at one instant the one that arrived last stands',
      recordsOf([order, confirmation as SentEvent, { ...order, id: 'p-3', supplier: 's-2' } as SentEvent]),
    ),
    javaCase(
      'A store that nobody has heard of for two days is forgotten, and not silent',
      [
        ...recordsOf([placed({ id: 'o-1', at: AT }, [{ sku: 'tea', units: 1, unitPrice: '1.00' }])]),
        { type: 'tick', offset: 2, appendedAt: APPENDED + 2 * DAY_MS },
      ],
      {
        reference: {
          ...NO_REFERENCE,
          stores: EXAMPLE_STORES,
          expectedOrders: [{ store: 'berlin', validFrom: 0, orders: Array.from({ length: 168 }, () => 60) }],
        },
      },
    ),
  ]
}

function recordsOf(sent: readonly SentEvent[]): CaseRecord[] {
  return sent
    .flatMap(event => toLogEvents(event))
    .map((event, index) => ({ ...event, offset: index + 1, appendedAt: APPENDED + index }))
}
