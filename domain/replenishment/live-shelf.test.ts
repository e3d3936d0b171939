import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS } from '#domain/instant.ts'
import { demandClock } from './demand-clock.ts'
import {
  isShortBeforeDelivery,
  type LiveShelf,
  lookAhead,
  nextLook,
  type OpenDelivery,
  RISK_BOUNDS,
} from './live-shelf.ts'
import { NO_SALES_PACE } from './pace-of-sales.ts'

const MONDAY_NOON = Date.UTC(2026, 2, 2, 12)
const at = (hours: number) => MONDAY_NOON + hours * HOUR_MS
/** One unit an hour between nine and nine. */
const CLOCK = demandClock({ unitsByWeekday: [12, 12, 12, 12, 12, 12, 12], spread: 3 })

function shelf(change: Partial<LiveShelf> = {}): LiveShelf {
  return {
    at: MONDAY_NOON,
    offsetMs: 0,
    onHand: 6,
    clock: CLOCK,
    pace: NO_SALES_PACE,
    deliveries: [],
    supply: { leadTime: { meanDays: 2, spreadDays: 0.5, deliveries: 9 }, deliveryDays: null },
    ...change,
  }
}

function due(hours: number, change: Partial<OpenDelivery> = {}): OpenDelivery {
  return { purchaseOrder: 'p-1', units: 20, placedAt: at(-48), expectedAt: at(hours), ...change }
}

const isShort = (change: Partial<LiveShelf>, wasShort = false) =>
  isShortBeforeDelivery(lookAhead(shelf(change)), wasShort)

describe('when a shelf runs out', () => {
  test('is when the forecast has sold it, earlier and later in one case of ten each', () => {
    const { stockout } = lookAhead(shelf())
    expect(stockout.at).toBe(at(6))
    // M ± 1.28 × 3 × √(M/12) = 6: at 3.8 and at 9.4 units, of which nine are sold by nine o'clock.
    expect(((stockout.early ?? 0) - MONDAY_NOON) / HOUR_MS).toBeCloseTo(3.828, 2)
    expect(((stockout.late ?? 0) - MONDAY_NOON) / HOUR_MS).toBeCloseTo(21.403, 2)
  })

  test('is now where nothing lies on it, and never where nothing is sold', () => {
    expect(lookAhead(shelf({ onHand: 0 }))).toMatchObject({ stockout: { at: MONDAY_NOON }, risk: 1 })
    const still = demandClock({ unitsByWeekday: [0, 0, 0, 0, 0, 0, 0], spread: 0 })
    expect(lookAhead(shelf({ clock: still }))).toMatchObject({ stockout: { at: null }, risk: 0 })
  })

  test('is the sooner the faster it sells now', () => {
    const rush = { newest: MONDAY_NOON, units: 20 }
    const { stockout } = lookAhead(shelf({ pace: rush }))
    expect(stockout.at).toBeLessThan(at(2))
  })

  test('its range holds its middle, whatever lies on it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.double({ min: 0, max: 20, noNaN: true }),
        (onHand, sold) => {
          const pace = { newest: MONDAY_NOON, units: sold }
          const { at: middle, early, late } = lookAhead(shelf({ onHand, pace })).stockout
          expect(early ?? 0).toBeLessThanOrEqual(middle ?? 0)
          expect(late ?? 0).toBeGreaterThanOrEqual(middle ?? 0)
        },
      ),
    )
  })
})

describe('a shelf', () => {
  test('whose next delivery comes in time is not short, however few lie on it', () => {
    expect(isShort({ onHand: 2, deliveries: [due(1)] })).toBe(false)
    expect(isShort({ onHand: 2, deliveries: [due(23)] })).toBe(true)
  })

  test('of which nothing is ordered is short once an order would come too late', () => {
    expect(isShort({ onHand: 30 })).toBe(false)
    expect(isShort({ onHand: 18 })).toBe(true)
    // On Wednesday an order of Monday would come, if anybody came on Wednesdays: it comes on Friday.
    const leadTime = { meanDays: 2, spreadDays: 0, deliveries: 9 }
    expect(isShort({ onHand: 30, supply: { leadTime, deliveryDays: [5] } })).toBe(true)
  })

  test('is not called short where nobody knows when anything could come', () => {
    expect(lookAhead(shelf({ onHand: 1, supply: null }))).toMatchObject({ helpAt: null, risk: 0 })
  })

  test('waits for as many deliveries as it takes to have something', () => {
    const deliveries = [due(20, { units: 20 }), due(2, { purchaseOrder: 'p-2', units: 3 })]
    expect(lookAhead(shelf({ onHand: 2, deliveries })).dueAt).toBe(at(2))
    expect(lookAhead(shelf({ onHand: -3, deliveries })).dueAt).toBe(at(20))
  })

  test('with a delivery that is late expects it in a day or more, and remembers when it was due', () => {
    const outlook = lookAhead(shelf({ deliveries: [due(-3)] }))
    expect(outlook).toMatchObject({ dueAt: at(-3), isLate: true, helpAt: MONDAY_NOON + DAY_MS })
    expect(isShortBeforeDelivery(outlook, false)).toBe(true)
  })

  test('goes on being short until it surely is not: between two bounds nothing changes', () => {
    // Between the two bounds: neither opens nor ends.
    const between = { onHand: 5, deliveries: [due(6)] }
    const { risk } = lookAhead(shelf(between))
    expect(risk).toBeGreaterThan(0.5)
    expect(risk).toBeLessThan(RISK_BOUNDS.opening)
    expect([isShort(between, false), isShort(between, true)]).toEqual([false, true])
    expect(isShort({ ...between, onHand: 7 }, true)).toBe(false)
  })
})

describe('the next look', () => {
  const look = (change: Partial<LiveShelf>, short = false) => {
    const given = shelf(change)
    return nextLook(lookAhead(given), {
      at: MONDAY_NOON,
      isShort: short,
      deliveryDays: given.supply?.deliveryDays ?? null,
    })
  }

  test('is after an hour while a shelf is short, and just after a delivery was due', () => {
    expect(look({ onHand: 1 }, true)).toBe(at(1))
    expect(look({ deliveries: [due(5)] })).toBe(at(5) + 1)
  })

  test('is when an order must go out, never within the hour, and not beyond a week', () => {
    expect(look({ onHand: 3 })).toBe(at(1))
    expect(look({ onHand: 5_000 })).toBe(at(7 * 24))
    const mornings = look({ onHand: 48 })
    expect(mornings).toBeGreaterThan(at(1))
    expect(mornings).toBeLessThan(at(48))
  })

  test('comes before time alone makes a shelf short', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200 }), (onHand, steps) => {
        const given = { onHand, deliveries: onHand % 2 === 0 ? [due(onHand / 3)] : [] }
        if (isShort(given)) return
        const next = look(given)
        const before = MONDAY_NOON + ((next - MONDAY_NOON) * steps) / 201
        if (before - MONDAY_NOON < HOUR_MS) return
        expect(isShortBeforeDelivery(lookAhead(shelf({ ...given, at: before })), false)).toBe(false)
      }),
    )
  })
})
