import { describe, expect, it } from 'vitest'
import { stepsOf, stepTexts } from '#app/side-by-side/pair-steps.ts'
import type { SalesFigures, SideBySide } from '#app/trpc/router-outputs.ts'

function figures(net: string, orders: number): SalesFigures {
  return {
    orders,
    units: orders,
    gross: net,
    discounts: '0.0000',
    returns: '0.0000',
    net,
    returnDocuments: 0,
    unitsReturned: 0,
  }
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
