import { beforeAll, expect, test } from 'vitest'
import { shortages } from '#bench/shortages.ts'

// What the page Restock shows in the demo's world: the stream's own verdict over ordinary weeks of it.

let figures: Map<string, number>
beforeAll(() => {
  const quarter = { days: 42, stores: 8, ordersPerDay: 4_000 }
  const until = Date.UTC(2026, 9, 20, 3)
  figures = new Map(shortages({ quarter, until }).map(({ name, value }) => [name, value]))
})

/** Of the verdict of the stream. */
function figureOf(words: string): number {
  const [, value] = [...figures].find(([name]) => name.includes('sure') && name.includes(words)) ?? []
  if (value === undefined) throw new Error(`no figure tells of ${words}`)
  return value
}

test('5 to 15 shortages are open in an ordinary week', () => {
  expect(figureOf('open at a time, median')).toBeGreaterThanOrEqual(4)
  expect(figureOf('open at a time, median')).toBeLessThanOrEqual(10)
  expect(figureOf('on one day of ten more than')).toBeLessThanOrEqual(17)
})

test('four of five become an empty shelf, hardly one is missed, and a product raises few', () => {
  expect(figureOf('precision')).toBeGreaterThan(0.75)
  expect(figureOf('recall')).toBeGreaterThan(0.9)
  expect(figureOf('alerts')).toBeLessThan(0.5)
})
