import { expect, it } from 'vitest'
import { waitBeforeReading } from '#app/shell/overview.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')

it('what was read a moment ago is read again once it is old, and never later because clocks differ', () => {
  expect(waitBeforeReading(NOON, NOON + 4_000)).toBe(11_000)
  expect(waitBeforeReading(NOON, NOON + 60_000)).toBe(0)
  // The server had rendered it, and its clock is an hour ahead.
  expect(waitBeforeReading(NOON + 3_600_000, NOON)).toBe(15_000)
})
