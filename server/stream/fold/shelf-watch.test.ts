import fc from 'fast-check'
import { describe, expect, inject, test } from 'vitest'
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import type { ShelfReference, ValidForecast } from '#domain/replenishment/shelf-reference.ts'
import { movement, sale } from '#domain/testing/events.ts'
import { seededRandom } from '#domain/testing/random-events.ts'
import type { LogRecord } from '#server/log/order-log.ts'
import { type FoldOptions, foldLog } from '#server/stream/testing/fold-log.ts'

const MONDAY_NOON = Date.UTC(2026, 2, 2, 12)
const at = (hours: number) => MONDAY_NOON + hours * HOUR_MS
/** One unit an hour between nine and nine, by clocks that show UTC. */
const FORECAST: ValidForecast = { validFrom: 0, unitsByWeekday: [12, 12, 12, 12, 12, 12, 12], spread: 3 }
const TWO_DAYS = { leadTime: { meanDays: 2, spreadDays: 0.5, deliveries: 9 }, deliveryDays: null }
const LIVE = { offsetMs: 0, cutOverHour: 0, ordersByHour: null, isLive: true }
const SHELVES: ShelfReference = { storeAt: () => LIVE, supplyAt: () => TWO_DAYS }
const OPTIONS: FoldOptions = {
  policies: new Map([['berlin/tea', [{ validFrom: 0, reorderPoint: 5, orderUpTo: 40 }]]]),
  forecasts: new Map([['berlin/tea', [FORECAST]]]),
  shelves: SHELVES,
}

/** Events as they come in: appended as they happen. A number is a tick at that hour. */
function log(...entries: (LogEvent | number)[]): LogRecord[] {
  return entries.map((entry, index) => {
    const place = { partition: 0, offset: index + 1 }
    return typeof entry === 'number'
      ? { type: 'tick', ...place, appendedAt: at(entry) }
      : { ...entry, ...place, appendedAt: entry.eventTime }
  })
}

function placed(hours: number, expectedAt: Instant, units = 40): LogEvent {
  const event = movement('purchase.placed', at(hours), units, { purchase: 'p-1' })
  return { ...event, details: { ...event.details, expectedAt: new Date(expectedAt).toISOString() } }
}

function episodesAfter(records: LogRecord[], options: FoldOptions = OPTIONS) {
  return [...foldLog(records, options).episodes.values()]
}

const rulesAfter = (records: LogRecord[], options?: FoldOptions) =>
  episodesAfter(records, options).map(({ rule, state }) => `${rule} ${state}`)

