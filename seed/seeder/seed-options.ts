import { isBusinessDay } from '#domain/calendar.ts'
import { HOUR_MS, type Instant, MINUTE_MS, parseInstant, SECOND_MS } from '#domain/instant.ts'
import { flag, parseOptions, text, UsageError, wholeNumber } from '#platform/command.ts'
import type { WorldParameters } from '#seed/world/world.ts'

export interface SeedOptions extends WorldParameters {
  /** Beside what people read, a line of JSON on standard output: how long each part took. */
  json: boolean
  /** Whole business days before the one of `until`; 0 sets up the stores and the catalogue alone. */
  days: number
  until: Instant
}

export const DEFAULT_WORLD: WorldParameters = { randomSeed: 1, stores: 8, ordersPerDay: 4_000 }
/** So that there are two whole months to compare. */
export const DEFAULT_DAYS = 92

export const SEED_USAGE = `Usage: npm run seed -- [options]

Fills an empty log with the history of a made-up retailer, and takes it through both paths.
The same options, --until among them, give the same events.

  --days N            business days before today, beside today so far (default ${DEFAULT_DAYS}; 0: stores and products only)
  --stores N          stores (default 8)
  --orders-per-day N  orders a day, all stores together (default ${DEFAULT_WORLD.ordersPerDay})
  --random-seed N     another history (default 1)
  --until DATE        end of the history: a day (its end in UTC) or a time such as 2026-11-20T10:15:00Z
                      (default: a minute ago)
  --json              at the end, a line of JSON on standard output: how long each part took
  --help              this text
`

/** @throws UsageError on an unknown option or a value out of range */
export function parseSeedOptions(args: readonly string[], now: Instant): SeedOptions {
  const { stores, ordersPerDay, randomSeed } = DEFAULT_WORLD
  const {
    until,
    words: _,
    ...options
  } = parseOptions(args, {
    json: flag(),
    days: wholeNumber({ least: 0, most: 3_650, unlessGiven: DEFAULT_DAYS }),
    stores: wholeNumber({ least: 1, most: 1_000, unlessGiven: stores }),
    'orders-per-day': wholeNumber({ least: 1, most: 10_000_000, unlessGiven: ordersPerDay }),
    'random-seed': wholeNumber({ least: 0, most: 2_147_483_647, unlessGiven: randomSeed }),
    until: text(),
  })
  return { ...options, until: until === undefined ? defaultUntil(now) : parseUntil(until, now) }
}

// Whole seconds, so that the printed time repeats the history.
function defaultUntil(now: Instant): Instant {
  return Math.floor((now - MINUTE_MS) / SECOND_MS) * SECOND_MS
}

function parseUntil(text: string, now: Instant): Instant {
  const until = isBusinessDay(text) ? Date.parse(`${text}T00:00:00Z`) + 24 * HOUR_MS - 1 : parseInstant(text)
  if (until === null) {
    throw new UsageError(
      `--until is "${text}", but must be a day such as 2026-11-20 or a time such as 2026-11-20T10:15:00Z.`,
    )
  }
  // What lies ahead would be appended before it happened.
  if (until > now)
    throw new UsageError(`--until is "${text}", which lies in the future: history ends now at the latest.`)
  return until
}
