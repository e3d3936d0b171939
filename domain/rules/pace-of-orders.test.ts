import { expect, test } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import { expectedByPace, NO_PACE, withOrder } from './pace-of-orders.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')
const paceOf = (times: readonly number[]) => times.reduce((pace, at) => withOrder(pace, at), NO_PACE)
const every = (stepMs: number, hours: number) =>
  Array.from({ length: (hours * HOUR_MS) / stepMs }, (_, index) => NOON + index * stepMs)

test('an order counts half for every twenty minutes that it lies behind the newest, in whatever order they come', () => {
  const later = NOON + 20 * MINUTE_MS
  expect(paceOf([NOON, later]).weight).toBe(1.5)
  expect(paceOf([later, NOON])).toEqual(paceOf([NOON, later]))
})

const hourly = (orders: number) => (from: number, to: number) => (orders * (to - from)) / HOUR_MS

test('of a store that sells thirty times what it used to, most of that is expected; of a steady one less than its habit', () => {
  const aMinute = paceOf(every(MINUTE_MS, 8))
  // By habit one order in half an hour, by today's pace thirty.
  const today = expectedByPace(aMinute, 1, hourly(2))
  expect(today).toBeGreaterThan(15)
  expect(today).toBeLessThan(30)
  const steady = expectedByPace(aMinute, 30, hourly(60))
  expect(steady).toBeGreaterThan(15)
  expect(steady).toBeLessThan(30)
})

test('after busy hours that are as busy by habit, a quiet hour is not taken for more', () => {
  const evening = paceOf([
    ...every(MINUTE_MS, 4),
    ...[0, 20, 40].map(minutes => NOON + 4 * HOUR_MS + minutes * MINUTE_MS),
  ])
  const habit = (from: number, to: number) => {
    const busyUntil = NOON + 4 * HOUR_MS
    return (
      hourly(60)(Math.min(from, busyUntil), Math.min(to, busyUntil)) +
      hourly(3)(Math.max(from, busyUntil), Math.max(to, busyUntil))
    )
  }
  expect(expectedByPace(evening, 3, habit)).toBeLessThan(3)
})

test('of a few orders nothing is sure, nor where the habit is to sell nothing', () => {
  expect(expectedByPace(paceOf([NOON, NOON + 1, NOON + 2]), 5, hourly(1))).toBe(0)
  expect(expectedByPace(paceOf(every(MINUTE_MS, 6)), 5, hourly(0))).toBe(0)
  expect(expectedByPace(NO_PACE, 5, hourly(1))).toBe(0)
})
