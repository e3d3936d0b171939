import { expect, test } from 'vitest'
import { retryMs } from './pace.ts'

test('retries wait longer each time, up to two seconds, and never all at once', () => {
  expect([1, 2, 3, 10].map(failures => retryMs(failures, 0))).toEqual([50, 100, 200, 1_000])
  expect([1, 2, 3, 10].map(failures => retryMs(failures, 0.999_999))).toEqual([100, 200, 400, 2_000])
})
