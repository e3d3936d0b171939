import { addDays, dayCount, FIRST_BUSINESS_DAY, LAST_BUSINESS_DAY } from './calendar.ts'
import { maxDocumentAmount } from './currency.ts'
import type { Rejection, SentEvent } from './event.ts'
import type { LogEvent } from './log-event.ts'
import { type Amount, formatAmount, parseAmount } from './money.ts'

/** A till's totals of one day are of so many of the largest documents at most. */
const DOCUMENTS_OF_TILL_DAY = 10

/** Days that a Z report may come after the day it is about, and before it. */
const MAX_DAYS_AFTER = 400
const MAX_DAYS_BEFORE = 2

/**
 * What no path must have to digest: days beyond the calendar, a Z report of another age, sums beyond all measure. Met at
 * the door, they are one sender's dead letter; met in the log, they would stop a report.
 * @returns null where the event is within bounds
 */
export function refuseOutOfBounds(event: SentEvent, enriched: LogEvent): Rejection | null {
  return refuseDay(event, enriched) ?? refuseAmounts(event, enriched)
}

function refuseDay(event: SentEvent, { businessDay }: LogEvent): Rejection | null {
  // It exists: only its year may be none of ours.
  if (businessDay < FIRST_BUSINESS_DAY || businessDay > LAST_BUSINESS_DAY) {
    return {
      reason: 'invalid_field',
      detail: `eventTime: ${event.eventTime} lies on business day ${businessDay} of its store, and a business day lies between ${FIRST_BUSINESS_DAY} and ${LAST_BUSINESS_DAY}`,
    }
  }
  if (event.type !== 'till.closed') return null
  const daysAfter = dayCount(event.businessDay, businessDay)
  if (daysAfter <= MAX_DAYS_AFTER && daysAfter >= -MAX_DAYS_BEFORE) return null
  return {
    reason: 'invalid_field',
    detail: `businessDay: ${event.businessDay} is not near the business day of its eventTime, ${businessDay}: a Z report is about a day from ${addDays(businessDay, -MAX_DAYS_AFTER)} to ${addDays(businessDay, MAX_DAYS_BEFORE)}`,
  }
}

function refuseAmounts(event: SentEvent, enriched: LogEvent): Rejection | null {
  if (event.type === 'till.closed') {
    const most = maxDocumentAmount(event.currency) * DOCUMENTS_OF_TILL_DAY
    const [field] = totalsOf(event).find(([, amount]) => !isWithin(parseAmount(amount), most)) ?? []
    return field === undefined
      ? null
      : absurd(`${field} is above ${formatAmount(most)} ${event.currency}, more than a till takes in a day`)
  }
  if (!('orderId' in event)) return null
  const most = maxDocumentAmount(event.currency)
  const { totalGross, totalDiscounts, totalReturns, totalTax } = enriched
  if (![totalGross, totalDiscounts, totalReturns, totalTax].every(amount => isWithin(amount, most))) {
    return absurd(
      `the document's total is above ${formatAmount(most)} ${event.currency}, the most one document may carry: check units and prices`,
    )
  }
  for (const field of ['tenders', 'charges'] as const) {
    const index = (event[field] ?? []).findIndex(({ amount }) => !isWithin(parseAmount(amount), most))
    if (index >= 0) {
      return absurd(
        `${field}[${index}].amount is above ${formatAmount(most)} ${event.currency}, the most one document may carry`,
      )
    }
  }
  return null
}

/** The amounts that a till states of its day, with the fields they stand in. */
function totalsOf(report: Extract<SentEvent, { type: 'till.closed' }>): [field: string, amount: string][] {
  const { net, openingFloat, countedCash, tenders = [] } = report
  const stated: [string, string | undefined][] = [
    ['net', net],
    ['openingFloat', openingFloat],
    ['countedCash', countedCash],
    ...tenders.map(({ amount }, index): [string, string] => [`tenders[${index}].amount`, amount]),
  ]
  return stated.flatMap(([field, amount]) => (amount === undefined ? [] : [[field, amount]]))
}

// A sum that left the safe integers is far above every bound, and stays there: amounts are rounded by less.
function isWithin(amount: Amount | null, most: Amount): boolean {
  return amount !== null && Math.abs(amount) <= most
}

function absurd(detail: string): Rejection {
  return { reason: 'absurd_amount', detail }
}
