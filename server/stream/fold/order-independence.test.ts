import fc from 'fast-check'
import { describe, expect, inject, test } from 'vitest'
import { MEASURE_NAMES } from '#domain/measures.ts'
import { randomEvents, seededRandom, shuffled } from '#domain/testing/random-events.ts'
import { modelOnOrder, modelSales, modelStock } from '#domain/testing/reference-model.ts'
import { windowStartOf } from '#domain/window.ts'
import { asRecords, type FoldedLog, foldLog } from '#server/stream/testing/fold-log.ts'

const START = Date.UTC(2026, 9, 25, 0, 30)
const STORES = ['berlin', 'kolkata']
const POLICIES = new Map([
  [
    'berlin/sku-1',
    [
      { validFrom: 0, reorderPoint: 5, orderUpTo: 20 },
      { validFrom: START + 1_800_000, reorderPoint: 9, orderUpTo: null },
    ],
  ],
])

function anHour(seed: number, count: number) {
  return randomEvents({ random: seededRandom(seed), count, start: START, stores: STORES, skus: 4 })
}

/** Window totals without what depends on arrival: revision, late net, last offset. */
function totals(folded: FoldedLog) {
  return [...folded.windows]
    .map(([key, window]) => [key, ...MEASURE_NAMES.map(metric => window[metric]), window.bulkEvents])
    .sort()
}

function onHand(folded: FoldedLog) {
  return [...folded.stock].map(([key, { onHand, onOrder }]) => [key, onHand, onOrder]).sort()
}

describe('an hour of events', () => {
  test('gives the same windows and the same stock in whatever order it arrives', () => {
    const events = anHour(inject('randomSeed'), 400)
    const expected = foldLog(asRecords(events, START))
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
        (seed, batchSizes) => {
          // Counts of equal event time are settled by offset: the only tie, and it does not occur here.
          const folded = foldLog(asRecords(shuffled(events, seededRandom(seed)), START), { batchSizes })
          expect(totals(folded)).toEqual(totals(expected))
          expect(onHand(folded)).toEqual(onHand(expected))
          expect([...folded.purchases].sort()).toEqual([...expected.purchases].sort())
        },
      ),
      { numRuns: 40 },
    )
  })

  test('equals the plain model: sort, then add up', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 40 }), (seed, batchSize) => {
        const events = anHour(seed, 150).map((event, index) => ({ ...event, offset: index + 1 }))
        const folded = foldLog(asRecords(events, START), { batchSizes: [batchSize] })
        const sales = modelSales(
          events,
          event => `${event.store}/${event.channel}/${event.currency}/${windowStartOf(event.eventTime)}`,
        )
        expect(new Set(folded.windows.keys())).toEqual(new Set(sales.keys()))
        for (const [key, figures] of sales) expect(folded.windows.get(key)).toMatchObject(figures)
        const stock = modelStock(events)
        for (const [key, units] of stock) expect([key, folded.stock.get(key)?.onHand]).toEqual([key, units])
        const onOrder = modelOnOrder(events)
        for (const [key, { onOrder: units }] of folded.stock)
          expect([key, units]).toEqual([key, onOrder.get(key) ?? 0])
      }),
      { numRuns: 60 },
    )
  })

  test('gives the same in every detail wherever batches are cut: lateness, revisions and alerts too', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        (seed, batchSizes) => {
          // Half a minute between appends: windows close and sources fall idle while the hour arrives.
          const records = asRecords(anHour(seed, 150), START, 30_000)
          const whole = foldLog(records, { policies: POLICIES })
          expect(foldLog(records, { policies: POLICIES, batchSizes })).toEqual(whole)
          expect(whole.lateEvents).toBeGreaterThan(0)
        },
      ),
      { numRuns: 40 },
    )
  })
})
