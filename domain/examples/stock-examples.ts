import {
  adjusted,
  cancelled,
  counted,
  ordered,
  placed,
  received,
  returned,
  transferred,
} from '#domain/testing/events.ts'
import type { ExpectedInventory, WorkedExample } from './worked-example.ts'

const QUIET: Omit<ExpectedInventory, 'opening' | 'closing'> = {
  store: 'berlin',
  businessDay: '2026-03-02',
  sku: 'tea',
  received: 0,
  sold: 0,
  returned: 0,
  adjusted: 0,
  transferred: 0,
  countCorrection: 0,
}

function tea(units: number) {
  return [{ sku: 'tea', units }]
}

function sale(id: string, at: string, units: number) {
  return placed({ id, at }, [{ sku: 'tea', units, unitPrice: '1.00' }])
}

export const STOCK_EXAMPLES: WorkedExample[] = [
  {
    title: 'Before the first count or receipt stock is unknown, however much is sold',
    events: [sale('o-1', '2026-03-02T10:00:00+01:00', 3)],
    stock: [{ store: 'berlin', sku: 'tea', onHand: null }],
    inventory: [],
  },
  {
    title: 'The opening receipt makes stock known; sales before it do not touch it',
    events: [
      sale('before', '2026-03-02T09:00:00+01:00', 2),
      received({ id: 'delivery', at: '2026-03-02T10:00:00+01:00' }, tea(10)),
      sale('after', '2026-03-02T11:00:00+01:00', 3),
    ],
    stock: [{ store: 'berlin', sku: 'tea', onHand: 7 }],
    inventory: [{ ...QUIET, opening: 0, received: 10, sold: 5, countCorrection: 2, closing: 7 }],
  },
  {
    title: 'A sale that arrives after the count but lies before it changes the expectation, not the stock',
    events: [
      received({ id: 'delivery', at: '2026-03-02T08:00:00+01:00' }, tea(15)),
      counted({ id: 'count', at: '2026-03-02T12:00:00+01:00' }, tea(10)),
      sale('after', '2026-03-02T12:10:00+01:00', 3),
      sale('late', '2026-03-02T11:50:00+01:00', 2),
    ],
    stock: [{ store: 'berlin', sku: 'tea', onHand: 7 }],
    // Expected 13 at the count, found 10: three are missing.
    inventory: [{ ...QUIET, opening: 0, received: 15, sold: 5, countCorrection: -3, closing: 7 }],
  },
  {
    title: 'Of two counts the later by event time stands, whichever arrives last',
    events: [
      counted({ id: 'noon', at: '2026-03-02T12:00:00+01:00' }, tea(10)),
      sale('between', '2026-03-02T12:30:00+01:00', 1),
      counted({ id: 'morning', at: '2026-03-02T09:00:00+01:00' }, tea(99)),
    ],
    stock: [{ store: 'berlin', sku: 'tea', onHand: 9 }],
  },
  {
    title: 'Stock below zero is kept, and adds up again',
    events: [
      received({ id: 'delivery', at: '2026-03-02T08:00:00+01:00' }, tea(2)),
      sale('o-1', '2026-03-02T09:00:00+01:00', 5),
      returned({ id: 'r-1', at: '2026-03-02T10:00:00+01:00' }, [{ sku: 'tea', units: 1, refund: '1.00' }]),
      returned({ id: 'r-2', at: '2026-03-02T10:00:00+01:00' }, [
        { sku: 'tea', units: 1, refund: '1.00', restock: false },
      ]),
      adjusted({ id: 'a-1', at: '2026-03-02T11:00:00+01:00' }, tea(-1)),
    ],
    stock: [{ store: 'berlin', sku: 'tea', onHand: -3 }],
    inventory: [{ ...QUIET, opening: 0, received: 2, sold: 5, returned: 1, adjusted: -1, closing: -3 }],
  },
  {
    title: 'A transfer leaves one store and reaches the other; the books of both add up',
    events: [
      received({ id: 'delivery', at: '2026-03-02T08:00:00+01:00' }, tea(10)),
      received({ id: 'other', at: '2026-03-02T08:00:00+01:00', store: 'berlin-west' }, tea(1)),
      transferred({ id: 't-1', at: '2026-03-02T09:00:00+01:00', toStore: 'berlin-west' }, tea(4)),
    ],
    stock: [
      { store: 'berlin', sku: 'tea', onHand: 6 },
      { store: 'berlin-west', sku: 'tea', onHand: 5 },
    ],
    inventory: [
      { ...QUIET, opening: 0, received: 10, transferred: -4, closing: 6 },
      { ...QUIET, store: 'berlin-west', opening: 0, received: 1, transferred: 4, closing: 5 },
    ],
  },
  {
    title: 'More is delivered than was ordered: on hand is what came, and nothing is on order',
    events: [
      ordered({ id: 'p-1', at: '2026-03-02T08:00:00+01:00', purchaseOrderId: 'PO-1' }, tea(10)),
      received({ id: 'r-1', at: '2026-03-02T09:00:00+01:00', purchaseOrderId: 'PO-1' }, tea(12)),
    ],
    stock: [{ store: 'berlin', sku: 'tea', onHand: 12, onOrder: 0 }],
    inventory: [{ ...QUIET, opening: 0, received: 12, closing: 12 }],
  },
  {
    title: 'A delivery of an order that was never seen fills the shelf, and nothing is on order',
    events: [
      counted({ id: 'c-1', at: '2026-03-02T09:00:00+01:00' }, tea(5)),
      received({ id: 'r-1', at: '2026-03-02T09:30:00+01:00', purchaseOrderId: 'OLD-1' }, tea(24)),
    ],
    stock: [{ store: 'berlin', sku: 'tea', onHand: 29, onOrder: 0 }],
    inventory: [{ ...QUIET, opening: 0, received: 24, countCorrection: 5, closing: 29 }],
  },
  {
    title:
      'The rest of an order is cancelled after a part of it has come; another order still owes all of its own',
    events: [
      ordered({ id: 'p-1', at: '2026-03-02T08:00:00+01:00', purchaseOrderId: 'PO-1' }, tea(10)),
      ordered({ id: 'p-2', at: '2026-03-02T08:00:00+01:00', purchaseOrderId: 'PO-2' }, tea(7)),
      received({ id: 'r-1', at: '2026-03-02T09:00:00+01:00', purchaseOrderId: 'PO-1' }, tea(4)),
      cancelled({ id: 'x-1', at: '2026-03-02T10:00:00+01:00', purchaseOrderId: 'PO-1' }, tea(10)),
      received({ id: 'r-2', at: '2026-03-02T11:00:00+01:00' }, tea(3)),
    ],
    stock: [{ store: 'berlin', sku: 'tea', onHand: 7, onOrder: 7 }],
    inventory: [{ ...QUIET, opening: 0, received: 7, closing: 7 }],
  },
  {
    title: 'A product that one count names twice lies in two places: both add up',
    events: [
      counted({ id: 'c-1', at: '2026-03-02T09:00:00+01:00' }, [
        { sku: 'tea', units: 4 },
        { sku: 'milk', units: 2 },
        { sku: 'tea', units: 6 },
      ]),
      sale('o-1', '2026-03-02T10:00:00+01:00', 3),
    ],
    stock: [
      { store: 'berlin', sku: 'tea', onHand: 7 },
      { store: 'berlin', sku: 'milk', onHand: 2 },
    ],
    inventory: [
      { ...QUIET, sku: 'milk', opening: 0, countCorrection: 2, closing: 2 },
      { ...QUIET, opening: 0, sold: 3, countCorrection: 10, closing: 7 },
    ],
  },
]