describe('a shelf whose demand is forecast', () => {
  test('is short when it will be empty before an order of now would come, whatever its reorder point says', () => {
    const [episode, ...others] = episodesAfter(log(movement('stock.counted', at(0), 18)))
    expect(others).toEqual([])
    expect(episode).toMatchObject({
      alertId: 'berlin/tea@0-1',
      rule: 'stockout_before_delivery',
      ruleVersion: 2,
      severity: 'warning',
      onHand: 18,
      reorderPoint: 5,
      suggestedUnits: 22,
      // Nine are sold by nine o'clock, nine from nine to six in the evening of the day after.
      projectedStockoutAt: at(30),
      nextDeliveryAt: null,
      orderArrivesAt: at(48),
    })
    expect(episode?.stockoutEarlyAt).toBeLessThan(at(30))
    expect(episode?.stockoutLateAt).toBeGreaterThan(at(30))
    expect(episodesAfter(log(movement('stock.counted', at(0), 40)))).toEqual([])
  })

  test('is not short while what is on order comes in time, though it is below its reorder point', () => {
    const few = movement('stock.counted', at(0), 4)
    expect(rulesAfter(log(placed(-1, at(1)), few))).toEqual([])
    expect(rulesAfter(log(placed(-1, at(20)), few))).toEqual(['stockout_before_delivery open'])
  })

  test('is critical when it will be empty within half a day, and people hear of it', () => {
    const records = log(movement('stock.counted', at(0), 20), sale(at(0.1), 12))
    const { episodes } = foldLog(records, OPTIONS)
    expect([...episodes.values()]).toEqual([
      expect.objectContaining({ severity: 'critical', amendedOffset: 2 }),
    ])
  })

  test('runs out the sooner the faster it sells now', () => {
    // 46 units last nearly four days, an order comes in two.
    const counted = movement('stock.counted', at(0), 46)
    const rush = Array.from({ length: 24 }, (_, index) => sale(at(0.1 + index / 100), 1))
    expect(rulesAfter(log(counted))).toEqual([])
    // What is left of it would last until the order comes, if it sold as usual from here on.
    expect(rulesAfter(log(movement('stock.counted', at(0.3), 24)))).toEqual([])
    expect(rulesAfter(log(counted, ...rush))).toEqual(['stockout_before_delivery open'])
  })

  test('out of stock and oversold stay what they are, and one shortage is one episode', () => {
    const records = log(
      movement('stock.counted', at(0), 18),
      sale(at(1), 18),
      sale(at(2), 1),
      placed(3, at(30)),
      movement('stock.received', at(30), 40, { purchase: 'p-1' }),
    )
    const rules = [1, 2, 3, 4].map(count => rulesAfter(records.slice(0, count)))
    expect(rules).toEqual([
      ['stockout_before_delivery open'],
      ['out_of_stock open'],
      ['oversold open'],
      ['oversold open'],
    ])
    const [episode, ...others] = episodesAfter(records)
    expect(others).toEqual([])
    // 39 last until the middle of the day after tomorrow: in two cases of five an order of now comes later.
    expect(episode).toMatchObject({
      alertId: 'berlin/tea@0-1',
      state: 'resolved',
      onHand: 39,
      nextDeliveryAt: null,
    })
  })

  test('of a product that is kept no more is short of nothing, unless more was sold than there was', () => {
    const gone = {
      ...OPTIONS,
      policies: new Map([['berlin/tea', [{ validFrom: 0, reorderPoint: 0, orderUpTo: 0 }]]]),
    }
    expect(rulesAfter(log(movement('stock.counted', at(0), 3), sale(at(1), 3)), gone)).toEqual([])
    expect(rulesAfter(log(movement('stock.counted', at(0), 3), sale(at(1), 4)), gone)).toEqual([
      'oversold open',
    ])
  })

  test('of which nobody knows when anything could come is judged by its reorder point', () => {
    const nobody = { ...OPTIONS, shelves: { ...SHELVES, supplyAt: () => null } }
    expect(rulesAfter(log(movement('stock.counted', at(0), 20)), nobody)).toEqual([])
    expect(rulesAfter(log(movement('stock.counted', at(0), 5)), nobody)).toEqual(['low_stock open'])
  })

  test('is judged by the forecast valid then', () => {
    const later = { ...OPTIONS, forecasts: new Map([['berlin/tea', [{ ...FORECAST, validFrom: at(5) }]]]) }
    const counted = movement('stock.counted', at(0), 18)
    expect(rulesAfter(log(counted), later)).toEqual([])
    expect(rulesAfter(log(counted, sale(at(5), 1)), later)).toEqual(['stockout_before_delivery open'])
  })
})

describe('time alone', () => {
  test('has a shelf that is low judged by the forecast that begins to hold, though nothing touches it', () => {
    const later = { ...OPTIONS, forecasts: new Map([['berlin/tea', [{ ...FORECAST, validFrom: at(3) }]]]) }
    const low = log(movement('stock.counted', at(0), 5), 1.1, 2.1, 3.1)
    expect(rulesAfter(low.slice(0, 3), later)).toEqual(['low_stock open'])
    const [episode] = episodesAfter(low, later)
    expect(episode).toMatchObject({
      rule: 'stockout_before_delivery',
      amendedOffset: 4,
      orderArrivesAt: expect.any(Number),
    })
    // A store that sends files is judged by what is known of it, as of then.
    const files = { ...later, shelves: { ...SHELVES, storeAt: () => ({ ...LIVE, isLive: false }) } }
    expect(episodesAfter(low, files)).toMatchObject([{ rule: 'stockout_before_delivery', amendedAt: at(3) }])
    // What is above it waits for the next sale.
    const enough = log(movement('stock.counted', at(0), 20), 1.1, 2.1, 3.1)
    expect(rulesAfter(enough, later)).toEqual([])
  })

  test('makes a shelf short whose delivery did not come: told with the entry that takes the watermark there', () => {
    const records = log(placed(-24, at(5)), movement('stock.counted', at(0), 8), 4, 5, 6.1, 7)
    expect(rulesAfter(records.slice(0, 4))).toEqual([])
    const [episode] = episodesAfter(records)
    expect(episode).toMatchObject({
      alertId: 'berlin/tea@0-5',
      rule: 'stockout_before_delivery',
      openedAt: at(6.1) - MINUTE_MS,
      openedOffset: 5,
      nextDeliveryAt: at(5),
    })
  })

  test('ends an alert when nothing is sold', () => {
    const records = log(placed(-24, at(8)), movement('stock.counted', at(0), 4), 1.1, 2.1, 3.1, 4.1, 5.1)
    expect(rulesAfter(records.slice(0, 2))).toEqual(['stockout_before_delivery open'])
    expect(rulesAfter(records)).toEqual(['stockout_before_delivery resolved'])
  })

  test('makes a shelf short of which nothing is ordered, as an order comes the later the longer one waits', () => {
    const twoDays = {
      ...OPTIONS,
      shelves: { ...SHELVES, supplyAt: () => ({ ...TWO_DAYS, deliveryDays: [2, 3] }) },
    }
    const hours = Array.from({ length: 40 }, (_, hour) => hour + 0.1)
    // An order of Monday comes on Wednesday, and one of Tuesday on Tuesday in a week.
    const counted = movement('stock.counted', at(0), 45)
    expect(rulesAfter(log(counted, ...hours.slice(0, 12)), twoDays)).toEqual([])
    expect(rulesAfter(log(counted, ...hours), twoDays)).toEqual(['stockout_before_delivery open'])
  })

  test('says nothing of a store that sends files, nor after time has leapt', () => {
    const records = log(placed(-24, at(5)), movement('stock.counted', at(0), 9), 6.1)
    const files = { ...OPTIONS, shelves: { ...SHELVES, storeAt: () => ({ ...LIVE, isLive: false }) } }
    expect(rulesAfter(records, files)).toEqual([])
    // From six o'clock on it sends files.
    const later = {
      ...OPTIONS,
      shelves: { ...SHELVES, storeAt: (_: string, when: Instant) => ({ ...LIVE, isLive: when < at(6) }) },
    }
    expect(rulesAfter(records, later)).toEqual([])
    expect(rulesAfter(log(placed(-24, at(5)), movement('stock.counted', at(0), 9), 5 + 25), OPTIONS)).toEqual(
      [],
    )
  })
})

