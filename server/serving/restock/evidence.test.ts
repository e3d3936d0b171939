import { expect, test } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import { heldBefore } from './evidence.ts'

const now = Date.UTC(2026, 10, 20, 12)
const ago = (hours: number) => now - hours * HOUR_MS

test('what lay on a shelf is told backwards from what lies there', () => {
  const points = heldBefore(
    7,
    [
      { at: ago(3) - MINUTE_MS, kind: 'received', units: 10 },
      { at: ago(1) - MINUTE_MS, kind: 'sold', units: -2 },
    ],
    now,
  )
  expect(points).toEqual([
    { at: ago(4), units: -1 },
    { at: ago(3), units: 9 },
    { at: ago(2), units: 9 },
    { at: ago(1), units: 7 },
    { at: now, units: 7 },
  ])
})

test('before a count nobody knew what lay there', () => {
  const counted = ago(2) + MINUTE_MS
  const points = heldBefore(
    5,
    [
      { at: ago(5), kind: 'sold', units: -3 },
      { at: counted, kind: 'counted', units: 6 },
      { at: ago(1) + MINUTE_MS, kind: 'sold', units: -1 },
    ],
    now,
  )
  expect(points).toEqual([
    { at: counted, units: 6 },
    { at: ago(1), units: 6 },
    { at: now, units: 5 },
  ])
})
