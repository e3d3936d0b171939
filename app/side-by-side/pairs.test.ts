import { describe, expect, it } from 'vitest'
import {
  averageOrderValueTexts,
  findingsText,
  pairTexts,
  stepsOf,
  stepTexts,
  verdictOf,
} from '#app/side-by-side/pairs.ts'
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
    const none = comparison({ batch: null, difference: null })
    expect(pairTexts(none, 'EUR')).toMatchObject({ batch: '–', stream: '49,495.25', difference: '–' })
    expect(pairTexts(comparison({ stream: null, difference: null }), 'EUR').stream).toBe('–')
  })

  it('is judged only when both paths have all of it', () => {
    const streamBasis = { ...answer({}).streamBasis, processedAt: 1 }
    const verdict = (storeDays: number, withBatch: number, unexplained: string | null = null) =>
      verdictOf(unexplained, { coverage: { storeDays, withBatch }, streamBasis, findings: [] })
    expect(verdict(30, 30)).toEqual({ kind: 'explained' })
    expect(verdict(30, 3)).toEqual({ kind: 'open', text: 'batch has 3 of 30 store-days' })
    expect(verdict(0, 0)).toEqual({ kind: 'open', text: 'nothing on file' })
    expect(verdict(30, 3, '0.01')).toEqual({ kind: 'unexplained', text: '0.01 unexplained' })
    const unread = answer({ coverage: { storeDays: 1, withBatch: 1 } })
    expect(verdictOf(null, unread)).toEqual({ kind: 'open', text: 'stream has read nothing' })
  })

  it('is not said to be explained while another witness has found something, whatever both paths agree on', () => {
    const findings = [
      { store: 'berlin', kind: 're-derived' as const, findings: 2 },
      { store: null, kind: 'report not published' as const, findings: 1 },
    ]
    const known = answer({ coverage: { storeDays: 1, withBatch: 1 }, findings })
    expect(verdictOf(null, known)).toEqual({ kind: 'unexplained', text: '3 findings' })
    expect(findingsText(findings, store => store.toUpperCase())).toEqual([
      'BERLIN: 2 findings (re-derived)',
      'All stores: 1 finding (report not published)',
    ])
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
    streamBasis: {
      generation: 1,
      engine: 'tillstream' as const,
      watermark: null,
      processedAt: null,
      through: {},
      rulesVersion: 1,
    },
    hourlyBatchBasis: null,
    coverage: { storeDays: 0, withBatch: 0 },
    findings: [],
    metrics: [],
    days: [],
    unknownHour: null,
    others: [],
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
    expect(step && stepTexts(step, 'orders', 'EUR')).toEqual({ batch: '–', stream: '3', difference: '–' })
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

  it('end with the sales that are known by their date alone, which are of none of its hours', () => {
    const scope = { from: '2026-09-02', to: '2026-09-02', stores: [], currency: 'EUR' }
    const hours = [
      {
        hourStart: 0,
        label: '16:00',
        batch: figures('1.0000', 1),
        stream: figures('1.0000', 1),
        open: false,
      },
    ]
    const unknownHour = { batch: null, stream: figures('5.0000', 1) }
    const steps = stepsOf(answer({ scope, hours, unknownHour }), 'net')
    expect(steps.map(({ title, point }) => [title, point.batch, point.stream])).toEqual([
      ['16:00', 1, 1],
      ['Hour unknown', null, 5],
    ])
  })
})
