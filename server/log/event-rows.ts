import { formatInstant, type Instant } from '#domain/instant.ts'
import type { LogEvent, Position } from '#domain/log-event.ts'

// An event on its way into log.event_log: by the append, as one array per column (decision 001), or by COPY, as a
// row of text. Both store tender and details alike.

/**
 * Appends: `$1` is the partition, `$2` the revision of the reference, then one array literal per column. `::text` because
 * the literals are built here. The parameters are those of `log.append`, in its order.
 */
export const APPEND_STATEMENT = `
  select first_offset, appended, appended_at, duplicates, conflicts
  from log.append(
    $1, $2::bigint, $3::text::text[], $4::text::text[], $5::text::uuid[], $6::text::text[], $7::text::text[], $8::text::text[],
    $9::text::text[], $10::text::text[], $11::text::bigint[], $12::text::date[], $13::text::text[],
    $14::text::text[], $15::text::text[], $16::text::text[], $17::text::bigint[], $18::text::bigint[],
    $19::text::bigint[], $20::text::bigint[], $21::text::bigint[], $22::text::text[],
    $23::text::text[], $24::text::text[], $25::text::text[], $26::text::text[], $27::text::text[],
    $28::text::text[], $29::text::text[], $30::text::text[], $31::text::bigint[],
    $32::text::text[])`

/**
 * Appends to several partitions at once: their number of `APPEND_STATEMENT`s, each with its parameters after those of
 * the one before. One statement is one commit, and a process that freezes or dies holds no lock between two.
 */
export function appendTogetherStatement(partitions: number): string {
  const parameters = APPEND_STATEMENT.match(/\$\d+/g)?.length ?? 0
  return Array.from({ length: partitions }, (_, group) => {
    const append = APPEND_STATEMENT.replace(
      /\$(\d+)/g,
      (_, number) => `$${Number(number) + group * parameters}`,
    )
    return `select ${group} as "group", appended.* from (${append}) appended`
  }).join(' union all ')
}

/**
 * Parameters of APPEND_STATEMENT: the partition, the revision of the reference that enriched them, then per column one Postgres array literal with one element per
 * event, or null where no event of the batch has the field.
 */
export function appendParameters(
  partition: number,
  events: readonly LogEvent[],
  revision?: number,
): (string | number | null)[] {
  return [partition, revision ?? null, ...COLUMNS.map(column => column(events))]
}

/** Takes rows of `copyEventRow`. */
export const COPY_EVENTS = `
  copy log.event_log ("offset", appended_at, event_time, total_units, total_gross, total_discounts, total_returns,
    total_tax, business_day, partition, rules_version, type, class, source, id, store, channel, register, currency,
    order_id, customer, tender, skus, units, unit_prices, discounts, taxes, refunds, stocked, details, attributes,
    amounts)
  from stdin`

/** Takes rows of `copyKeyRow`. */
export const COPY_KEYS = 'copy log.event_keys (source, id, "offset", body_hash, partition) from stdin'

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
    array(lines?.amounts),
  ].join('\t')}\n`
}

/** A tick as a row of log.event_log in COPY's text format: as `log.append_tick` writes it. */
export function copyTickRow(partition: number, { offset, appendedAt }: Position): string {
  const at = formatInstant(appendedAt)
  return `${[offset, at, at, 0, 0, 0, 0, 0, NULL, partition, 0, 'tick', 'tick', ...NO_MORE_FIELDS].join('\t')}\n`
}

/** Of COPY_EVENTS, those after the class. */
const NO_MORE_FIELDS = new Array<string>(19).fill(NULL)

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

/** Joins the skus of an event in one text; identifiers hold no control characters, so it cannot occur in one. */
const UNIT_SEPARATOR = '\u001f'

type Column = (events: readonly LogEvent[]) => string | null

// In the order of the function's parameters.
const COLUMNS: Column[] = [
  text(event => event.source),
  text(event => event.id),
  text(event => event.bodyHash),
  text(event => event.type),
  text(event => event.class),
  text(event => event.store),
  text(event => event.channel),
  text(event => event.register),
  integer(event => event.eventTime),
  text(event => event.businessDay),
  text(event => event.currency),
  text(event => event.orderId),
  text(event => event.customer),
  text(event => storedDetails(event).tender),
  integer(event => event.totalUnits),
  integer(event => event.totalGross),
  integer(event => event.totalDiscounts),
  integer(event => event.totalReturns),
  integer(event => event.totalTax),
  text(event => event.lines?.skus.join(UNIT_SEPARATOR)),
  literal(event => event.lines?.units),
  literal(event => event.lines?.unitPrices),
  literal(event => event.lines?.discounts),
  literal(event => event.lines?.taxes),
  literal(event => event.lines?.refunds),
  literal(event => event.lines?.stocked),
  text(event => json(storedDetails(event).details)),
  text(event => json(event.attributes)),
  integer(event => event.rulesVersion),
  literal(event => event.lines?.amounts),
]

function json(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value)
}

function text(field: (event: LogEvent) => string | null | undefined): Column {
  return events =>
    join(events, event => {
      const value = field(event)
      return value === null || value === undefined ? null : quote(value)
    })
}

function integer(field: (event: LogEvent) => number): Column {
  return events => join(events, event => String(field(event)))
}

/** Lines' numbers as an array literal inside the column's literal: digits, commas and braces need no escape. */
function literal(
  field: (event: LogEvent) => readonly (number | boolean | null)[] | null | undefined,
): Column {
  return events =>
    join(events, event => {
      const values = field(event)
      return values ? `"{${values.map(value => (value === null ? 'NULL' : value)).join(',')}}"` : null
    })
}

// Collected and joined at once: adding up one string piece by piece took a third more of the time.
function join(events: readonly LogEvent[], element: (event: LogEvent) => string | null): string | null {
  const elements = new Array<string>(events.length)
  let present = false
  let index = 0
  for (const event of events) {
    const value = element(event)
    present ||= value !== null
    elements[index] = value ?? 'NULL'
    index += 1
  }
  return present ? `{${elements.join(',')}}` : null
}

const NEEDS_ESCAPE = /["\\]/
const ESCAPED = /["\\]/g

function quote(value: string): string {
  return NEEDS_ESCAPE.test(value) ? `"${value.replace(ESCAPED, '\\$&')}"` : `"${value}"`
}

/**
 * How the log stores tender and details: most documents are paid with one tender, and as a plain text
 * it costs a tenth of what parsing and storing it as JSON does. Split payments stay in details.tenders.
 */
function storedDetails({ details }: Pick<LogEvent, 'details'>): {
  tender: string | null
  details: Record<string, unknown> | null
} {
  const tender = singleTender(details?.tenders)
  if (details === null || tender === null) return { tender: null, details }
  const { tenders: _, ...rest } = details
  return { tender, details: Object.keys(rest).length > 0 ? rest : null }
}

function singleTender(tenders: unknown): string | null {
  if (!Array.isArray(tenders) || tenders.length !== 1) return null
  const [only] = tenders as { type: string; amount: number | null }[]
  return only?.amount === null ? only.type : null
}
