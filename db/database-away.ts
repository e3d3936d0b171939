/** What the driver and the operating system say of a connection that is lost or was never made. */
const CONNECTION_ERRORS = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

// SQLSTATE classes: 08 connection, 53 resources (memory, disk, connections), 57P shutdown, crash and start, 58 system.
const AWAY_STATES = /^(08|53|57P|58)/

/** Whether an error, or what caused it, means that the database cannot be used at the moment: the same may work later. */
export function isDatabaseAway(error: unknown): boolean {
  for (let cause = error; cause !== null && typeof cause === 'object'; cause = (cause as Error).cause) {
    const { code } = cause as { code?: unknown }
    if (typeof code === 'string' && (CONNECTION_ERRORS.has(code) || AWAY_STATES.test(code))) return true
  }
  return false
}
