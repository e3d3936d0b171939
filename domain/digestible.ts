import { FIRST_BUSINESS_DAY, LAST_BUSINESS_DAY } from './calendar.ts'
import { EVENT_TYPES, type EventType } from './event.ts'
import type { Instant } from './instant.ts'
import type { LogEvent } from './log-event.ts'
import { SALES_DOCUMENTS } from './measures.ts'

/*
 * The intake lets nothing into the log that a path cannot count. But a log outlives the intake that filled it: an old
 * one may hold what today's would refuse, and a hand may have written into it. Such an event is no event of a path: the
 * path sets it aside, by place and reason, and goes on.
 *
 * The stream asks here, of what it reads. The batch path asks log.why_indigestible, which says it in SQL of the whole
 * row. Neither asks the other.
 */

/** What is asked of an event: only what is read, so that both a row and a part of it can be judged. */
export interface DigestibleFields
  extends Pick<
    LogEvent,
    | 'store'
    | 'channel'
    | 'currency'
    | 'businessDay'
    | 'totalUnits'
    | 'totalGross'
    | 'totalDiscounts'
    | 'totalReturns'
  > {
  /** As it stands in the log, whatever that is. */
  type: string
  eventTime: Instant
  lines: Pick<NonNullable<LogEvent['lines']>, 'skus' | 'units' | 'stocked'> | null
  details: unknown
}

const TYPES: ReadonlySet<string> = new Set(EVENT_TYPES)
const SALES: ReadonlySet<string> = new Set(SALES_DOCUMENTS)
/** Events that are about no goods of a shelf. */
const WITHOUT_LINES: ReadonlySet<string> = new Set<EventType>([
  'till.closed',
  'review.posted',
  'price.changed',
])

/** @returns why nobody can count the event, as a sentence; null where nothing stands against it */
export function whyIndigestible(event: DigestibleFields): string | null {
  const { type, store, businessDay } = event
  if (!TYPES.has(type)) return `its type ${JSON.stringify(type)} is unknown`
  if (store === '') return 'it names no store'
  if (!isDayOfTheLog(businessDay)) {
    return `its business day ${businessDay || 'is missing'} is none between ${FIRST_BUSINESS_DAY} and ${LAST_BUSINESS_DAY}`
  }
  if (!Number.isSafeInteger(event.eventTime)) return 'its event time is no instant'
  const totals = [event.totalUnits, event.totalGross, event.totalDiscounts, event.totalReturns]
  if (!totals.every(Number.isSafeInteger)) return 'a total of it is larger than any sum is exact'
  if (SALES.has(type) && (!event.channel || !event.currency)) return 'it names no channel or no currency'
  if (event.details !== null && (typeof event.details !== 'object' || Array.isArray(event.details))) {
    return 'its details are no object'
  }
  return WITHOUT_LINES.has(type) ? null : whyNoLines(event.lines)
}

/** As isBusinessDay; what comes out of a date column exists, and is asked of every event. */
function isDayOfTheLog(day: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(day) && day >= FIRST_BUSINESS_DAY && day <= LAST_BUSINESS_DAY
}

function whyNoLines(lines: DigestibleFields['lines']): string | null {
  if (lines === null || lines.skus.length === 0) return 'it has no lines'
  const { skus, units, stocked } = lines
  if (units.length !== skus.length || (stocked !== null && stocked.length !== skus.length)) {
    return 'its skus, units and stocked differ in number'
  }
  if (skus.includes('') || !units.every(Number.isSafeInteger))
    return 'a line of it has no product or no units'
  return null
}
