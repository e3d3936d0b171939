import { EVENT_TYPES, type EventType } from '#domain/event.ts'
import type { EventClass } from '#domain/log-event.ts'
import type { EventRecord, LogRecord } from './order-log.ts'

// chr(30) and chr(31). Neither can occur in what is joined by it: identifiers hold no control characters, JSON
// escapes them.
const ROWS = '\u001e'
const SKUS = '\u001f'

/** Types whose details consumers read. */
export const READ_DETAILS: readonly EventType[] = [
  'order.placed',
  'order.voided',
  'order.returned',
  'stock.transferred',
  'stock.received',
  'purchase.placed',
  'purchase.confirmed',
  'purchase.cancelled',
]

/**
 * Reads after a position: $1 partition, $2 appended_at hint, $3 offset, $4 through offset, $5 limit.
 * The hint lets the planner skip day partitions and the index deliver in order.
 *
 * Answers one row with a text per column, joined over all records (skus and units over all lines): the
 * driver decodes twenty values a batch instead of twenty a record, and splitting a text is native. Measured
 * with orders of three lines: 2.3 µs of the reader's time a record instead of 4.5, for 0.4 µs more of Postgres'.
 * Lines that are no pairs of sku and units are not read, and a null keeps its place: nothing moves to another record.
 */
export const READ_STATEMENT = `
  select
    string_agg("offset"::text, ','),
    string_agg((date_part('epoch', appended_at) * 1000)::bigint::text, ','),
    string_agg((date_part('epoch', event_time) * 1000)::bigint::text, ','),
    string_agg(coalesce(type, ''), ','),
    string_agg(coalesce(class, ''), ','),
    string_agg(coalesce(source, ''), chr(30)),
    string_agg(coalesce(id, ''), chr(30)),
    string_agg(coalesce(store, ''), chr(30)),
    string_agg(coalesce(channel, ''), ','),
    string_agg(coalesce(currency, ''), ','),
    string_agg(coalesce(business_day::text, ''), ','),
    string_agg(coalesce(order_id, ''), chr(30)),
    string_agg(total_units::text, ','),
    string_agg(total_gross::text, ','),
    string_agg(total_discounts::text, ','),
    string_agg(total_returns::text, ','),
    string_agg(coalesce(lines::text, ''), ','),
    string_agg(array_to_string(skus, chr(31), ''), chr(31)) filter (where lines > 0),
    string_agg(array_to_string(units, ',', '?'), ',') filter (where lines > 0),
    string_agg(coalesce(array_to_string(stocked, ''), ''), ','),
    string_agg(coalesce(case when type in (${READ_DETAILS.map(type => `'${type}'`).join(', ')})
      then details::text end, ''), chr(30)),
    string_agg(coalesce(customer, ''), chr(30)),
    string_agg(coalesce(register, ''), chr(30)),
    string_agg(coalesce(tender, ''), chr(30))
  from (
    select *, case when cardinality(units) = cardinality(skus) then nullif(cardinality(skus), 0) end as lines
    from log.event_log
    where partition = $1 and appended_at >= $2::timestamptz and "offset" > $3 and "offset" <= $4
    order by appended_at, "offset"
    limit $5
  ) as batch`

/** The columns of READ_STATEMENT; all null where nothing was read. */
export type ReadColumns = (string | null)[]

