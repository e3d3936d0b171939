import { instantOfLocalTime } from '#domain/business-day.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import { createRandom } from './random.ts'
import { tradeOf, weatherOf } from './seasons.ts'
import type { Shop } from './stores.ts'
import { ordinaryOrders, type World } from './world.ts'

// Monday to Sunday; the mean is 1, so that a week has the orders its days were asked to have.
const WEEKDAYS = {
  pos: [0.82, 0.84, 0.9, 0.98, 1.18, 1.42, 0.86],
  online: [1.08, 1.0, 0.98, 0.96, 0.9, 0.96, 1.12],
} as const

// By local hour: lunch and the way home in the shops, the evening on the web.
const HOURS = {
  pos: [0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 7, 7, 5, 5, 6, 8, 9, 7, 4, 2, 1, 0],
  posWeekend: [0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 6, 8, 8, 8, 8, 8, 7, 6, 5, 4, 2, 1, 1, 0],
  online: [2, 1, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 6, 6, 5, 5, 6, 7, 8, 10, 12, 11, 8, 4],
} as const

/** Fine days bring people into the shops, and keep them from the screen. */
const WEATHER = { pos: 0.05, online: -0.03 } as const
/** What nobody can explain. */
const CHANCE = 0.03

/** Orders expected in a shop on a day, promotions aside. */
export function expectedOrders(world: World, shop: Shop, day: BusinessDay): number {
  const weather = 1 + WEATHER[shop.channel] * weatherOf(world.randomSeed, shop.zone, day)
  const chance = createRandom(world.randomSeed, 'day', shop.id, day).normal(1, CHANCE)
  return (
    ordinaryOrders(world, shop) *
    (WEEKDAYS[shop.channel][weekdayOf(day)] ?? 1) *
    tradeOf(shop.channel, day) *
    Math.max(0.5, weather * chance)
  )
}

/**
 * How busy each of a shop's open hours is in proportion to the others, from `opens` on.
 * @param day without it, those of an ordinary weekday
 */
export function hourlyDemand(shop: Shop, day?: BusinessDay): number[] {
  const isWeekend = day !== undefined && weekdayOf(day) >= 5
  const hours = HOURS[shop.channel === 'pos' && isWeekend ? 'posWeekend' : shop.channel]
  return hours.slice(shop.opens, shop.closes).map(weight => weight + 0.2)
}

/** 0 on Monday. */
function weekdayOf(day: BusinessDay): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7
}

/** The instant a shop opens on a business day. Hours of the day are counted from it. */
export function openingOf({ zone, opens }: Shop, day: BusinessDay): Instant {
  const key = `${zone}|${opens}|${day}`
  const known = openings.get(key)
  if (known !== undefined) return known
  const opening = instantOfLocalTime(`${day}T${String(opens).padStart(2, '0')}:00:00`, zone).instant
  if (openings.size > 10_000) openings.clear()
  openings.set(key, opening)
  return opening
}

// Temporal takes tens of microseconds, and a simulated shop asks four times a second for years.
const openings = new Map<string, Instant>()

/** The instant it closes, exclusive; on a day that changes clocks, an hour off at most. */
export function closingOf(shop: Shop, day: BusinessDay): Instant {
  return openingOf(shop, day) + (shop.closes - shop.opens) * HOUR_MS
}
