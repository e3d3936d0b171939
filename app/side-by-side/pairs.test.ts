import { describe, expect, it } from 'vitest'
import { averageOrderValueTexts, pairTexts, stepsOf, stepTexts } from '#app/side-by-side/pairs.ts'
import type { MetricComparison, SalesFigures, SideBySide } from '#app/trpc/router-outputs.ts'
import { NO_SALES } from '#domain/testing/figures.ts'

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

function figures(net: string, orders: number): SalesFigures {
  return { ...NO_SALES, orders, units: orders, gross: net, net }
}

function answer(part: Partial<SideBySide>): SideBySide {
  return {
    scope: { from: '2026-11-19', to: '2026-11-21', stores: [], currency: 'EUR' },
    batchBasis: { runId: null, computedAt: null, through: {}, rulesVersion: null },
    streamBasis: { generation: 1, watermark: null, processedAt: null, through: {}, rulesVersion: 1 },
    hourlyBatchBasis: null,
    coverage: { storeDays: 0, withBatch: 0 },
    metrics: [],
    days: [],
    hours: [],
    ...part,
  }
}

describe('the steps of a range', () => {
  const day = { businessDay: '2026-11-20', batch: null, stream: figures('12.5000', 3) }

  it('are all its days, both ends included, with gaps where nothing was sold', () => {
    const steps = stepsOf(answer({ days: [day] }), 'net')
    expect(steps.map(({ point }) => point.key)).toEqual(['2026-11-19', '2026-11-20', '2026-11-21'])
    expect(steps.map(({ point }) => point.stream)).toEqual([null, 12.5, null])
  })

  it('tell nothing of a path apart from zero', () => {
    const [, step] = stepsOf(answer({ days: [day] }), 'orders')
    expect(step && stepTexts(step, 'orders', 'EUR')).toEqual({ batch: '–', stream: '3', difference: '+3' })
  })
})

describe('the steps of one day', () => {
  it('are its hours by instant, so that the two 02:00 of an autumn night are two', () => {
    const hour = { label: '02:00', batch: figures('1.0000', 1), stream: figures('1.0000', 1), open: false }
    const first = Date.parse('2026-10-25T00:00:00Z')
    const scope = { from: '2026-10-24', to: '2026-10-24', stores: [], currency: 'EUR' }
    const hours = [
      { ...hour, hourStart: first },
      { ...hour, hourStart: first + 3_600_000, stream: figures('1.0001', 1) },
    ]
    const steps = stepsOf(answer({ scope, hours }), 'net')
    expect(new Set(steps.map(({ point }) => point.key)).size).toBe(2)
    expect(steps.map(({ title }) => title)).toEqual(['02:00', '02:00 again'])
  })
})
