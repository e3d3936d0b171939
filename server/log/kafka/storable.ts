import type { LogEvent } from '#domain/log-event.ts'

/**
 * An event that log.event_log could not hold. Postgres's own log refuses it at the append; in a topic it would stand
 * for ever, and stop the archiver. `code` is an SQLSTATE of data, as of what Postgres refuses.
 */
export class UnstorableEventError extends Error {
  override readonly name = 'UnstorableEventError'
  readonly code = '22000'
}

const MAX_INTEGER = 2 ** 31 - 1
const DAY = /^\d{4}-\d\d-\d\d$/

/** Days that were found to be days; there are few in any hour. */
const knownDays = new Set<string>()
const MAX_KNOWN_DAYS = 10_000

/**
 * Refuses what the columns of log.event_log cannot hold.
 * @param json the event as it goes into the topic, JSON
 * @throws UnstorableEventError naming what is wrong
 */
export function assertStorable(event: LogEvent, json: Buffer): void {
  if (!isDay(event.businessDay)) throw new UnstorableEventError(`"${event.businessDay}" is no date`)
  const { lines } = event
  for (const units of lines?.units ?? []) {
    if (!Number.isInteger(units) || Math.abs(units) > MAX_INTEGER)
      throw new UnstorableEventError(`units ${units} are out of range`)
  }
  for (const amount of [
    event.totalUnits,
    event.totalGross,
    event.totalDiscounts,
    event.totalReturns,
    event.totalTax,
  ]) {
    if (!Number.isSafeInteger(amount)) throw new UnstorableEventError(`a total of ${amount} is out of range`)
  }
  if (!Number.isSafeInteger(event.eventTime)) throw new UnstorableEventError('its event time is no instant')
  // Looked for as text first: nearly no event has either.
  if ((json.includes('\\u0000') || json.includes('\\ud')) && holdsUnstorableText(event))
    throw new UnstorableEventError('it holds a text with NUL or half a character')
}

function isDay(day: string): boolean {
  if (knownDays.has(day)) return true
  if (!DAY.test(day)) return false
  const instant = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(instant.getTime()) || instant.toISOString().slice(0, 10) !== day) return false
  if (knownDays.size >= MAX_KNOWN_DAYS) knownDays.clear()
  knownDays.add(day)
  return true
}

function holdsUnstorableText(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed()
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(
    ([name, inner]) => holdsUnstorableText(name) || holdsUnstorableText(inner),
  )
}
