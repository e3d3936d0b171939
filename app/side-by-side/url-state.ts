import {
  createLoader,
  createParser,
  createSerializer,
  parseAsArrayOf,
  parseAsString,
  parseAsStringLiteral,
} from 'nuqs/server'
import { METRICS } from '#app/side-by-side/metrics.ts'
import { isBusinessDay } from '#domain/calendar.ts'

/** A day that exists: an address with 30 February shows the default, not an error. */
const parseAsDay = createParser({
  parse: text => (isBusinessDay(text) ? text : null),
  serialize: (day: string) => day,
})

/** What the address of the page says. What it does not say, the server chooses. */
export const urlState = {
  /** First and last day, both included. Without `to` it is one day; without both the newest with data. */
  from: parseAsDay,
  to: parseAsDay,
  /** Ids; empty for all. */
  store: parseAsArrayOf(parseAsString).withDefault([]),
  currency: parseAsString,
  /** What the charts and the explanation are about. */
  metric: parseAsStringLiteral(METRICS).withDefault('net'),
}

export const loadUrlState = createLoader(urlState)
export const addressOf = createSerializer(urlState)
