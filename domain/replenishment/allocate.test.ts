import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allocate, type Claim } from './allocate.ts'

const claim = (store: string, wanted: number, position: number, demandPerDay: number): Claim => ({
  store,
  wanted,
  position,
  demandPerDay,
})

describe('goods of which there are not enough', () => {
  test('go first to the store that runs out first, until all would run out at once', () => {
    // Two days of cover, none, and one; twelve units come: all three end at three days.
    const claims = [claim('a', 20, 4, 2), claim('b', 20, 0, 2), claim('c', 20, 2, 2)]
    expect(allocate(claims, { available: 12, packSize: 1 })).toEqual(
      new Map([
        ['a', 2],
        ['b', 6],
        ['c', 4],
      ]),
    )
  })

  test('are counted in days of cover, not in units: who sells twice as much gets twice as much', () => {
    const claims = [claim('a', 100, 0, 4), claim('b', 100, 0, 2)]
    expect([...allocate(claims, { available: 30, packSize: 1 }).values()]).toEqual([20, 10])
  })

  test('go in whole packs, and a rest that makes none stays', () => {
    const claims = [claim('a', 12, 0, 1), claim('b', 12, 0, 1)]
    expect([...allocate(claims, { available: 20, packSize: 6 }).values()]).toEqual([12, 6])
  })

  test('go last to who sells nothing, first to who owes customers', () => {
    const claims = [claim('quiet', 6, 0, 0), claim('owes', 6, -3, 0), claim('sells', 6, 0, 1)]
    expect(allocate(claims, { available: 10, packSize: 1 })).toEqual(
      new Map([
        ['quiet', 0],
        ['owes', 4],
        ['sells', 6],
      ]),
    )
  })

  const claims = fc.uniqueArray(
    fc.record({
      store: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      wanted: fc.nat(40),
      position: fc.integer({ min: -5, max: 30 }),
      demandPerDay: fc.integer({ min: 1, max: 9 }),
    }),
    { selector: ({ store }) => store },
  )

  test('never come to more than there are, or to more than a store wants, and none is left that somebody wants', () => {
    fc.assert(
      fc.property(claims, fc.nat(120), fc.integer({ min: 1, max: 7 }), (given, available, packSize) => {
        const shares = allocate(given, { available, packSize })
        const total = [...shares.values()].reduce((sum, units) => sum + units, 0)
        expect(total).toBeLessThanOrEqual(available)
        for (const { store, wanted } of given) expect(shares.get(store)).toBeLessThanOrEqual(wanted)
        const wantsMore = given.some(({ store, wanted }) => (shares.get(store) ?? 0) + packSize <= wanted)
        if (wantsMore) expect(available - total).toBeLessThan(packSize)
      }),
    )
  })

  test('leave nobody sooner empty than a store that was given a pack it could have done without', () => {
    fc.assert(
      fc.property(claims, fc.nat(60), (given, available) => {
        const shares = allocate(given, { available, packSize: 1 })
        const cover = ({ store, position, demandPerDay }: Claim, less: number) =>
          (position + (shares.get(store) ?? 0) - less) / demandPerDay
        for (const rich of given.filter(({ store }) => (shares.get(store) ?? 0) > 0))
          for (const poor of given.filter(({ store, wanted }) => (shares.get(store) ?? 0) < wanted))
            expect(cover(rich, 1)).toBeLessThanOrEqual(cover(poor, 0))
      }),
    )
  })
})
