import { z } from 'zod'
import { isBusinessDay } from '#domain/calendar.ts'
import { isCurrency } from '#domain/currency.ts'
import { type StoreVersion, WEEKDAYS, type Weekday } from '#domain/store.ts'

/**
 * Whether a text names an IANA time zone. Offsets such as '+01:00' are refused: a zone has clock changes, and
 * Postgres reads the sign of an offset the other way round.
 */
export function isZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

const text = z
  .string()
  .overwrite(value => value.normalize('NFC'))
  .min(1)
  .max(128)
  .regex(/^\P{Cc}+$/u, { error: 'must not hold control characters' })
  .refine(value => value.trim() === value, { error: 'must not begin or end with a space' })
  .refine(value => value.isWellFormed(), { error: 'holds half a surrogate pair, which cannot be stored' })

const date = z.string().refine(isBusinessDay, {
  error: issue =>
    `${JSON.stringify(issue.input)} is no business day of 1900-01-01 to 2199-12-31, such as 2026-11-30`,
})

const LONG_NAMES = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']

/** 'mon' or 'Monday'. */
const weekday = z.string().transform((name, context): Weekday => {
  const written = name.toLowerCase()
  const found = WEEKDAYS.find((short, index) => written === short || written === LONG_NAMES[index])
  if (found) return found
  context.issues.push({
    code: 'custom',
    input: name,
    message: `is no weekday: write one of ${WEEKDAYS.join(', ')}`,
  })
  return z.NEVER
})

const span = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]|24):[0-5]\d$/, {
  error: 'must be opening and closing time such as 09:00-20:00',
})

/**
 * A store as people write it, in a mapping or for `npm run stores -- add`. What is left out stays as it is, or is what
 * a new store is by itself (`NEW_STORE`).
 */
export const storeSchema = z
  .strictObject({
    id: text,
    name: text,
    zone: z.string().refine(isZone, {
      error: issue => `${JSON.stringify(issue.input)} is no IANA time zone such as Europe/Berlin`,
    }),
    /** Sales before this hour belong to the day before. */
    cutOverHour: z.int().min(0).max(23).optional(),
    currency: z.string().refine(isCurrency, {
      error: issue =>
        `${JSON.stringify(issue.input)} is no currency of ISO 4217 in which goods are sold, such as EUR`,
    }),
    taxInclusive: z.boolean().optional(),
    channel: z.enum(['pos', 'online']).optional(),
    input: z.enum(['live', 'journal']).optional(),
    /** The business day from which on all this holds; left out: for as long as what it changes has held. */
    validFrom: date.optional(),
    openingDays: z.array(weekday).nullable().optional(),
    /** One for all opening days, or one a weekday. */
    openingTimes: z
      .union([span, z.record(z.string(), span).transform(toTimes)])
      .nullable()
      .optional(),
    opened: date.nullable().optional(),
    closed: date.nullable().optional(),
    /** Degrees (WGS 84), north and east positive. */
    location: z
      .strictObject({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) })
      .nullable()
      .optional(),
  })
  .refine(({ opened, closed }) => !opened || !closed || opened <= closed, {
    error: 'closed is the last business day, and lies before opened',
    path: ['closed'],
  })

export type StoreDefinition = z.output<typeof storeSchema>

/** What a new store is where its definition does not say. */
const NEW_STORE = {
  cutOverHour: 0,
  taxInclusive: true,
  channel: 'pos',
  input: 'live',
  openingDays: null,
  openingTimes: null,
  opened: null,
  closed: null,
  location: null,
} as const satisfies Partial<StoreVersion>

/** The version that a definition makes of what the store was, or of a new store. */
export function versionOf(
  definition: StoreDefinition,
  base: StoreVersion | typeof NEW_STORE = NEW_STORE,
): Omit<StoreVersion, 'validFrom'> {
  const { zone, currency, openingTimes: times } = definition
  const openingDays = definition.openingDays === undefined ? base.openingDays : weekOf(definition.openingDays)
  const openingTimes =
    typeof times === 'string'
      ? Object.fromEntries((openingDays ?? WEEKDAYS).map(day => [day, times]))
      : (times ?? (times === undefined ? base.openingTimes : null))
  return {
    zone,
    currency,
    openingDays,
    openingTimes,
    cutOverHour: definition.cutOverHour ?? base.cutOverHour,
    taxInclusive: definition.taxInclusive ?? base.taxInclusive,
    channel: definition.channel ?? base.channel,
    input: definition.input ?? base.input,
    opened: definition.opened === undefined ? base.opened : definition.opened,
    closed: definition.closed === undefined ? base.closed : definition.closed,
    location: definition.location === undefined ? base.location : definition.location,
  }
}

/** Each weekday once, from Monday. */
function weekOf(days: readonly Weekday[] | null): Weekday[] | null {
  return days === null ? null : WEEKDAYS.filter(day => days.includes(day))
}

function toTimes(
  times: Record<string, string>,
  context: z.core.$RefinementCtx,
): Partial<Record<Weekday, string>> {
  const parsed = Object.entries(times).map(([day, open]) => ({ day: weekday.safeParse(day), open }))
  const wrong = parsed.find(({ day }) => !day.success)
  if (wrong?.day.error)
    context.issues.push({ code: 'custom', input: times, message: wrong.day.error.issues[0]?.message ?? '' })
  return Object.fromEntries(parsed.flatMap(({ day, open }) => (day.success ? [[day.data, open]] : [])))
}
