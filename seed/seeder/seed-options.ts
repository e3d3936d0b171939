import { parseArgs } from 'node:util'
import { isBusinessDay } from '#domain/business-day.ts'
import { HOUR_MS, type Instant, MINUTE_MS, parseInstant, SECOND_MS } from '#domain/instant.ts'
import type { WorldParameters } from '#seed/world/world.ts'
import { parseWholeNumber, UsageError } from './command-line.ts'

export interface SeedOptions extends WorldParameters {
  help: boolean
  /** Beside what people read, a line of JSON on standard output: how long each part took. */
  json: boolean
  /** Whole business days before the one of `until`; 0 sets up the stores and the catalogue alone. */
  days: number
  until: Instant
}

export const SEED_USAGE = `Usage: npm run seed -- [options]

Fills an empty log with the history of a made-up retailer, and takes it through both paths.
The same options, --until among them, give the same events.

  --days N            business days before today, beside today so far (default 60; 0: stores and products only)
  --stores N          stores (default 8)
  --orders-per-day N  orders a day, all stores together (default 2000)
  --random-seed N     another history (default 1)
  --until DATE        end of the history: a day (its end in UTC) or a time such as 2026-11-20T10:15:00Z
                      (default: a minute ago)
  --json              at the end, a line of JSON on standard output: how long each part took
  --help              this text
`

const RANGES = {
  days: { least: 0, most: 3_650 },
  stores: { least: 1, most: 1_000 },
  'orders-per-day': { least: 1, most: 10_000_000 },
  'random-seed': { least: 0, most: 2_147_483_647 },
} as const

export const DEFAULT_WORLD: WorldParameters = { randomSeed: 1, stores: 8, ordersPerDay: 2_000 }
const DEFAULT_DAYS = 60

/** @throws UsageError on an unknown option or a value out of range */
export function parseSeedOptions(args: readonly string[], now: Instant): SeedOptions {
  const values = parse(args)
  const number = (name: keyof typeof RANGES, fallback: number) => {
    const text = values[name]
    return text === undefined ? fallback : parseWholeNumber(name, text, RANGES[name])
  }
  return {
    help: values.help === true,
    json: values.json === true,
    days: number('days', DEFAULT_DAYS),
    stores: number('stores', DEFAULT_WORLD.stores),
    ordersPerDay: number('orders-per-day', DEFAULT_WORLD.ordersPerDay),
    randomSeed: number('random-seed', DEFAULT_WORLD.randomSeed),
    until: values.until === undefined ? defaultUntil(now) : parseUntil(values.until, now),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        days: { type: 'string' },
        stores: { type: 'string' },
        'orders-per-day': { type: 'string' },
        'random-seed': { type: 'string' },
        until: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw UsageError.from(error)
  }
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
