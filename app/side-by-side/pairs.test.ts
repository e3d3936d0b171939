import { describe, expect, it } from 'vitest'
import { averageOrderValueTexts, pairTexts } from '#app/side-by-side/pairs.ts'
import type { MetricComparison } from '#app/trpc/router-outputs.ts'

function comparison(part: Partial<MetricComparison> = {}): MetricComparison {
  return {
    metric: 'net',
    unit: 'money',
    batch: '48210.7500',
    stream: '49495.2500',
    difference: '1284.5000',
    classes: [],
    unexplained: '0.0000',
    unexplainedStoreDays: 0,
    ...part,
  }
}

describe('a pair', () => {
  it('is both figures, their signed difference and that it is explained', () => {
    expect(pairTexts(comparison(), 'EUR')).toEqual({
      batch: '48,210.75',
      stream: '49,495.25',
      difference: '+1,284.50',
      unexplained: null,
    })
  })

  it('has a dash, not a zero, where no batch run has been', () => {
    expect(pairTexts(comparison({ batch: null }), 'EUR').batch).toBe('–')
  })

  it('shows what is unexplained to the last 1/10,000', () => {
    const texts = pairTexts(comparison({ unexplained: '-0.0001', unexplainedStoreDays: 1 }), 'EUR')
    expect(texts.unexplained).toBe('−0.0001')
  })

  it('is not explained when the remainders of two store-days cancel out', () => {
    expect(pairTexts(comparison({ unexplainedStoreDays: 2 }), 'EUR').unexplained).toBe('2 store-days')
  })
})

describe('the average order value', () => {
  const gross = comparison({ metric: 'gross', batch: '100.0000', stream: '110.0100' })
  const discounts = comparison({ metric: 'discounts', batch: '10.0000', stream: '10.0000' })
  const orders = comparison({ metric: 'orders', unit: 'count', batch: '4', stream: '3' })

  it('is (gross − discounts) ÷ orders in each path', () => {
    const texts = averageOrderValueTexts([gross, discounts, orders], 'EUR')
    expect(texts).toEqual({ batch: '22.50', stream: '33.34', difference: '+10.84', unexplained: null })
  })

  it('is nothing without orders', () => {
    const none = { ...orders, batch: '0' }
    expect(averageOrderValueTexts([gross, discounts, none], 'EUR')).toMatchObject({
      batch: '–',
      difference: '–',
    })
  })

  it('is explained only when all it is made of is', () => {
    const doubtful = { ...orders, unexplainedStoreDays: 1 }
    expect(averageOrderValueTexts([gross, discounts, doubtful], 'EUR').unexplained).toBe('partly')
  })
})
