import { DAY_MS, HOUR_MS, type Instant, SECOND_MS } from './instant.ts'

/** From `startsAt` on, until the next, a zone's clocks are `offsetSeconds` ahead of UTC. */
export interface ZoneShift {
  startsAt: Instant
  offsetSeconds: number
}

/** The years in which the contract knows business days, with room for the last cut-over of the last of them. */
const FIRST_ZONE_INSTANT = Date.UTC(1899, 11, 1)
const LAST_ZONE_INSTANT = Date.UTC(2200, 1, 1)

/**
 * How far a zone's clocks are ahead of UTC, by the time zone data of this runtime, for the whole span given; the first
 * is what holds at `from`. A zone of two changes a year has some five hundred from 1900 to 2199, in 80 ms.
 */
export function zoneShifts(
  zone: string,
  { from, to }: { from: Instant; to: Instant } = { from: FIRST_ZONE_INSTANT, to: LAST_ZONE_INSTANT },
): ZoneShift[] {
  const shifts: ZoneShift[] = []
  for (let year = yearOf(from); year <= yearOf(to); year += 1) {
    for (const shift of shiftsOfYear(zone, year)) {
      const last = shifts.at(-1)
      if (shift.startsAt > to || shift.offsetSeconds === last?.offsetSeconds) continue
      // What holds at `from` may have begun before it.
      if (shift.startsAt <= from) shifts.length = 0
      shifts.push({ ...shift, startsAt: Math.max(shift.startsAt, from) })
    }
  }
  return shifts
}

// Farther than any clock is from UTC, a change of a whole day included.
const REACH_MS = 50 * HOUR_MS

/**
 * The instant of a time that a zone's clocks show. An ambiguous time (clocks set back) is the earlier one; a missing
 * time (clocks set forward) is shifted forward by as much as they were. `ref.instant_of_local` is the same in SQL.
 * @param local the time shown, as if it were UTC
 */
export function instantOfLocal(
  zone: string,
  local: Instant,
): { instant: Instant; irregular: 'ambiguous' | 'missing' | null } {
  const shifts = zoneShifts(zone, { from: local - REACH_MS, to: local + REACH_MS })
  const at = shifts.findIndex((shift, index) => {
    const next = shifts[index + 1]
    return next === undefined || local < next.startsAt + shift.offsetSeconds * SECOND_MS
  })
  const shift = shifts[at]
  if (!shift) throw new RangeError(`${zone} has no offset at ${local}`)
  const instant = local - shift.offsetSeconds * SECOND_MS
  const before = shifts[at - 1]
  if (before && instant < shift.startsAt) {
    return { instant: local - before.offsetSeconds * SECOND_MS, irregular: 'missing' }
  }
  const after = shifts[at + 1]
  const comesTwice = after !== undefined && local - after.offsetSeconds * SECOND_MS >= after.startsAt
  return { instant, irregular: comesTwice ? 'ambiguous' : null }
}

// No zone has changed its clocks twice within less than seven days since 1900, nor will by what is decided.
const LOOK_EVERY_MS = 5 * DAY_MS

const knownYears = new Map<string, readonly ZoneShift[]>()

/** The shifts of a year in UTC; the first is what holds at its beginning. */
function shiftsOfYear(zone: string, year: number): readonly ZoneShift[] {
  const key = `${year} ${zone}`
  const known = knownYears.get(key)
  if (known) return known
  const shifts = findShifts(zone, year)
  if (knownYears.size > 20_000) knownYears.clear()
  knownYears.set(key, shifts)
  return shifts
}

function findShifts(zone: string, year: number): ZoneShift[] {
  const clock = clockOf(zone)
  const start = Date.UTC(year, 0, 1)
  const end = Date.UTC(year + 1, 0, 1)
  const shifts = [{ startsAt: start, offsetSeconds: clock(start) }]
  let [seen, offset] = [start, clock(start)]
  while (seen < end) {
    const next = Math.min(seen + LOOK_EVERY_MS, end)
    const nextOffset = clock(next)
    if (nextOffset !== offset) {
      const startsAt = firstInstantOf(clock, { after: seen, upTo: next, offset })
      if (startsAt < end) shifts.push({ startsAt, offsetSeconds: nextOffset })
    }
    ;[seen, offset] = [next, nextOffset]
  }
  return shifts
}

/** Halves the stretch down to the second on which the offset is no longer what it was. */
function firstInstantOf(
  clock: (instant: Instant) => number,
  { after, upTo, offset }: { after: Instant; upTo: Instant; offset: number },
): Instant {
  let [low, high] = [after, upTo]
  while (high - low > SECOND_MS) {
    const middle = low + Math.floor((high - low) / 2 / SECOND_MS) * SECOND_MS
    if (clock(middle) === offset) low = middle
    else high = middle
  }
  return high
}

const clocks = new Map<string, (instant: Instant) => number>()

/** Tells the offset in seconds. Formatting and reading is the fastest way there is: 1.5 µs, of its parts 4. */
function clockOf(zone: string): (instant: Instant) => number {
  const known = clocks.get(zone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const clock = (instant: Instant): number => {
    const shown = /^(\d+)\/(\d+)\/(\d+), (\d+):(\d+):(\d+)$/.exec(format.format(instant))
    if (!shown) throw new Error(`the runtime writes ${format.format(instant)}, which is no time as expected`)
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = shown.slice(1).map(Number)
    return (Date.UTC(year, month - 1, day, hour, minute, second) - instant) / SECOND_MS
  }
  clocks.set(zone, clock)
  return clock
}

function yearOf(instant: Instant): number {
  return new Date(instant).getUTCFullYear()
}
