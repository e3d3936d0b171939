import { describe, expect, test } from 'vitest'
import { WORKED_EXAMPLES } from '#domain/examples/all-examples.ts'
import { parseInstant } from '#domain/instant.ts'
import { netOf } from '#domain/measures.ts'
import { formatAmount } from '#domain/money.ts'
import { toLogEvents } from '#domain/testing/events.ts'
import { asRecords, foldLog } from '#server/stream/testing/fold-log.ts'

describe.each(WORKED_EXAMPLES)('$title', example => {
  const events = example.events.flatMap(event => toLogEvents(event))
  const folded = foldLog(asRecords(events, parseInstant('2026-12-01T00:00:00Z') ?? 0), { batchSizes: [1] })
  const windows = [...folded.windows.values()]

  if (example.daily)
    test('in the live windows of each day', () => {
      for (const expected of example.daily ?? []) {
        const {
          store,
          businessDay,
          customers: _distinct,
          net,
          gross,
          discounts,
          returns,
          ...counts
        } = expected
        const ofDay = windows.filter(window => window.store === store && window.businessDay === businessDay)
        const sum = (figure: (window: (typeof windows)[number]) => number) =>
          ofDay.reduce((total, window) => total + figure(window), 0)
        for (const [metric, units] of Object.entries(counts))
          expect([metric, sum(window => window[metric as keyof typeof counts])]).toEqual([metric, units])
        expect({
          gross: formatAmount(sum(window => window.gross)),
          discounts: formatAmount(sum(window => window.discounts)),
          returns: formatAmount(sum(window => window.returns)),
          net: formatAmount(sum(netOf)),
        }).toEqual({ gross, discounts, returns, net })
      }
    })

  if (example.windows)
    test('by minute', () => {
      expect(
        windows.map(window => ({
          store: window.store,
          windowStart: window.windowStart,
          orders: window.orders,
          net: formatAmount(netOf(window)),
        })),
      ).toEqual(
        example.windows?.map(window => ({ ...window, windowStart: parseInstant(window.windowStart) })),
      )
    })

  if (example.stock)
    test('stock on hand, in whatever order the events arrive', () => {
      for (const order of [events, events.toReversed()]) {
        const { stock } = foldLog(asRecords(order, 0), { batchSizes: [2, 1] })
        for (const { store, sku, ...units } of example.stock ?? [])
          expect(stock.get(`${store}/${sku}`)).toMatchObject(units)
      }
    })
})
