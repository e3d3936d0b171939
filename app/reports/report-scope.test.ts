import { describe, expect, it } from 'vitest'
import { MAX_DAYS, resolveReportScope, sortOf } from '#app/reports/report-scope.ts'
import type { Overview } from '#app/trpc/router-outputs.ts'

const overview: Overview = {
  stores: [
    {
      store: 'berlin',
      name: 'Berlin',
      zone: 'Europe/Berlin',
      cutOverHour: 4,
      currency: 'EUR',
      channel: 'pos',
      input: 'live',
      lastDay: '2026-11-20',
    },
  ],
  currencies: ['EUR'],
  firstDay: '2024-01-01',
  lastDay: '2026-11-20',
  events: 10,
  isLogEmpty: false,
  demoNote: null,
  asksPassword: false,
  people: [],
  mutes: [],
}
const nothing = { report: 'sales', grain: 'day', from: null, to: null, store: [], currency: null } as const

describe('the scope of a report', () => {
  it('is the four weeks up to the newest day when the address says nothing', () => {
    expect(resolveReportScope(overview, nothing)?.scope).toMatchObject({
      from: '2026-10-24',
      to: '2026-11-20',
    })
    const young = { ...overview, firstDay: '2026-11-10' }
    expect(resolveReportScope(young, nothing)?.scope.from).toBe('2026-11-10')
  })

  it('is cut to what a report covers, and says so', () => {
    const resolved = resolveReportScope(overview, { ...nothing, from: '2024-01-01', to: '2026-11-20' })
    expect(resolved?.isShortened).toBe(true)
    expect(resolved?.scope).toMatchObject({ from: '2025-11-20', to: '2026-11-20' })
    expect(MAX_DAYS).toBe(366)
  })

  it('is by day where the report has no weeks, and of all currencies where that is asked', () => {
    const weeks = { ...nothing, grain: 'week' as const, currency: 'all' }
    expect(resolveReportScope(overview, { ...weeks, report: 'products' })?.grain).toBe('day')
    expect(resolveReportScope(overview, weeks)?.currency).toBe('all')
    // All currencies stay all currencies, whatever the report: one of them in their place would be another figure.
    expect(resolveReportScope(overview, { ...weeks, grain: 'day' })?.currency).toBe('all')
    expect(resolveReportScope(overview, { ...weeks, report: 'returns' })?.currency).toBe('all')
    expect(resolveReportScope(overview, { ...weeks, report: 'products' })?.currency).toBe('all')
    expect(resolveReportScope(overview, { ...weeks, report: 'reviews' })?.currency).toBe('EUR')
  })

  it('leaves out an order by a column that the report does not have', () => {
    const scope = resolveReportScope(overview, nothing)
    if (!scope) throw new Error('there is a scope')
    expect(sortOf('sales', scope, { by: 'net' })).toEqual({ by: 'net' })
    expect(sortOf('reviews', scope, { by: 'net' })).toBeNull()
  })
})
