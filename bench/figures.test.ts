import { describe, expect, test } from 'vitest'
import { jsonLine, percentile, report, table } from './figures.ts'

const FIGURE = {
  benchmark: 'ingest',
  name: 'POSTs of 100 orders',
  value: 20_000,
  unit: 'orders/s',
  beside: { name: 'best bare append', value: 80_000 },
  target: { atLeast: 18_000 },
} as const

describe('figures', () => {
  test('stand beside their limit as a ratio, and say whether they reach their target', () => {
    expect(report(FIGURE)).toMatchObject({ ratio: 0.25, reached: true })
    expect(report({ ...FIGURE, target: { atLeast: 20_001 } }).reached).toBe(false)
    expect(report({ ...FIGURE, unit: 'ms', target: { atMost: 20_000 } }).reached).toBe(true)
    expect(report({ ...FIGURE, beside: { name: 'nothing', value: 0 } }).ratio).toBeUndefined()
  })

  test('are a table for people', () => {
    const text = table('ingest', [report(FIGURE), report({ ...FIGURE, target: { atLeast: 50_000 } })])
    expect(text).toContain('20,000  orders/s  80,000 best bare append  0.250  ≥ 18,000  reached')
    expect(text).toContain('MISSED')
  })

  test('are a line of JSON for machines', () => {
    expect(JSON.parse(jsonLine(report({ ...FIGURE, value: 1 / 3 })))).toMatchObject({
      benchmark: 'ingest',
      value: 0.333333,
      beside: { value: 80_000 },
      reached: false,
    })
  })

  test.each([
    [0, 1],
    [0.5, 3],
    [0.99, 4],
    [1, 4],
  ])('a share of %d of four values lies at or below value %d', (share, expected) => {
    expect(percentile([1, 2, 3, 4], share)).toBe(expected)
  })

  test('no value has no percentile', () => {
    expect(percentile([], 0.5)).toBeNaN()
  })
})
