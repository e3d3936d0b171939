import { expect, test } from 'vitest'
import { judgeShelf, type ShelfVerdict } from './verdict.ts'

const never = { at: null, early: null, late: null }
const inDays = (at: number) => ({ at, early: at - 1, late: at + 1 })

// Days stand for instants: an order of now comes on day 5.
const cases: readonly (readonly [string, ShelfVerdict, Partial<Parameters<typeof judgeShelf>[0]>])[] = [
  ['nothing sells', 'enough', {}],
  ['it runs out long after an order would come', 'enough', { stockout: inDays(9) }],
  ['nothing is on order, and an order would come too late', 'short', { stockout: inDays(4) }],
  ['what is on order comes in time', 'covered', { stockout: inDays(4), nextDeliveryAt: 3 }],
  ['what is on order comes too late', 'short', { stockout: inDays(4), nextDeliveryAt: 4.5 }],
  ['it lasts whatever comes', 'enough', { stockout: inDays(9), nextDeliveryAt: 3 }],
  ['no lead time is known and nothing is on order', 'enough', { stockout: inDays(4), orderArrivesAt: null }],
  [
    'it is empty already and nobody knows what comes',
    'enough',
    { stockout: inDays(0), orderArrivesAt: null },
  ],
  ['it lasts in the middle, and nothing is on order', 'enough', { stockout: inDays(5.5) }],
]

test.each(cases)('when %s, a shelf is %s', (_, verdict, change) => {
  const shelf = { stockout: never, nextDeliveryAt: null, orderArrivesAt: 5 }
  expect(judgeShelf({ ...shelf, ...change })).toBe(verdict)
})
