import { HOUR_MS, type Instant } from '#domain/instant.ts'
import { HOURS_OF_WEEK } from '#domain/operators/hour-of-week.ts'

/**
 * How demand runs through a week, hour by hour of a store's clock: the forecast of each business day, spread over its
 * hours as orders come. Built once for a product's forecast, asked as often as one likes: a question is a few steps.
 */
export interface DemandClock {
  /** Units from Monday 00:00 to the beginning of each hour of the week; the last is the week's. */
  cumulative: Float64Array
  /** Units of a whole week. */
  perWeek: number
  /** Standard deviation of a day's units around the forecast. */
  spread: number
}

/** A day's demand where nothing is known of its hours: as good as any between nine and nine. */
const OPEN_FROM = 9
const OPEN_TO = 21
/** Sums of shares miss what they add up to by less, as a share of a week: else 3 units would last past a night. */
const ROUNDING = 1e-9

/** How a store's demand lies within its business days: the same for all its products. */
export interface WeekShape {
  /** Of each hour of the week: its share of its business day's demand, and that day's weekday. */
  shares: Float64Array
  weekdays: Uint8Array
}

/** What is known of a store's hours. */
export interface StoreHours {
  /** Orders of each hour of the week that its habits let expect (`ref.expected_orders`); null: not known. */
  ordersByHour?: ArrayLike<number> | null
  /** Hours before it belong to the business day before. */
  cutOverHour?: number
}

export function weekShape({ ordersByHour = null, cutOverHour = 0 }: StoreHours): WeekShape {
  const shares = new Float64Array(HOURS_OF_WEEK)
  const weekdays = new Uint8Array(HOURS_OF_WEEK)
  for (let weekday = 0; weekday < 7; weekday += 1) {
    const first = weekday * 24 + cutOverHour
    let orders = 0
    for (let hour = 0; hour < 24; hour += 1) orders += ordersByHour?.[(first + hour) % HOURS_OF_WEEK] ?? 0
    for (let hour = 0; hour < 24; hour += 1) {
      const at = (first + hour) % HOURS_OF_WEEK
      const ofDay = at % 24
      weekdays[at] = weekday
      if (orders > 0) shares[at] = (ordersByHour?.[at] ?? 0) / orders
      else shares[at] = ofDay >= OPEN_FROM && ofDay < OPEN_TO ? 1 / (OPEN_TO - OPEN_FROM) : 0
    }
  }
  return { shares, weekdays }
}

/** Room for the hours of one clock. */
export function newWeek(): Float64Array {
  return new Float64Array(HOURS_OF_WEEK + 1)
}

/**
 * @param forecast units by weekday of business days, Monday first, and the deviation of a day
 * @param hours of the store: its shape where many products are asked of
 * @param cumulative room of a clock that is not needed any more, where one is asked after the other
 */
export function demandClock(
  forecast: { unitsByWeekday: ArrayLike<number>; spread: number },
  hours: StoreHours | WeekShape = {},
  cumulative = newWeek(),
): DemandClock {
  const { shares, weekdays } = 'shares' in hours ? hours : weekShape(hours)
  const { unitsByWeekday, spread } = forecast
  let sum = 0
  for (let hour = 0; hour < HOURS_OF_WEEK; hour += 1) {
    sum += (shares[hour] ?? 0) * (unitsByWeekday[weekdays[hour] ?? 0] ?? 0)
    cumulative[hour + 1] = sum
  }
  return { cumulative, perWeek: sum, spread }
}

/**
 * Where in the week an instant lies, in hours from Monday 00:00 of the store's clock, with fractions.
 * @param offsetMs how far its clocks are ahead of UTC
 */
export function placeInWeek(at: Instant, offsetMs: number): number {
  // 1 January 1970 was a Thursday.
  const hours = ((at + offsetMs) / HOUR_MS + 72) % HOURS_OF_WEEK
  return hours < 0 ? hours + HOURS_OF_WEEK : hours
}

/** Units demanded from a place in the week on within so many hours. */
export function unitsWithin(clock: DemandClock, place: number, hours: number): number {
  const end = place + hours
  const weeks = Math.floor(end / HOURS_OF_WEEK)
  return weeks * clock.perWeek + upTo(clock, end - weeks * HOURS_OF_WEEK) - upTo(clock, place)
}

/** Hours from a place in the week until so many units are demanded; infinite where nothing is. */
export function hoursUntil(clock: DemandClock, place: number, units: number): number {
  if (units <= 0) return 0
  if (clock.perWeek <= 0) return Number.POSITIVE_INFINITY
  const wanted = upTo(clock, place) + units
  // A whole number of weeks is over at the end of the last hour that sells, and not at the next that does.
  const weeks = Math.max(0, Math.ceil(wanted / clock.perWeek - ROUNDING) - 1)
  const rest = wanted - weeks * clock.perWeek
  const least = rest - ROUNDING * clock.perWeek
  let low = 0
  let high = HOURS_OF_WEEK - 1
  // The first hour by whose end as much is sold.
  while (low < high) {
    const middle = (low + high) >> 1
    if ((clock.cumulative[middle + 1] ?? 0) >= least) high = middle
    else low = middle + 1
  }
  const before = clock.cumulative[low] ?? 0
  const within = (clock.cumulative[low + 1] ?? 0) - before
  const share = within > 0 ? Math.min(1, Math.max(0, (rest - before) / within)) : 1
  return Math.max(0, weeks * HOURS_OF_WEEK + low + share - place)
}

function upTo({ cumulative }: DemandClock, place: number): number {
  const hour = Math.min(HOURS_OF_WEEK - 1, Math.floor(place))
  const before = cumulative[hour] ?? 0
  return before + ((cumulative[hour + 1] ?? 0) - before) * (place - hour)
}
