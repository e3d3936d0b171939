import { addDays, type BusinessDay } from '#domain/calendar.ts'
import { createRandom } from './random.ts'

/** When in the year something sells. */
export type Season = 'even' | 'warm' | 'cool' | 'spring' | 'christmas'

// By month, January to December, as it is north of the equator; the mean of each is 1.
const TRADE = [0.9, 0.9, 0.96, 0.99, 1, 1, 0.97, 0.95, 0.99, 1.02, 1.1, 1.22]
const SEASONS: Record<Season, readonly number[]> = {
  even: Array.from({ length: 12 }, () => 1),
  warm: [0.6, 0.6, 0.75, 1, 1.25, 1.5, 1.55, 1.45, 1.1, 0.85, 0.7, 0.65],
  cool: [1.35, 1.3, 1.15, 0.95, 0.8, 0.65, 0.6, 0.65, 0.9, 1.1, 1.25, 1.3],
  spring: [0.9, 0.95, 1.35, 1.4, 1.2, 0.95, 0.85, 0.85, 0.95, 0.9, 0.85, 0.85],
  christmas: [0.75, 0.8, 0.9, 0.95, 0.9, 0.85, 0.8, 0.8, 0.9, 1.05, 1.4, 1.9],
}

/** Days unlike their neighbours, by month and day. */
const HOLIDAYS: Readonly<Record<string, { pos: number; online: number }>> = {
  '01-01': { pos: 0.45, online: 0.9 },
  '02-13': { pos: 1.15, online: 1.1 },
  '12-18': { pos: 1.15, online: 1.15 },
  '12-19': { pos: 1.25, online: 1.15 },
  '12-20': { pos: 1.25, online: 1.1 },
  '12-21': { pos: 1.3, online: 0.95 },
  '12-22': { pos: 1.35, online: 0.8 },
  '12-23': { pos: 1.4, online: 0.7 },
  '12-24': { pos: 0.8, online: 0.5 },
  '12-25': { pos: 0.35, online: 0.6 },
  '12-26': { pos: 0.6, online: 0.95 },
  '12-31': { pos: 0.8, online: 0.7 },
}
const BLACK_FRIDAY = { pos: 1.3, online: 1.7 }

/** How much more or less of something is bought on a day than over the year. */
export function seasonOf(season: Season, day: BusinessDay, isSouthern: boolean): number {
  // Christmas is in December everywhere.
  return interpolated(SEASONS[season], day, isSouthern && season !== 'christmas')
}

/** How many orders a day has in proportion to the year's mean. */
export function tradeOf(channel: 'pos' | 'online', day: BusinessDay): number {
  const holiday = isBlackFriday(day) ? BLACK_FRIDAY : HOLIDAYS[day.slice(5)]
  return interpolated(TRADE, day, false) * (holiday?.[channel] ?? 1)
}

/** The day after the fourth Thursday of November. */
export function isBlackFriday(day: BusinessDay): boolean {
  const date = new Date(`${day}T00:00:00Z`)
  const dayOfMonth = date.getUTCDate()
  return date.getUTCMonth() === 10 && date.getUTCDay() === 5 && dayOfMonth >= 23 && dayOfMonth <= 29
}

/** Each month's figure holds in its middle, and days between lie between: no step at the end of a month. */
function interpolated(months: readonly number[], day: BusinessDay, isSouthern: boolean): number {
  const place =
    Number(day.slice(5, 7)) - 1 + (Number(day.slice(8, 10)) - 15) / 30.5 + (isSouthern ? 6 : 0) + 12
  const before = Math.floor(place)
  const share = place - before
  return (months[before % 12] ?? 1) * (1 - share) + (months[(before + 1) % 12] ?? 1) * share
}

/** What of a day's weather is left the day after. */
const LASTING = 0.65
/** Days after which nothing of it is left to notice. */
const REMEMBERED_DAYS = 7

/**
 * How fine a day is where the stores of a time zone are: 0 as usual, 1 clearly better, -1 worse. A day resembles
 * those around it; each is known without those before it having been played.
 */
export function weatherOf(randomSeed: number, zone: string, day: BusinessDay): number {
  let sum = 0
  for (let ago = 0; ago < REMEMBERED_DAYS; ago += 1) {
    sum += LASTING ** ago * createRandom(randomSeed, 'weather', zone, addDays(day, -ago)).normal(0, 1)
  }
  // An autoregressive process of deviation 1.
  return sum * Math.sqrt(1 - LASTING ** 2)
}
