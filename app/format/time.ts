import { formatDay, formatShortDay } from '#app/format/day.ts'

/** The wall-clock time of an instant in a zone: `14:30`, or `14:30:07` with seconds. */
export function formatTime(instant: number, zone: string, { seconds = false } = {}): string {
  const { time, second } = localParts(instant, zone)
  return seconds ? `${time}:${second}` : time
}

/** The time, and its day when that is not today's: `14:30` or `14:30:07`, `19 Nov 14:30`, `19 Nov 2025 14:30`. */
export function formatMoment(instant: number, zone: string, now: number, { seconds = false } = {}): string {
  const { day, time, second } = localParts(instant, zone)
  const today = localParts(now, zone).day
  if (day === today) return seconds ? `${time}:${second}` : time
  const sameYear = day.slice(0, 4) === today.slice(0, 4)
  return `${formatShortDay(day)}${sameYear ? '' : ` ${day.slice(0, 4)}`} ${time}`
}

/** The calendar date of an instant in a zone, as 'YYYY-MM-DD'. */
export function localDateOf(instant: number, zone: string): string {
  return localParts(instant, zone).day
}

/** Day, time with seconds and zone, for the basis of a figure: `Fri 20 Nov 2026, 14:30:07 CET`. */
export function formatFullMoment(instant: number, zone: string): string {
  const { day, time, second } = localParts(instant, zone)
  return `${formatDay(day)}, ${time}:${second} ${zoneLabel(instant, zone)}`
}

/** The short name of a zone at an instant, as far as it has one: `CET`, `BST`, `GMT+9`. */
export function zoneLabel(instant: number, zone: string): string {
  const parts = formatter(zone, 'zone').formatToParts(instant)
  return parts.find(part => part.type === 'timeZoneName')?.value ?? zone
}

/** A zone with its short name at an instant, if one is given: `Europe/Berlin (CET)`. */
export function formatZone(zone: string, instant: number | null): string {
  return instant === null ? zone : `${zone} (${zoneLabel(instant, zone)})`
}

/** A lag for the eye: `40 ms`, `2.5 s`, then as an age. */
export function formatLag(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`
  return formatAge(ms)
}

/** An age for the eye: `12 s`, `1 min 39 s`, `3 h 02 min`, `5 days`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${pad(seconds % 60)} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${pad(minutes % 60)} min`
  return `${Math.floor(hours / 24)} days`
}

/** An age in one unit, for a chip: `17 min`, `3 h`. */
export function formatShortAge(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 1) return `${Math.max(1, Math.round(ms / 1_000))} s`
  if (minutes < 60) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`
}

function localParts(instant: number, zone: string): { day: string; time: string; second: string } {
  const part: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {}
  for (const { type, value } of formatter(zone, 'parts').formatToParts(instant)) part[type] = value
  return {
    day: `${part.year}-${part.month}-${part.day}`,
    time: `${part.hour}:${part.minute}`,
    second: part.second ?? '00',
  }
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}

const SHAPES = {
  parts: {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  },
  zone: { timeZoneName: 'short' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>

// Making a formatter takes far longer than formatting: a feed of a hundred lines makes one, not a hundred.
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatter(zone: string, shape: keyof typeof SHAPES): Intl.DateTimeFormat {
  const key = `${shape} ${zone}`
  const known = formatters.get(key)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...SHAPES[shape] })
  formatters.set(key, made)
  return made
}
