import { describe, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS } from '#domain/instant.ts'
import { leadsOver, scoreAlerts } from './score.ts'
import type { EmptySpan } from './shelves.ts'

const SPAN = { from: 0, to: 30 * DAY_MS, products: 4 }
const shelf = { store: 'berlin', sku: 'tea' }
const alert = (from: number, to: number | null, sku = 'tea') => ({
  ...shelf,
  sku,
  openedAt: from * HOUR_MS,
  closedAt: to === null ? null : to * HOUR_MS,
})
const empty = (from: number, to: number | null, missed = 1, sku = 'tea'): EmptySpan => ({
  ...shelf,
  sku,
  from: from * HOUR_MS,
  to: to === null ? null : to * HOUR_MS,
  missed,
})

describe('alerts held against empty shelves', () => {
  test('are right where the shelf was empty while they were open, and foretell where they came before', () => {
    expect(scoreAlerts([alert(1, 9), alert(20, 30)], [empty(5, 8)], SPAN)).toMatchObject({
      ...{ alerts: 2, right: 1, stockouts: 1, foretold: 1, toldLate: 0, leadHours: [4] },
      perProductAndMonth: 0.5,
    })
  })

  test('of another product, or over before, foretell nothing', () => {
    const score = scoreAlerts([alert(1, 4), alert(1, 9, 'jam')], [empty(5, 8)], SPAN)
    expect(score).toMatchObject({ right: 0, foretold: 0, toldLate: 0 })
  })

  test('that come with the empty shelf are right, and late', () => {
    expect(scoreAlerts([alert(5, 8)], [empty(5, 8)], SPAN)).toMatchObject({
      right: 1,
      foretold: 0,
      toldLate: 1,
    })
    expect(scoreAlerts([alert(6, null)], [empty(5, null)], SPAN)).toMatchObject({ right: 1, toldLate: 1 })
  })

  test('are right of a shelf that nobody looked at, which is no stockout to be found', () => {
    expect(scoreAlerts([alert(1, 9)], [empty(5, 8, 0)], SPAN)).toMatchObject({ right: 1, stockouts: 0 })
  })

  test('are open from when they were told until they were over', () => {
    const { open } = scoreAlerts([alert(1, 40), alert(14, 16), alert(15, 15), alert(39, null)], [], SPAN)
    expect([open.length, open.at(-1), open[0]]).toEqual([30, 2, 1])
  })

  test('lead those of another path by the time between them', () => {
    const spans = [empty(10, 12), empty(40, 41), empty(60, 61)]
    expect(leadsOver([alert(4, 12), alert(35, 41)], [alert(9, 12), alert(50, 61)], spans)).toEqual([5])
  })
})