test('where batches are cut changes no verdict, no episode and no look', () => {
  const random = seededRandom(inject('randomSeed'))
  let episodes = 0
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), batchSizes => {
      const entries: (LogEvent | number)[] = [movement('stock.counted', at(0), 30)]
      for (let hour = 0.2; hour < 5 * 24; hour += random() * 3) {
        const kind = random()
        if (kind < 0.5) entries.push(sale(at(hour), 1 + Math.floor(random() * 3)))
        else if (kind < 0.6) entries.push(placed(hour, at(hour + random() * 30), 30))
        else if (kind < 0.7) entries.push(movement('stock.received', at(hour), 12, { purchase: 'p-1' }))
        else entries.push(hour)
      }
      const records = log(...entries)
      const whole = foldLog(records, OPTIONS)
      const cut = foldLog(records, { ...OPTIONS, batchSizes })
      expect(cut.episodes).toEqual(whole.episodes)
      expect(cut.stock).toEqual(whole.stock)
      episodes += whole.episodes.size
    }),
    { numRuns: 60 },
  )
  expect(episodes).toBeGreaterThan(10)
})

test('more shelves than a batch keeps the week of are judged as each by itself', () => {
  const skus = Array.from({ length: 1_300 }, (_, number) => `sku-${number}`)
  // Each sells at another rate, so that the week of another would say something else.
  const forecasts = new Map(
    skus.map((sku, number) => [
      `berlin/${sku}`,
      [{ ...FORECAST, unitsByWeekday: FORECAST.unitsByWeekday.map(units => (units * (number % 97)) / 20) }],
    ]),
  )
  const records = log(
    ...skus.map(sku => movement('stock.counted', at(0), 40, { sku })),
    ...skus.map(sku => sale(at(0.1), 3, { sku })),
    ...skus.toReversed().map(sku => sale(at(0.2), 1, { sku })),
    4,
  )
  const options = { ...OPTIONS, policies: new Map(), forecasts }
  const whole = foldLog(records, options)
  const cut = foldLog(records, { ...options, batchSizes: [100] })
  expect(whole.episodes.size).toBeGreaterThan(100)
  expect(whole.episodes.size).toBeLessThan(1_300)
  expect(whole.episodes).toEqual(cut.episodes)
  expect(whole.stock).toEqual(cut.stock)
})

test('a look costs what is due, not what is watched: a shelf that has looked is looked at once an hour', () => {
  const ticks = Array.from({ length: 10 * 60 }, (_, minute) => 0.1 + minute / 60)
  const { stock, episodes } = foldLog(log(movement('stock.counted', at(0), 18), ...ticks), OPTIONS)
  const state = stock.get('berlin/tea')
  expect(episodes.size).toBe(1)
  expect((state?.lookAt ?? 0) - (state?.judgedAt ?? 0)).toBe(HOUR_MS)
  expect(state?.asOf).toBe(at(0))
  expect(state?.judgedAt).toBeLessThan(at(0) + DAY_MS)
})
