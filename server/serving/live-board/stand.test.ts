import { expect, test } from 'vitest'
import { standOf } from './stand.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')
const basis = {
  generation: 1,
  engine: 'tillstream' as const,
  rulesVersion: 1,
  watermark: NOON,
  processedAt: NOON - 100,
  through: {},
}
const lag = (lagMs: number) => [{ partition: 0, through: 3, end: 3, lagEvents: lagMs === 0 ? 0 : 1, lagMs }]

test('figures are known up to the oldest event that is not read, and no further than the archive', () => {
  const upTo = (archivedUpTo: number | null, lagMs = 0) => {
    const { knownUpTo, heldBy } = standOf({ now: NOON, basis, archivedUpTo }, lag(lagMs))
    return [NOON - knownUpTo, heldBy]
  }
  expect(upTo(null)).toEqual([0, undefined])
  expect(upTo(null, 700)).toEqual([700, undefined])
  // The archiver's word of two seconds ago is its newest.
  expect(upTo(NOON - 2_000)).toEqual([0, undefined])
  expect(upTo(NOON - 60_000)).toEqual([60_000, 'archive'])
  expect(upTo(NOON - 60_000, 90_000)).toEqual([90_000, undefined])
})
