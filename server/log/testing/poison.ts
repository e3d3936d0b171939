import type { Sql } from '#db/client.ts'

/** Columns of a row of log.event_log as JSON would have them; what is not named is that of the row it is made like. */
export type RowChanges = Readonly<Record<string, unknown>>

/** What is wrong with an event whatever its type, as no intake would let it in; each changes an ordinary order. */
export const POISONED_ORDERS: Readonly<Record<string, RowChanges>> = {
  'a business day before all days': { business_day: '-infinity' },
  'a business day after all days': { business_day: 'infinity' },
  'a business day of the year 9999': { business_day: '9999-12-31' },
  'a business day of the year 1 before Christ': { business_day: '0001-01-01 BC' },
  'no business day': { business_day: null },
  'an event time at the end of time': { event_time: 'infinity' },
  'a type of another system': { type: 'order.gifted' },
  'a type that holds a separator': { type: 'order,placed' },
  'no store': { store: null },
  'no channel': { channel: null },
  'no currency': { currency: null },
  'a total at the edge of its column': { total_gross: '9223372036854775807' },
  'a transfer whose details are a list': { type: 'stock.transferred', details: [1, 2] },
  'details that are a list': { details: [1, 2] },
  'no lines': { skus: null, units: null },
  'an empty list of lines': { skus: [], units: [] },
  'more units than products': { units: [1, 1, 1] },
  'a product that is null': { skus: ['tea', null], units: [1, 1] },
  'units that are null': { skus: ['tea', 'milk'], units: [1, null] },
}

/** What is wrong with what the stream does not read: a till's report, a review, a payment. */
export const POISONED_DETAILS: Readonly<Record<string, RowChanges>> = {
  'a Z report of the year 0': closing({ zBusinessDay: '0000-00-00' }),
  'a Z report of no date': closing({ zBusinessDay: '' }),
  'a Z report without a day': closing({ zBusinessDay: null }),
  'a Z report of the year 9999': closing({ zBusinessDay: '9999-12-31' }),
  'a Z report of the end of time': closing({ zBusinessDay: 'infinity' }),
  'a Z report of three years ago': closing({ zBusinessDay: '2023-03-02' }),
  'a Z report of a week ahead': closing({ zBusinessDay: '2026-03-09' }),
  'a Z report without orders': closing({ zOrders: null }),
  'a Z report whose net is a text': closing({ zNet: 'much' }),
  'a Z report of no register': { ...closing({}), register: null },
  'a review without a rating': { ...withoutLines('review.posted'), details: { sku: 'tea' } },
  'a review of six stars': { ...withoutLines('review.posted'), details: { sku: 'tea', rating: 6 } },
  'a price change without prices': { ...withoutLines('price.changed'), details: { prices: [] } },
  'a price below nothing': changedPrice({ price: -1 }),
  'a price of no amount': changedPrice({ price: 'cheap' }),
  'a price of no product': changedPrice({ sku: '' }),
  'a price that begins some day': changedPrice({ from: 'soon' }),
  'a price that ends some day': changedPrice({ to: '2026-03-04' }),
  'lists within lists': { skus: [['tea'], ['milk']], units: [[1], [1]] },
  'tenders that are no list': { tender: null, details: { tenders: { type: 'card', amount: 1 } } },
  'a tender whose amount is a text': {
    tender: null,
    details: { tenders: [{ type: 'card', amount: 'all' }] },
  },
  'a tender without an amount': { tender: null, details: { tenders: [{ type: 'card' }] } },
}

function changedPrice(line: Record<string, unknown>): RowChanges {
  const price = { sku: 'tea', price: 22_000, from: '2026-03-02T10:00:00.000Z', ...line }
  return { ...withoutLines('price.changed'), details: { prices: [price] } }
}

function withoutLines(type: string): RowChanges {
  return { type, skus: null, units: null, unit_prices: null, order_id: null }
}

/** A till's report of 2 March 2026, by itself nothing wrong. */
function closing(details: Record<string, unknown>): RowChanges {
  return {
    ...withoutLines('till.closed'),
    channel: null,
    register: 'till-1',
    details: { zBusinessDay: '2026-03-02', zOrders: 1, zUnits: 1, zNet: 25_000, ...details },
  }
}

/**
 * Writes a row into the log past the intake and the append: the newest that can be counted once more, at the next offset
 * of its partition, with some columns changed.
 *
 * @returns its offset
 */
export async function writeRow(sql: Sql, partition: number, changes: RowChanges): Promise<number> {
  const [row] = await sql<{ offset: number }[]>`
    insert into log.event_log
    select (jsonb_populate_record(entry,
      jsonb_build_object('offset', last."offset" + 1, 'appended_at', last.appended_at, 'id', (entry).id || '+')
        || ${sql.json(changes as never)}::jsonb)).*
    from log.last_position(${partition}) last
    cross join (
      select e from log.event_log e
      where e.partition = ${partition} and e.type <> 'tick' and log.why_indigestible(e) is null
      order by appended_at desc, "offset" desc limit 1
    ) newest(entry)
    returning "offset"`
  if (!row) throw new Error(`partition ${partition} holds no event to make one like`)
  return row.offset
}
