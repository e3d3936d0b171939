import { expect, test } from 'vitest'
import { HOUR_MS } from '#domain/instant.ts'
import { expectedBetween, HOURS_OF_WEEK, hourOfWeek } from './hour-of-week.ts'

const at = (text: string) => Date.parse(text)

test.each([
  ['2026-11-23T00:00:00Z', 0, 0],
  ['2026-11-22T23:59:59Z', 0, 167],
  ['2026-11-22T23:00:00Z', 1, 0],
  ['2026-11-29T12:30:00Z', 0, 156],
  ['1969-12-28T23:00:00Z', 0, 167],
])('%s, clocks %i h ahead, is hour %i of the week', (text, ahead, hour) => {
  expect(hourOfWeek(at(text), ahead * HOUR_MS)).toBe(hour)
})

// 10 orders an hour from 9 to 10 on Mondays, 4 from 10 to 11, nothing else.
const rates = Array.from({ length: HOURS_OF_WEEK }, (_, hour) => (hour === 9 ? 10 : hour === 10 ? 4 : 0))

test('what is to be expected between two instants is the sum of the hours between them, in proportion', () => {
  const monday = { zone: 'Europe/Berlin', from: at('2026-11-23T08:30:00Z'), to: at('2026-11-23T09:15:00Z') }
  expect(expectedBetween(rates, monday)).toBeCloseTo(6)
  expect(expectedBetween(rates, { ...monday, to: monday.from })).toBe(0)
})

test('hours are those of the clocks, also where they change', () => {
  // On 25 October 2026 Berlin has the hour from 2 to 3 twice: Monday 9:00 is 8:00Z a day later, was 7:00Z before.
  const week = { zone: 'Europe/Berlin', from: at('2026-10-19T00:00:00Z'), to: at('2026-10-27T00:00:00Z') }
  expect(expectedBetween(rates, week)).toBeCloseTo(28)
  expect(
    expectedBetween(rates, { ...week, from: at('2026-10-26T08:00:00Z'), to: at('2026-10-26T09:00:00Z') }),
  ).toBeCloseTo(10)
})

test('zones of half hours begin their hours at the half of UTC', () => {
  const morning = { zone: 'Asia/Kolkata', from: at('2026-11-23T03:30:00Z'), to: at('2026-11-23T04:30:00Z') }
  expect(expectedBetween(rates, morning)).toBeCloseTo(10)
})
