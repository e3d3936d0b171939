import { expect, test } from 'vitest'
import { clockOf, MOST_OFF_MS } from './clocks.ts'
import { asSent, isPlanted } from './outgoing.ts'

const TILLS = Array.from({ length: 200 }, (_, index) => `pos-store-till-${index}`)

test('clocks of tills are off by a second or two, some are seconds ahead, and each keeps its error', () => {
  const clocks = TILLS.map(clockOf)
  expect(TILLS.map(clockOf)).toEqual(clocks)
  expect(Math.max(...clocks.map(Math.abs))).toBeLessThanOrEqual(MOST_OFF_MS)
  const ahead = clocks.filter(clock => clock >= 4_000).length
  expect(ahead).toBeGreaterThan(5)
  expect(ahead).toBeLessThan(60)
})

test('what a till tells carries the time of its own clock; a day ahead is known to be refused', () => {
  const event = {
    source: 'till',
    id: '1',
    type: 'stock.adjusted',
    store: 'berlin',
    eventTime: '2026-11-20T12:00:00.000Z',
    lines: [{ sku: 'tea', units: 1 }],
  } as const
  const told = { ...event, lines: [...event.lines] }
  expect(asSent({ event: told, clockMs: 3_000 })).toMatchObject({ eventTime: '2026-11-20T12:00:03.000Z' })
  expect(isPlanted(asSent({ event: told, clockMs: 86_400_000 }))).toBe(true)
})