/** The records in the one row of READ_STATEMENT. Instants are whole milliseconds. */
export function toRecords(columns: ReadColumns, partition: number): LogRecord[] {
  const column = (index: number, separator = ',') => columns[index]?.split(separator) ?? []
  const offsets = column(0)
  const appendedAts = column(1)
  const eventTimes = column(2)
  const types = column(3)
  const classes = column(4)
  const sources = column(5, ROWS)
  const ids = column(6, ROWS)
  const stores = column(7, ROWS)
  const channels = column(8)
  const currencies = column(9)
  const businessDays = column(10)
  const orderIds = column(11, ROWS)
  const totalUnits = column(12)
  const totalGross = column(13)
  const totalDiscounts = column(14)
  const totalReturns = column(15)
  const lineCounts = column(16)
  const skus = column(17, SKUS)
  const units = column(18)
  const stocked = column(19)
  const details = column(20, ROWS)
  const customers = column(21, ROWS)
  const registers = column(22, ROWS)
  const tenders = column(23, ROWS)

  assertWhole(offsets.length, [
    appendedAts,
    eventTimes,
    types,
    classes,
    sources,
    ids,
    stores,
    channels,
    currencies,
    businessDays,
    orderIds,
    totalUnits,
    totalGross,
    totalDiscounts,
    totalReturns,
    lineCounts,
    stocked,
    details,
    customers,
    registers,
    tenders,
  ])
  const lines = lineCounts.reduce((sum, count) => sum + Number(count), 0)
  assertWhole(lines, [skus, units])

  const names = new Names()
  const paid = new SingleTenders()
  let line = 0
  return offsets.map((offset, index): LogRecord => {
    const place = { partition, offset: Number(offset), appendedAt: Number(appendedAts[index]) }
    const type = names.whole(types[index])
    if (type === 'tick') return { type: 'tick', ...place }
    const firstLine = line
    const lineCount = lineCounts[index]
    if (lineCount) line += Number(lineCount)
    return {
      partition,
      offset: place.offset,
      appendedAt: place.appendedAt,
      eventTime: Number(eventTimes[index]),
      type: type as EventType,
      class: names.whole(classes[index]) as EventClass,
      source: names.whole(sources[index]),
      id: ids[index] ?? '',
      store: names.whole(stores[index]),
      channel: (names.whole(channels[index]) || null) as EventRecord['channel'],
      currency: names.whole(currencies[index]) || null,
      businessDay: names.whole(businessDays[index]),
      orderId: orderIds[index] || null,
      customer: customers[index] || null,
      register: names.whole(registers[index]) || null,
      totalUnits: Number(totalUnits[index]),
      totalGross: Number(totalGross[index]),
      totalDiscounts: Number(totalDiscounts[index]),
      totalReturns: Number(totalReturns[index]),
      lines: lineCount
        ? {
            skus: skus.slice(firstLine, line),
            units: units.slice(firstLine, line).map(Number),
            stocked: stockedOf(stocked[index]),
          }
        : null,
      details: paid.details(details[index] ? JSON.parse(details[index]) : null, tenders[index]),
    }
  })
}

/**
 * A separator inside a value would move what follows to the wrong record.
 * @throws RangeError
 */
function assertWhole(count: number, columns: readonly (readonly string[])[]): void {
  if (columns.some(column => column.length !== count)) {
    throw new RangeError('a row of the log holds a separator where no event has one')
  }
}

/** Postgres prints an array of booleans without separator as `tft`. */
function stockedOf(flags: string | undefined): boolean[] | null {
  return flags ? Array.from(flags, flag => flag === 't') : null
}

/** The one tender of a document is a column of its own (event-rows.ts); who reads an event finds it where split ones are. */
class SingleTenders {
  readonly #known = new Map<string, { tenders: { type: string; amount: null }[] }>()

  details(details: EventRecord['details'], tender: string | undefined): EventRecord['details'] {
    if (!tender) return details
    let known = this.#known.get(tender)
    if (!known) {
      known = { tenders: [{ type: ownText(tender), amount: null }] }
      this.#known.set(tender, known)
    }
    return details === null ? known : { ...details, ...known }
  }
}

/** Of nearly every event; as the code writes them, so that one is told from another by where it stands. */
const KNOWN_NAMES: readonly string[] = [...EVENT_TYPES, 'tick', 'live', 'bulk']

/**
 * The few sources, stores, days and the like of a batch, each as one text of its own: consumers keep them, and what a batch
 * holds of them twenty thousand times is neither allocated so often nor compared letter by letter.
 */
class Names {
  readonly #known = new Map(KNOWN_NAMES.map(name => [name, name]))

  whole(view: string | undefined): string {
    if (view === undefined) return ''
    const known = this.#known.get(view)
    if (known !== undefined) return known
    const own = ownText(view)
    this.#known.set(own, own)
    return own
  }
}

/**
 * A copy of a text that holds nothing but itself. What `split` gives is a view that keeps the whole text it
 * came from in memory: of what is kept longer than the batch it was read with, keep a copy.
 */
export function ownText(view: string): string {
  return Buffer.from(view).toString()
}
