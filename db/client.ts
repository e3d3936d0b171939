import postgres from 'postgres'

/**
 * A postgres.js client for raw SQL. int8 arrives as a safe integer `number` (amounts and offsets are
 * bounded to that range; a value outside it throws instead of rounding), numeric as text, dates as
 * 'YYYY-MM-DD', timestamps as epoch milliseconds.
 */
export type Sql = ReturnType<typeof connect>

export interface ConnectOptions {
  /** Connections at most. */
  max?: number
  /** Shown in pg_stat_activity, so that "who holds this" can be answered. */
  applicationName?: string
  /** Settings of the session, e.g. idle_in_transaction_session_timeout in ms. */
  session?: Record<string, string | number | boolean>
}

export function connect(url: string, options: ConnectOptions = {}) {
  return postgres(url, {
    max: options.max ?? 4,
    onnotice: () => {},
    connect_timeout: 5,
    backoff: reconnectPauseSeconds,
    connection: {
      application_name: options.applicationName ?? 'tillstream',
      TimeZone: 'UTC',
      ...options.session,
    },
    types: {
      bigint: {
        to: 20,
        from: [20],
        serialize: (value: number | bigint) => String(value),
        parse: parseSafeInteger,
      },
      date: { to: 1082, from: [1082], serialize: (value: string) => value, parse: (value: string) => value },
      instant: {
        to: 1184,
        from: [1184],
        serialize: (value: number | string | Date) => new Date(value).toISOString(),
        parse: parseTimestamp,
      },
    },
  })
}

/**
 * Seconds before the next attempt to connect. The driver's own pauses grow to 20 s, for which a service would
 * stay away after the database is back.
 */
export function reconnectPauseSeconds(attempt: number): number {
  return Math.min(0.05 * 2 ** attempt, 0.5)
}

function parseSafeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value))
    throw new RangeError(`${text} from the database is outside the safe integers`)
  return value
}

function parseTimestamp(text: string): number {
  // '2026-11-20 10:15:30.123456+00' with TimeZone UTC; infinity is not stored anywhere.
  return Date.parse(text.replace(' ', 'T').replace(/\+00$/, 'Z'))
}
