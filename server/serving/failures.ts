/** What was asked for cannot be done as it is. The message says what can. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
}

const CONNECTION_ERRORS = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

// SQLSTATE classes: 08 connection, 53 resources (memory, disk, connections), 57P shutdown, crash and start.
const AWAY_STATES = /^(08|53|57P)/

/** Whether an error, or what caused it, means that the database cannot be used at the moment. */
export function isDatabaseAway(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown }
    if (typeof code === 'string' && (CONNECTION_ERRORS.has(code) || AWAY_STATES.test(code))) return true
  }
  return false
}
