import type { Reading } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { REPORTING_CURRENCY, VIEWS } from '#domain/report-views.ts'
import type { DayRange } from './periods.ts'
import type { Question } from './question.ts'

/** An exchange rate without which what is asked for is not known. */
export interface MissingRate {
  currency: string
  reportingCurrency: string
  /** The first and the last business day of the range that have sales in the currency and no rate. */
  from: BusinessDay
  to: BusinessDay
  /** Of the range itself, or of the one it is held against. */
  of: 'range' | 'compared'
}

/** The rates that a report of all currencies lacks, by name. */
export async function readMissingRates(reading: Reading, question: Question): Promise<MissingRate[]> {
  const { request, range, compared } = question
  if (request.currency !== REPORTING_CURRENCY || !VIEWS[request.view].isMoney) return []
  const own = await readOf(reading, question, range)
  const before = compared ? await readOf(reading, question, compared) : []
  return [
    ...own.map(rate => ({ ...rate, of: 'range' as const })),
    ...before.map(rate => ({ ...rate, of: 'compared' as const })),
  ]
}

function readOf(reading: Reading, { stores }: Question, { from, to }: DayRange) {
  return reading<Omit<MissingRate, 'of'>[]>`
    select currency, reporting_currency as "reportingCurrency", min(business_day) as "from", max(business_day) as "to"
    from batch.daily_sales
    where business_day between ${from} and ${to} and store = any(${[...stores]}) and exchange_rate is null
    group by currency, reporting_currency
    order by currency`
}
