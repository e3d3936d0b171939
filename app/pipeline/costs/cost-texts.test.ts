import { expect, test } from 'vitest'
import { formatLag } from '#app/format/time.ts'
import { formatMeasured, formatQuantile, formatShare } from './cost-texts.ts'

test('a measured figure has as many digits as it is worth', () => {
  expect([0, 0.4213, 31.46, 1_204.4, null].map(formatMeasured)).toEqual(['0', '0.42', '31.5', '1,204', '–'])
})

test('a share that is not none never reads as none', () => {
  expect([0, 0.004, 0.0051, 0.444, 1, null].map(formatShare)).toEqual([
    '0%',
    '< 1%',
    '1%',
    '44%',
    '100%',
    '–',
  ])
})

test('a quantile has its unit, and a fraction where that is most of it', () => {
  const told = [0.84, 42.2, 2_140, 723_000, null].map(ms => formatQuantile(ms, formatLag))
  expect(told).toEqual(['0.8 ms', '42 ms', '2.1 s', '12 min 03 s', '–'])
})
