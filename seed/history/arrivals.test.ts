import { beforeAll, describe, expect, test } from 'vitest'
import { businessDayOf } from '#domain/business-day.ts'
import { addDays } from '#domain/calendar.ts'
import { enrich } from '#domain/enrich.ts'
import { parseEvent } from '#domain/event.ts'
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import { type PlayedHistory, playHistory } from '#seed/testing/history.ts'
import { closingOf } from '#seed/world/demand.ts'

// Six in the evening in Madrid: its stores have closed yesterday, and are open.
const SPAN = { days: 5, until: Date.UTC(2026, 10, 19, 17) }
const JOURNAL_STORES = ['lisbon-baixa', 'madrid-sol']

describe('stores whose tills only write a journal', () => {
  let history: PlayedHistory
  beforeAll(() => {
    history = playHistory({ randomSeed: 3, stores: 8, ordersPerDay: 600 }, SPAN)
  })

  test('send nothing while they sell: all of a day arrives within the hour after they close', () => {
    for (const shop of history.world.shops) {
      const own = history.arrivals.filter(
        ({ event }) => event.store === shop.id && event.type !== 'review.posted',
      )
      expect(own.length).toBeGreaterThan(0)
      for (const { event, class: eventClass, appendedAt } of own) {
        expect(eventClass).toBe(shop.input === 'journal' ? 'bulk' : 'live')
        if (shop.input !== 'journal') continue
        const closed = closingOf(shop, businessDayOf(Date.parse(event.eventTime), shop))
        expect(appendedAt).toBeGreaterThanOrEqual(closed + 20 * MINUTE_MS)
        expect(appendedAt).toBeLessThanOrEqual(closed + HOUR_MS + MINUTE_MS)
      }
    }
  })

  test('keep their last whole day, and today so far, for those who deliver them later', () => {
    const { journals } = history.end
    const kept = journals.map(({ store, businessDay, part }) => ({ store, businessDay, part }))
    // In no order of the stores: each is done when its history is.
    expect(kept.toSorted((left, right) => left.store.localeCompare(right.store))).toEqual(
      JOURNAL_STORES.toSorted().flatMap(store => [
        { store, businessDay: '2026-11-18', part: null },
        { store, businessDay: '2026-11-19', part: 0 },
      ]),
    )
    const calendars = new Map(history.world.shops.map(shop => [shop.id, shop]))
    for (const { store, businessDay, part, events } of journals) {
      const shop = calendars.get(store)
      if (!shop) throw new Error(`no shop ${store}`)
      for (const event of events) {
        expect(event.store).toBe(store)
        expect(businessDayOf(Date.parse(event.eventTime), shop)).toBe(businessDay)
        expect(Date.parse(event.eventTime)).toBeLessThanOrEqual(SPAN.until)
      }
      const reports = events.filter(({ type }) => type === 'till.closed')
      expect(reports.length).toBe(part === null ? shop.registers.length : 0)
      const arrived = history.arrivals.filter(
        ({ event }) =>
          event.store === store &&
          event.type !== 'review.posted' &&
          businessDayOf(Date.parse(event.eventTime), shop) >= addDays('2026-11-19', -1),
      )
      expect(arrived).toEqual([])
    }
  })

  test('write what the intake will take, each event with an id of its own', () => {
    const stores = new Map(history.world.shops.map(shop => [shop.id, shop]))
    const ids = history.arrivals.map(({ event }) => `${event.source}/${event.id}`)
    for (const { events } of history.end.journals) {
      for (const event of events) {
        ids.push(`${event.source}/${event.id}`)
        expect(parseEvent(JSON.parse(JSON.stringify(event)))).toEqual({ event })
        const result = enrich(event, { stores, now: SPAN.until, class: 'bulk', bodyHash: '' })
        expect(result).toHaveProperty('events')
      }
    }
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('reviews come from the feed, in batches of half an hour', () => {
    const reviews = history.arrivals.filter(({ event }) => event.type === 'review.posted')
    expect(reviews.length).toBeGreaterThan(10)
    for (const { event, class: eventClass, appendedAt } of reviews) {
      expect(event.source).toBe('reviews')
      expect(eventClass).toBe('bulk')
      expect((appendedAt % (30 * MINUTE_MS)) / MINUTE_MS).toBeLessThan(1)
      expect(appendedAt - Date.parse(event.eventTime)).toBeLessThanOrEqual(31 * MINUTE_MS)
    }
  })
})
