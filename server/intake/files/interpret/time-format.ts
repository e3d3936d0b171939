import { businessDaySpan, instantOfLocalTime } from '#domain/business-day.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { type Instant, parseInstant } from '#domain/instant.ts'
import { type Store, storeAt, storeOn } from '#domain/store.ts'
import { quote, RowFault } from './cells.ts'

/** A wall-clock time of a file, 'YYYY-MM-DDTHH:MM:SS.sss', or null when the text does not fit the format. */
type ReadLocalTime = (text: string) => string | null

const TOKENS = {
  YYYY: String.raw`(?<year>\d{4})`,
  YY: String.raw`(?<shortYear>\d{2})`,
  MM: String.raw`(?<month>\d{2})`,
  M: String.raw`(?<month>\d{1,2})`,
  DD: String.raw`(?<day>\d{2})`,
  D: String.raw`(?<day>\d{1,2})`,
  HH: String.raw`(?<hour>\d{2})`,
  H: String.raw`(?<hour>\d{1,2})`,
  hh: String.raw`(?<halfHour>\d{2})`,
  h: String.raw`(?<halfHour>\d{1,2})`,
  mm: String.raw`(?<minute>\d{2})`,
  m: String.raw`(?<minute>\d{1,2})`,
  ss: String.raw`(?<second>\d{2})`,
  s: String.raw`(?<second>\d{1,2})`,
  SSS: String.raw`(?<fraction>\d{1,9})`,
  A: '(?<half>[AaPp][Mm])',
} as const

// Longest first, so that YYYY is not read as YY twice.
const TOKEN = /YYYY|YY|MM|M|DD|D|HH|H|hh|h|mm|m|SSS|ss|s|A/g

/** Whether times of a format are dates alone: of a sale's hour they say nothing. */
export function isDateOnlyFormat(format: string): boolean {
  return format !== ISO && !(format.match(TOKEN) ?? []).some(token => /^[Hh]/.test(token))
}

/** The format of times that carry their own offset (RFC 3339). */
const ISO = 'iso'

/** Whether a text is a format: "iso", or tokens that name at least year, month and day, none of them twice. */
export function isTimeFormat(format: string): boolean {
  if (format === ISO) return true
  const tokens = format.match(TOKEN) ?? []
  const kinds = tokens.map(token => (token === 'SSS' ? token : token.charAt(0)))
  if (new Set(kinds).size !== kinds.length) return false
  return (
    kinds.includes('Y') &&
    kinds.includes('M') &&
    kinds.includes('D') &&
    kinds.includes('h') === kinds.includes('A')
  )
}

/** Compiles a format such as 'DD.MM.YYYY HH:mm'. What is no token stands for itself. */
export function compileTimeFormat(format: string): ReadLocalTime {
  let pattern = ''
  let end = 0
  for (const match of format.matchAll(TOKEN)) {
    pattern += escapePattern(format.slice(end, match.index)) + TOKENS[match[0] as keyof typeof TOKENS]
    end = match.index + match[0].length
  }
  const expression = new RegExp(`^${pattern}${escapePattern(format.slice(end))}$`)
  return text => {
    const groups = expression.exec(text)?.groups
    return groups ? toLocalTime(groups) : null
  }
}

type Groups = Readonly<Record<string, string | undefined>>

function toLocalTime(groups: Groups): string | null {
  // Two digits as POSIX reads them: 69-99 are the last century.
  const shortYear = Number(groups.shortYear)
  const year = groups.year === undefined ? shortYear + (shortYear < 69 ? 2000 : 1900) : Number(groups.year)
  const month = Number(groups.month)
  const day = Number(groups.day)
  const hour = hourOf(groups)
  const minute = Number(groups.minute ?? 0)
  const second = Number(groups.second ?? 0)
  if (hour === null || hour > 23 || minute > 59 || second > 59 || year < 1900 || year > 2199) return null
  const date = new Date(Date.UTC(year, month - 1, day))
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null
  const fraction = (groups.fraction ?? '').slice(0, 3).padEnd(3, '0')
  return `${date.toISOString().slice(0, 10)}T${two(hour)}:${two(minute)}:${two(second)}.${fraction}`
}

function hourOf(groups: Groups): number | null {
  if (groups.halfHour === undefined) return Number(groups.hour ?? 0)
  const hour = Number(groups.halfHour)
  if (hour < 1 || hour > 12) return null
  return (hour % 12) + (groups.half?.toLowerCase() === 'pm' ? 12 : 0)
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`)
}

/** Most times that are remembered: the lines of a document, and of many at one till, share theirs. */
const MAX_REMEMBERED_TIMES = 20_000

interface RowTime {
  instant: Instant
  /** The local time occurs twice (the earlier is taken), or never (it is shifted forward). */
  irregular: 'ambiguous' | 'missing' | null
  /** The file says the day alone: it is that business day of the store, and the instant is its middle. */
  dateOnly: boolean
}

/** Compiles the mapping's format and zone into a reader of times. @returns a function that throws RowFault */
export function compileTime(mapping: {
  timeFormat: string
  /** Of times that name none; undefined: the store's. */
  zone?: string | undefined
}): (text: string, store: Store) => RowTime {
  if (mapping.timeFormat === ISO) {
    return text => {
      const instant = parseInstant(text)
      if (instant === null) throw invalidTime(text, ISO)
      return { instant, irregular: null, dateOnly: false }
    }
  }
  const readLocal = compileTimeFormat(mapping.timeFormat)
  const dateOnly = isDateOnlyFormat(mapping.timeFormat)
  // A conversion takes some microseconds, and a file of 1 GB has ten million rows.
  const known = new Map<string, RowTime>()
  return (text, store) => {
    const key = dateOnly ? `${store.id}\n${text}` : `${mapping.zone ?? store.id}\n${text}`
    const remembered = known.get(key)
    if (remembered) return remembered
    const local = readLocal(text)
    if (local === null) throw invalidTime(text, mapping.timeFormat)
    const time = dateOnly
      ? { instant: middleOf(local.slice(0, 10), store), irregular: null, dateOnly }
      : { ...instantOfLocalTime(local, mapping.zone ?? zoneAt(store, local)), dateOnly }
    if (known.size >= MAX_REMEMBERED_TIMES) known.clear()
    known.set(key, time)
    return time
  }
}

/** The zone whose clocks showed a local time to the store: where it has moved, of the version valid on that business day. */
function zoneAt(store: Store, local: string): string {
  const day = local.slice(0, 10)
  const { zone } = storeOn(store, day)
  return store.versions.length === 1 ? zone : storeAt(store, instantOfLocalTime(local, zone).instant).zone
}

/** As far from both ends of the business day as can be: whatever the cut-over, the day stays the one of the file. */
function middleOf(day: BusinessDay, store: Store): Instant {
  const { start, end } = businessDaySpan(day, store.versions)
  if (start === end)
    throw new RowFault(
      'invalid_field',
      `time: ${day} is no day of store ${quote(store.id)}: its zone skipped it`,
    )
  return start + Math.floor((end - start) / 2)
}

function invalidTime(text: string, format: string): RowFault {
  return new RowFault('invalid_field', `time: ${quote(text)} is no time of the format ${format}`)
}
