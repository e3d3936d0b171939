/** A moment in time: milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number

export const SECOND_MS = 1_000
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
/** Of a day in UTC; a store's business day has 23 to 25 hours. */
export const DAY_MS = 24 * HOUR_MS

// Outside these years it is a clock fault, not a sale.
const FIRST_YEAR = 1900
const LAST_YEAR = 2199

/**
 * Parses an RFC 3339 date-time with seconds and an offset ("2026-11-20T10:15:30.123+01:00").
 * Fractions beyond milliseconds are cut. @returns null for anything else, a 30 February included.
 *
 * Read digit by digit: every event carries an instant, and a regular expression's match is nine strings.
 */
export function parseInstant(text: string): Instant | null {
  const isDateTime =
    text[4] === '-' && text[7] === '-' && text[10] === 'T' && text[13] === ':' && text[16] === ':'
  if (!isDateTime) return null
  const day = dayStart(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2))
  const hour = digits(text, 11, 2)
  const minute = digits(text, 14, 2)
  const second = digits(text, 17, 2)
  const isTime = hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59
  if (day === null || !isTime) return null
  let end = 19
  let milliseconds = 0
  if (text[end] === '.') {
    const places = countDigits(text, end + 1)
    if (places < 1 || places > 9) return null
    milliseconds = digits(text, end + 1, Math.min(3, places)) * (places === 1 ? 100 : places === 2 ? 10 : 1)
    end += 1 + places
  }
  const offset = zoneOffsetMs(text, end)
  if (offset === null) return null
  return day + hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + milliseconds - offset
}

/** Writes an instant as RFC 3339 in UTC with milliseconds. @throws RangeError when it is none */
export function formatInstant(instant: Instant): string {
  if (!Number.isInteger(instant)) return new Date(instant).toISOString()
  const day = Math.floor(instant / DAY_MS)
  // Instants come day by day, and the date is most of the work.
  if (day !== writtenDay.number) {
    writtenDay = { number: day, text: new Date(instant).toISOString().slice(0, -'00:00:00.000Z'.length) }
  }
  let rest = instant - day * DAY_MS
  const hour = Math.floor(rest / HOUR_MS)
  rest -= hour * HOUR_MS
  const minute = Math.floor(rest / MINUTE_MS)
  rest -= minute * MINUTE_MS
  const second = Math.floor(rest / SECOND_MS)
  rest -= second * SECOND_MS
  const zeros = rest < 10 ? '00' : rest < 100 ? '0' : ''
  return `${writtenDay.text}${PAIRS[hour]}:${PAIRS[minute]}:${PAIRS[second]}.${zeros}${rest}Z`
}

/** 0 to 59 in two digits. */
const PAIRS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'))

let writtenDay = { number: Number.NaN, text: '' }
let readDay = { key: Number.NaN, start: null as Instant | null }

/** Midnight of a date in UTC, or null when there is no such date. Digits that were none are -1. */
function dayStart(year: number, month: number, day: number): Instant | null {
  const key = (year * 100 + month) * 100 + day
  if (month < 0 || day < 0) return null
  if (key !== readDay.key) {
    const start = Date.UTC(year, month - 1, day)
    const date = new Date(start)
    const isDate = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
    readDay = { key, start: year >= FIRST_YEAR && year <= LAST_YEAR && isDate ? start : null }
  }
  return readDay.start
}

/** A number of so many digits, or -1 when one of them is none. */
function digits(text: string, from: number, count: number): number {
  let number = 0
  for (let at = from; at < from + count; at += 1) {
    const digit = digitAt(text, at)
    if (digit < 0) return -1
    number = number * 10 + digit
  }
  return number
}

function countDigits(text: string, from: number): number {
  let at = from
  while (digitAt(text, at) >= 0) at += 1
  return at - from
}

/** Of what stands at the end of a date-time, from there to its last character. */
function zoneOffsetMs(text: string, from: number): number | null {
  const sign = text[from]
  if (sign === 'Z') return text.length === from + 1 ? 0 : null
  if ((sign !== '+' && sign !== '-') || text[from + 3] !== ':' || text.length !== from + 6) return null
  const hours = digits(text, from + 1, 2)
  const minutes = digits(text, from + 4, 2)
  if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) return null
  return (sign === '-' ? -1 : 1) * (hours * HOUR_MS + minutes * MINUTE_MS)
}

/** The digit at a place of a text, or -1 when there is none, beyond its end too. */
export function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - 48
  return digit >= 0 && digit <= 9 ? digit : -1
}
