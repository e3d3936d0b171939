import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MEASURE_NAMES } from '#domain/measures.ts'
import { compareMetrics, type EventGroup, type StoreDay } from './difference.ts'
import { addSums, metricOf, type Sums, zeroSums } from './sums.ts'

function sums(part: Partial<Sums>): Sums {
  return { ...zeroSums(), ...part }
}

function storeDay(part: Partial<StoreDay>): StoreDay {
  const base = { store: 'a', businessDay: '2026-03-02', covered: true, rulesDiffer: false }
  return { ...base, batch: zeroSums(), stream: zeroSums(), ...part }
}

function group(part: Partial<EventGroup>): EventGroup {
  return {
    store: 'a',
    businessDay: '2026-03-02',
    cause: 'after-batch',
    type: 'order.placed',
    discounted: false,
    late: false,
    bulk: false,
    events: 1,
    sums: zeroSums(),
    ...part,
  }
}

function metric(name: string, comparison: ReturnType<typeof compareMetrics>) {
  const found = comparison.metrics.find(entry => entry.metric === name)
  if (!found) throw new Error(name)
  return found
}

describe('the comparison of both paths', () => {
  it('explains stream − batch by the effects of events that one side has read', () => {
    const days = [
      storeDay({ batch: sums({ orders: 5n, gross: 50_000n }), stream: sums({ orders: 6n, gross: 58_000n }) }),
    ]
    const groups = [
      group({ events: 2, sums: sums({ orders: 2n, gross: 18_000n }) }),
      group({ cause: 'before-stream', late: true, sums: sums({ orders: 1n, gross: 10_000n }) }),
    ]
    const gross = metric('gross', compareMetrics(days, groups))
    expect(gross).toEqual({
      metric: 'gross',
      unit: 'money',
      batch: '5.0000',
      stream: '5.8000',
      difference: '0.8000',
      classes: [
        { cause: 'after-batch', events: 2, value: '1.8000', ofWhich: { late: 0, bulk: 0, returns: 0 } },
        { cause: 'before-stream', events: 1, value: '-1.0000', ofWhich: { late: 1, bulk: 0, returns: 0 } },
      ],
      unexplained: '0.0000',
      unexplainedStoreDays: 0,
    })
  })

  it('counts in a class only events that move the metric', () => {
    const groups = [
      group({ events: 3, discounted: true, sums: sums({ orders: 3n, discounts: 30n }) }),
      group({ events: 2, sums: sums({ orders: 2n }) }),
      group({ events: 4, type: 'order.returned', sums: sums({ returns: 70n, returnDocuments: 4n }) }),
    ]
    const stream = zeroSums()
    for (const entry of groups) addSums(stream, entry.sums)
    const comparison = compareMetrics([storeDay({ stream })], groups)
    const events = (name: string) => metric(name, comparison).classes.map(entry => entry.events)
    expect([events('net'), events('orders'), events('discounts'), events('returns')]).toEqual([
      [9],
      [5],
      [3],
      [4],
    ])
    expect(metric('returns', comparison).classes[0]?.ofWhich.returns).toBe(4)
  })

  it('does not let the remainders of two store-days cancel each other out of sight', () => {
    const days = [
      storeDay({ store: 'a', stream: sums({ units: 1n }) }),
      storeDay({ store: 'b', stream: sums({ units: -1n }) }),
    ]
    expect(metric('units', compareMetrics(days, []))).toMatchObject({
      difference: '0',
      unexplained: '0',
      unexplainedStoreDays: 2,
      classes: [{ cause: 'unexplained', value: '0' }],
    })
  })

  it('compares with zero where neither path has a row of a day the log has events of', () => {
    const comparison = compareMetrics([], [group({ sums: sums({ orders: 1n }) })])
    expect(metric('orders', comparison)).toMatchObject({ batch: null, stream: '0', unexplained: '-1' })
  })

  it('has a batch figure, and a difference to it, only when a run has covered every store-day', () => {
    const days = [
      storeDay({ store: 'a', batch: sums({ orders: 5n }), stream: sums({ orders: 5n }) }),
      storeDay({ store: 'b', covered: false, stream: sums({ orders: 2n }) }),
    ]
    const unread = [group({ store: 'b', events: 2, sums: sums({ orders: 2n }) })]
    const partly = compareMetrics(days, unread)
    expect(partly.coverage).toEqual({ storeDays: 2, withBatch: 1 })
    expect(metric('orders', partly)).toMatchObject({
      batch: null,
      stream: '7',
      difference: null,
      unexplained: '0',
      classes: [{ cause: 'after-batch', events: 2, value: '2' }],
    })
    const whole = compareMetrics(
      days.map(day => ({ ...day, covered: true })),
      unread,
    )
    expect(metric('orders', whole)).toMatchObject({ batch: '5', stream: '7', difference: '2' })
  })

  it('has no figure of a stream that has read nothing, nor of days of which nothing is on file', () => {
    const unread = compareMetrics([storeDay({ batch: sums({ orders: 5n }) })], [], { streamHasRead: false })
    expect(metric('orders', unread)).toMatchObject({ batch: '5', stream: null, difference: null })
    const nothing = compareMetrics([], [])
    expect(nothing.coverage).toEqual({ storeDays: 0, withBatch: 0 })
    expect(metric('orders', nothing)).toMatchObject({ batch: null, stream: null, difference: null })
  })

  it('adds up whatever the figures: difference = the sum of its classes', () => {
    const figure = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n })
    const anySums = fc.record(
      Object.fromEntries(MEASURE_NAMES.map(name => [name, figure])),
    ) as fc.Arbitrary<Sums>
    const anyDay = fc.record({
      store: fc.constantFrom('a', 'b'),
      businessDay: fc.constantFrom('2026-03-02', '2026-03-03'),
      batch: anySums,
      stream: anySums,
      covered: fc.constant(true),
      rulesDiffer: fc.boolean(),
    })
    const anyGroup = fc.record({
      store: fc.constantFrom('a', 'b'),
      businessDay: fc.constantFrom('2026-03-02', '2026-03-03'),
      cause: fc.constantFrom('after-batch' as const, 'before-stream' as const),
      type: fc.constantFrom('order.placed' as const, 'order.returned' as const),
      discounted: fc.constant(true),
      late: fc.boolean(),
      bulk: fc.boolean(),
      events: fc.nat(),
      sums: anySums,
    })
    const days = fc.uniqueArray(anyDay, { selector: day => `${day.store} ${day.businessDay}` })
    fc.assert(
      fc.property(days, fc.array(anyGroup), (storeDays, groups) => {
        const known = new Set(storeDays.map(day => `${day.store} ${day.businessDay}`))
        const ofDays = groups
          .filter(entry => known.has(`${entry.store} ${entry.businessDay}`))
          .map(consistent)
        for (const entry of compareMetrics(storeDays, ofDays).metrics) {
          const digits = (text: string) => BigInt(text.replace('.', ''))
          const explained = entry.classes.reduce((sum, { value }) => sum + digits(value), 0n)
          if (storeDays.length > 0) expect(digits(entry.difference ?? '')).toBe(explained)
          else expect(entry).toMatchObject({ difference: null, classes: [] })
        }
      }),
    )
  })
})

/** As real events are: a return moves no orders, an order no returns. */
function consistent(entry: EventGroup): EventGroup {
  const { returns, returnDocuments, unitsReturned, ...order } = entry.sums
  return entry.type === 'order.returned'
    ? { ...entry, sums: sums({ returns, returnDocuments, unitsReturned }) }
    : { ...entry, sums: sums(order) }
}

describe('net', () => {
  it('is gross less discounts less returns', () => {
    expect(metricOf(sums({ gross: 51_100n, discounts: 1_000n, returns: 25_050n }), 'net')).toBe(25_050n)
  })
})
