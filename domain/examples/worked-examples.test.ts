import { describe, expect, test } from 'vitest'
import { parseInstant } from '#domain/instant.ts'
import { netOf } from '#domain/measures.ts'
import { formatAmount } from '#domain/money.ts'
import { toLogEvents } from '#domain/testing/events.ts'
import { modelOnOrder, modelSales, modelStock } from '#domain/testing/reference-model.ts'
import { windowStartOf } from '#domain/window.ts'
import { WORKED_EXAMPLES } from './all-examples.ts'

describe.each(WORKED_EXAMPLES)('$title', example => {
  const events = example.events
    .flatMap(event => toLogEvents(event))
    .map((event, index) => ({ ...event, offset: index + 1 }))

  if (example.daily)
    test('by business day', () => {
      const days = modelSales(events, event => `${event.store} ${event.businessDay}`)
      expect([...days.keys()].sort()).toEqual(
        example.daily?.map(day => `${day.store} ${day.businessDay}`).sort(),
      )
      for (const expected of example.daily ?? []) {
        const actual = days.get(`${expected.store} ${expected.businessDay}`)
        expect(actual && { ...actual, net: formatAmount(netOf(actual)) }).toMatchObject({
          orders: expected.orders,
          units: expected.units,
          net: expected.net,
          returnDocuments: expected.returnDocuments,
          unitsReturned: expected.unitsReturned,
        })
        expect(actual && [actual.gross, actual.discounts, actual.returns].map(formatAmount)).toEqual([
          expected.gross,
          expected.discounts,
          expected.returns,
        ])
      }
    })

  if (example.windows)
    test('by minute', () => {
      const windows = modelSales(events, event => `${event.store} ${windowStartOf(event.eventTime)}`)
      for (const { store, windowStart, orders, net } of example.windows ?? []) {
        const actual = windows.get(`${store} ${parseInstant(windowStart) ?? 0}`)
        expect(actual && { orders: actual.orders, net: formatAmount(netOf(actual)) }).toEqual({ orders, net })
      }
      expect(windows.size).toBe(example.windows?.length)
    })

  if (example.stock)
    test('stock on hand, in whatever order the events arrive', () => {
      for (const arrival of [events, events.toReversed()]) {
        const stock = modelStock(arrival)
        for (const { store, sku, onHand } of example.stock ?? [])
          expect(stock.get(`${store}/${sku}`)).toBe(onHand)
        const onOrder = modelOnOrder(arrival)
        for (const { store, sku, onOrder: units } of example.stock ?? [])
          if (units !== undefined) expect(onOrder.get(`${store}/${sku}`)).toBe(units)
      }
    })
})
