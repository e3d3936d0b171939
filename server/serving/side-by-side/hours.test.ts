import { describe, expect, it } from 'vitest'
import { businessDaySpan } from '#domain/business-day.ts'
import type { HourlyFigures } from './hours.ts'
import { alignHours, withoutUndated } from './hours.ts'
import { batchBasis } from './vector.ts'

const BERLIN = { zone: 'Europe/Berlin', cutOverHour: 4 }
const sold: HourlyFigures = {
  orders: 1,
  units: 1,
  gross: '1.0000',
  discounts: '0.0000',
  returns: '0.0000',
  net: '1.0000',
}

function align(day: string, part: Partial<Parameters<typeof alignHours>[0]> = {}) {
  return alignHours({
    day,
    calendar: BERLIN,
    batch: new Map(),
    batchUpTo: null,
    stream: new Map(),
    watermark: null,
    ...part,
  })
}

describe('the hours of a business day', () => {
  it('are 24, 23 in spring and 25 in autumn, from the cut-over on', () => {
    expect(align('2026-03-02')).toHaveLength(24)
    expect(align('2026-03-02')[0]?.label).toBe('04:00')
    expect(align('2026-03-28')).toHaveLength(23)
    expect(
      align('2026-10-24')
        .map(hour => hour.label)
        .filter(label => label.startsWith('02:00')),
    ).toEqual(['02:00 +02:00', '02:00 +01:00'])
  })

  it('are zero where a path has been, and nothing where it has not', () => {
    const { start } = businessDaySpan('2026-03-02', BERLIN)
    const hour = (index: number) => start + index * 3_600_000
    const hours = align('2026-03-02', {
      batch: new Map([[hour(1), sold]]),
      batchUpTo: hour(3) + 1,
      stream: new Map([[hour(5), sold]]),
      watermark: hour(2) + 1,
    })
    expect(hours.map(entry => entry.batch?.orders ?? null).slice(0, 6)).toEqual([0, 1, 0, 0, null, null])
    expect(hours.map(entry => entry.stream?.orders ?? null).slice(0, 6)).toEqual([0, 0, 0, null, null, 1])
    expect(hours.map(entry => entry.open).slice(0, 4)).toEqual([false, false, true, true])
  })

  it('keep those of a store in a half-hour zone apart', () => {
    const { start } = businessDaySpan('2026-03-02', BERLIN)
    const hours = align('2026-03-02', { stream: new Map([[start + 1_800_000, sold]]) })
    expect(hours).toHaveLength(25)
    expect(hours[1]).toMatchObject({ label: '04:30', stream: sold })
  })
})

describe('the basis of figures of several runs', () => {
  it('is named by the newest run and bounded by the lowest offset per partition', () => {
    const run = (runId: number, partition: number, through: number) => ({
      runId,
      partition,
      through,
      computedAt: runId * 1_000,
      rulesVersion: 1,
    })
    expect(batchBasis([run(3, 0, 70), run(2, 1, 9), run(1, 0, 50)])).toEqual({
      runId: 3,
      computedAt: 3_000,
      through: { 0: 50, 1: 9 },
      rulesVersion: 1,
    })
    expect(batchBasis([])).toEqual({ runId: null, computedAt: null, through: {}, rulesVersion: null })
  })
})

describe('sales known by their date alone', () => {
  const sums = (orders: bigint) => ({
    orders,
    units: orders,
    gross: orders * 50_000n,
    discounts: 0n,
    returns: 0n,
  })

  it('are taken out of the hour under which they are kept, and leave no empty one behind', () => {
    const hours = new Map([
      [3_600_000, sums(3n)],
      [7_200_000, sums(1n)],
      [10_800_000, sums(2n)],
    ])
    // By the hour as a report keys it, or by the instant as the log has it.
    const left = withoutUndated(hours, [
      { at: 3_600_000, sums: sums(1n) },
      { at: 5_400_000, sums: sums(1n) },
      { at: 9_000_000, sums: sums(1n) },
    ])
    expect([...left]).toEqual([
      [3_600_000, sums(1n)],
      [10_800_000, sums(2n)],
    ])
  })
})
