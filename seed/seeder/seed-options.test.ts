import { describe, expect, test } from 'vitest'
import { UsageError } from '#platform/command.ts'
import { parseSeedOptions } from './seed-options.ts'

const NOW = Date.UTC(2026, 10, 20, 12, 0, 30, 500)

describe('options of the seeder', () => {
  test('without any, 92 days of eight stores until a minute ago, in whole seconds', () => {
    expect(parseSeedOptions([], NOW)).toEqual({
      json: false,
      days: 92,
      stores: 8,
      ordersPerDay: 4_000,
      randomSeed: 1,
      until: Date.UTC(2026, 10, 20, 11, 59, 30),
    })
  })

  test('numbers and the end of the history can be chosen', () => {
    const args = ['--days', '60', '--stores=8', '--orders-per-day', '500', '--random-seed', '9']
    expect(parseSeedOptions([...args, '--until', '2026-11-01T10:00:00+01:00'], NOW)).toMatchObject({
      days: 60,
      stores: 8,
      ordersPerDay: 500,
      randomSeed: 9,
      until: Date.UTC(2026, 10, 1, 9),
    })
  })

  test('a day as the end counts whole', () => {
    expect(parseSeedOptions(['--until', '2026-11-19'], NOW).until).toBe(Date.UTC(2026, 10, 20) - 1)
  })

  test.each([
    [['--dayz', '7'], /--dayz/],
    [['--days', 'many'], /--days is "many", but must be a whole number from 0 to 3650/],
    [['--stores', '0'], /--stores is "0"/],
    [['--until', 'yesterday'], /--until is "yesterday", but must be a day such as/],
    [['--until', '2026-02-30'], /--until is "2026-02-30"/],
    [['--until', '2026-11-20'], /lies in the future/],
    [['extra'], /extra/],
  ])('%j is refused with a sentence that names it', (args, message) => {
    expect(() => parseSeedOptions(args, NOW)).toThrow(UsageError)
    expect(() => parseSeedOptions(args, NOW)).toThrow(message)
  })
})
