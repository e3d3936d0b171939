import { expect, test } from 'vitest'
import { businessHoursOf } from '#domain/business-hours.ts'
import { addDays, type BusinessDay } from '#domain/calendar.ts'
import { HOUR_MS } from '#domain/instant.ts'
import { storeOn } from '#domain/store.ts'
import { berlin } from '#domain/testing/stores.ts'
import { expectedByHour, orderSizesOf, type SoldHour } from './habits.ts'

/** A Monday. */
const TODAY = '2026-11-23'
const FRIDAY_AT_TEN = 4 * 24 + 10

/** Orders of a business day by hour of the store's clock, each hour of that label alike. */
function sold(businessDay: BusinessDay, ordersAt: Readonly<Record<string, number>>): SoldHour[] {
  return businessHoursOf(businessDay, berlin).flatMap(({ start, label }) => {
    const orders = ordersAt[label.slice(0, 5)]
    return orders === undefined ? [] : [{ businessDay, hourStart: start, orders }]
  })
}

/** From the day before today backwards, as many weeks of the same day. */
const weeksBack = (last: BusinessDay, orders: readonly number[]) =>
  orders.flatMap((count, week) => sold(addDays(last, -7 * week), { '10:00': count }))

const expected = (hours: readonly SoldHour[], today = TODAY) =>
  expectedByHour(hours, { store: berlin, today })

test('the interquartile mean of eight Fridays: neither a rush nor an outage moves it', () => {
  // 0 and 10, 90 and 400 are left out; (20 + 22 + 24 + 30) / 4 = 24.
  const rates = expected(weeksBack('2026-11-20', [20, 400, 22, 0, 90, 24, 10, 30]))
  expect(rates?.[FRIDAY_AT_TEN]).toBe(24)
  expect(rates?.reduce((sum, rate) => sum + rate)).toBe(24)
})

test('days on which nothing was sold are left out, and what lies nine weeks back or is of today', () => {
  const fridays = weeksBack('2026-11-20', [20, 20, 20, 20, 20]).concat(
    weeksBack('2026-10-02', [20]),
    weeksBack('2026-09-25', [900, 900, 900]),
    sold(TODAY, { '10:00': 700 }),
  )
  // Two of eight Fridays were closed.
  const rates = expected(fridays)
  expect(rates?.[FRIDAY_AT_TEN]).toBe(20)
  expect(rates?.[10]).toBe(0)
})

test('a weekday on which it is mostly closed expects nothing: one Sunday in December is no habit', () => {
  const weekdays = Array.from({ length: 28 }, (_, index) => addDays(TODAY, -28 + index)).filter(
    day => new Date(day).getUTCDay() !== 0,
  )
  const all = weekdays.flatMap(day => sold(day, { '10:00': 12 })).concat(sold('2026-11-22', { '10:00': 50 }))
  const rates = expected(all)
  expect(rates?.[6 * 24 + 10]).toBe(0)
  expect(rates?.[5 * 24 + 10]).toBe(12)
})

test('hours after midnight belong to the weekday that the clock shows, not to the business day', () => {
  const rates = expected([0, 1, 2].flatMap(week => sold(addDays('2026-11-20', -7 * week), { '02:00': 5 })))
  // Saturday at two, of Friday's business day.
  expect(rates?.[5 * 24 + 2]).toBe(5)
  expect(rates?.[4 * 24 + 2]).toBe(0)
})

test('by the clock, not by UTC: ten o’clock stays ten o’clock when clocks are set', () => {
  const rates = expected(
    ['2026-10-17', '2026-10-24', '2026-10-31'].flatMap(day => sold(day, { '10:00': 8 })),
    '2026-11-02',
  )
  expect(rates?.[5 * 24 + 10]).toBe(8)
  expect(rates?.reduce((sum, rate) => sum + rate)).toBe(8)
})

test('the hour that comes twice in autumn is two of them; the one that is skipped in spring is no hour without a sale', () => {
  // Clocks go back in the night to Sunday, 25 October, at three.
  const autumn = expected(
    ['2026-10-17', '2026-10-24'].flatMap(day => sold(day, { '02:00': 4 })),
    '2026-11-01',
  )
  expect(autumn?.[6 * 24 + 2]).toBe(4)
  // And forward in the night to Sunday, 29 March.
  const spring = expected(
    ['2026-03-21', '2026-03-28'].flatMap(day => sold(day, { '02:00': 4, '10:00': 8 })),
    '2026-04-04',
  )
  expect(spring?.[6 * 24 + 2]).toBe(4)
})

test('where clocks move by half an hour, the half hour counts for none: it would halve what the whole one lets expect', () => {
  const island = [{ ...storeOn(berlin, TODAY), zone: 'Australia/Lord_Howe' }]
  // Clocks go forward from 02:00 to 02:30 in the night to Sunday, 4 October.
  const nights = ['2026-09-19', '2026-09-26', '2026-10-03'].flatMap(businessDay =>
    businessHoursOf(businessDay, island)
      .filter(({ label }) => label.startsWith('02:'))
      .map(({ start, end }) => ({ businessDay, hourStart: start, orders: (6 * (end - start)) / HOUR_MS })),
  )
  expect(nights.map(({ orders }) => orders)).toEqual([6, 6, 3])
  const rates = expectedByHour(nights.slice(1), { store: { versions: island }, today: '2026-10-10' })
  expect(rates?.[6 * 24 + 2]).toBe(6)
})

test('a store that has sold for less than two weeks has no habits yet', () => {
  const since = (day: BusinessDay) =>
    expected([...sold(day, { '10:00': 5 }), ...sold('2026-11-22', { '10:00': 5 })])
  expect(since('2026-11-10')).toBeNull()
  expect(since('2026-11-09')).not.toBeNull()
  expect(expected([])).toBeNull()
})

test('sizes of orders: median and 1.4826 times the median absolute deviation, which one odd order does not move', () => {
  // Around 3: deviations 2, 1, 0, 1, 97.
  expect(orderSizesOf([1, 2, 3, 4, 100])).toEqual({ median: 3, spread: 1.4826, documents: 5 })
  expect(orderSizesOf([4, 1, 2, 3])).toEqual({ median: 2.5, spread: 1.4826, documents: 4 })
  expect(orderSizesOf([])).toBeNull()
})
