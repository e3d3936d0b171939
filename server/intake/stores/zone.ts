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
