import { businessDaySpan, type Calendar } from './business-day.ts'
import { isBusinessDay } from './calendar.ts'
import { maxDocumentAmount } from './currency.ts'
import type { Rejection, SentEvent } from './event.ts'
import { DAY_MS, formatInstant, type Instant, parseInstant } from './instant.ts'
import { type Amount, formatAmount, parseAmount } from './money.ts'
import { type Store, storeAt } from './store.ts'

/*
 * Invariant: which price holds follows from what was said, in whatever order it arrives. A line of `price.changed` says what a
 * product costs from one moment until another. What is said of the same product and the same `from` replaces what was said
 * of it before, by event time (then by place in the log): so a price is ended, or withdrawn, by saying it once more with another
 * `to`. Of prices that hold at one moment the one that began last is asked. Where none holds, it is the list's, which no event
 * tells of.
 *
 *   say   5.00 from the 1st            4.00 from the 10th to the 20th        4.00 from the 10th to the 15th
 *   holds 5.00 …………………………………………… 4.00 on the 10th …………………………………… then 5.00 again, from the 16th on
 */

type PriceChanged = Extract<SentEvent, { type: 'price.changed' }>

/** A line of `price.changed` as the log keeps it in `details.prices`; instants as text. */
export interface StatedPrice {
  sku: string
  /** 1/10,000 of the store's currency, what customers pay for one. */
  price: Amount
  /** Half-open, [from, to); without `to`: until something else is said. */
  from: string
  to?: string
  /** Where a business day was said: as it was. The last one is meant whole. */
  fromDay?: string
  toDay?: string
}

/** A price of a product in a store and when it holds, as ref.prices keeps it. */
export interface ValidPrice {
  price: Amount
  validFrom: Instant
  /** Exclusive; null: until something else is said. Equal to validFrom: withdrawn. */
  validTo: Instant | null
}

/** So long before and after its event a price may begin. */
const MAX_DAYS_APART = 400

/** The price that holds at a moment; null where none does, and the list's is asked. */
export function priceAt<Price extends ValidPrice>(prices: readonly Price[], at: Instant): Price | null {
  let holds: Price | null = null
  for (const price of prices) {
    if (price.validFrom > at || (price.validTo !== null && price.validTo <= at)) continue
    if (holds === null || price.validFrom > holds.validFrom) holds = price
  }
  return holds
}

/** The lines of an event that has passed `refusePrices`, with the instants that they mean. */
export function statedPrices(event: PriceChanged, { versions }: Pick<Store, 'versions'>): StatedPrice[] {
  return event.lines.map(({ sku, price, from, to }) => {
    const { validFrom, validTo } = spanOf({ from, to }, versions)
    return {
      sku,
      price: parseAmount(price) ?? 0,
      from: formatInstant(validFrom),
      ...(validTo === null ? {} : { to: formatInstant(validTo) }),
      ...(isBusinessDay(from) ? { fromDay: from } : {}),
      ...(to !== undefined && isBusinessDay(to) ? { toDay: to } : {}),
    }
  })
}

/** @returns why nobody can go by these prices, with the line named; null where nothing stands against them */
export function refusePrices(
  event: PriceChanged,
  { eventTime, store }: { eventTime: Instant; store: Store },
): Rejection | null {
  const said = new Set<string>()
  for (const [index, line] of event.lines.entries()) {
    const { validFrom, validTo } = spanOf(line, store.versions)
    const { currency } = storeAt(store, validFrom)
    if (event.currency !== undefined && event.currency !== currency) {
      return invalid(`currency: ${event.store} sells in ${currency} then, not in ${event.currency}`)
    }
    // A day is meant whole: one that ends as the price begins lies before it.
    const isDay = line.to !== undefined && isBusinessDay(line.to)
    if (validTo !== null && (validTo < validFrom || (isDay && validTo === validFrom))) {
      return invalid(`lines[${index}].to: ${line.to} is before from, ${line.from}`)
    }
    if (Math.abs(validFrom - eventTime) > MAX_DAYS_APART * DAY_MS) {
      return invalid(
        `lines[${index}].from: ${line.from} is more than ${MAX_DAYS_APART} days from the eventTime, ${event.eventTime}`,
      )
    }
    const most = maxDocumentAmount(currency)
    if ((parseAmount(line.price) ?? 0) > most) {
      return {
        reason: 'absurd_amount',
        detail: `lines[${index}].price is above ${formatAmount(most)} ${currency}, the most one document may carry`,
      }
    }
    const key = JSON.stringify([line.sku, validFrom])
    if (said.has(key)) {
      return invalid(
        `lines[${index}]: ${JSON.stringify(line.sku)} from ${line.from} is in this event already: say one price`,
      )
    }
    said.add(key)
  }
  return null
}

function spanOf(
  { from, to }: { from: string; to?: string | undefined },
  calendar: Calendar,
): { validFrom: Instant; validTo: Instant | null } {
  return {
    validFrom: parseInstant(from) ?? businessDaySpan(from, calendar).start,
    validTo: to === undefined ? null : (parseInstant(to) ?? businessDaySpan(to, calendar).end),
  }
}

function invalid(detail: string): Rejection {
  return { reason: 'invalid_field', detail }
}
