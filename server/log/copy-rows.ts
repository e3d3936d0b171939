import { formatInstant, type Instant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { storedDetails } from './encode-events.ts'

/** Columns of a row of `copyEventRow`. */
export const EVENT_COLUMNS = `"offset", appended_at, event_time, total_units, total_gross, total_discounts,
  total_returns, total_tax, business_day, partition, rules_version, type, class, source, id, store, channel,
  register, currency, order_id, customer, tender, skus, units, unit_prices, discounts, taxes, refunds, stocked,
  details, attributes`

/** Columns of a row of `copyKeyRow`. */
export const KEY_COLUMNS = 'source, id, "offset", body_hash, partition'

const NULL = '\\N'

/** A row of log.event_log in COPY's text format. */
export function copyEventRow(event: LogEvent, offset: number, appendedAt: Instant): string {
  const { lines } = event
  const { tender, details } = storedDetails(event)
  return `${[
    offset,
    formatInstant(appendedAt),
    formatInstant(event.eventTime),
    event.totalUnits,
    event.totalGross,
    event.totalDiscounts,
    event.totalReturns,
    event.totalTax,
    event.businessDay,
    event.partition,
    event.rulesVersion,
    event.type,
    event.class,
    field(event.source),
    field(event.id),
    field(event.store),
    event.channel ?? NULL,
    field(event.register),
    event.currency ?? NULL,
    field(event.orderId),
    field(event.customer),
    field(tender),
    lines ? field(`{${lines.skus.map(quote).join(',')}}`) : NULL,
    array(lines?.units),
    array(lines?.unitPrices),
    array(lines?.discounts),
    array(lines?.taxes),
    array(lines?.refunds),
    array(lines?.stocked),
    details ? field(JSON.stringify(details)) : NULL,
    event.attributes ? field(JSON.stringify(event.attributes)) : NULL,
  ].join('\t')}\n`
}

/** A row of log.event_keys in COPY's text format. */
export function copyKeyRow(event: LogEvent, offset: number): string {
  return `${field(event.source)}\t${field(event.id)}\t${offset}\t${event.bodyHash}\t${event.partition}\n`
}

// Those that COPY's text format takes for its own.
const SPECIAL = /[\b\f\n\r\t\v\\]/
const SPECIALS = /[\b\f\n\r\t\v\\]/g
const ESCAPES: Record<string, string> = {
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}

function field(text: string | null): string {
  if (text === null) return NULL
  return SPECIAL.test(text) ? text.replace(SPECIALS, character => ESCAPES[character] ?? character) : text
}

function array(values: readonly (number | boolean | null)[] | null | undefined): string {
  return values ? `{${values.map(value => value ?? 'NULL').join(',')}}` : NULL
}

function quote(text: string): string {
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`
}
