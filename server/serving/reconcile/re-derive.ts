import type { Fragment, Reading } from '#db/transaction.ts'
import { addDays } from '#domain/calendar.ts'
import { inStores } from '#server/serving/scope.ts'
import { differingDays } from './archived-rows.ts'
import { isCounted, MAX_FOUND } from './audit-rows.ts'
import type { AuditScope, FoundRow } from './findings.ts'
import { calendarOf, readFrom } from './store-calendar.ts'

/*
 * Invariant: a row of the log says what its sender said, and what the intake wrote beside it follows from that. Both
 * paths and the audits of their rows read the row, so their agreement says nothing of it; this is the witness of the
 * intake, in SQL that shares nothing with domain/, nor with any function or view the paths use:
 *
 *   event time + calendar of the store as of then ──> business day        = the row's
 *   lines ──> units, gross, discounts, returns, tax                        = the row's totals
 *   totals, charges, tax flag as of then ──> what was to be paid           = the sum of its tenders
 *   columns + details ──> the sender's body in canonical form ──> hash     = the hash that log.event_keys keeps
 *   offsets of a partition: no hole; of a topic, as many rows a day as the archiver wrote; a transfer: both legs; a key: at its row
 *
 * Rows written before rules version 2 left parts of the body out: of those day, totals and tenders are held, and they
 * are counted as not rebuildable.
 */

/** The first version of the rules whose rows keep all that was sent. */
const REBUILDABLE_FROM = 2

type Derived = Pick<FoundRow, 'rowKey' | 'metric' | 'stored' | 'expected' | 'detail'>

/** Every event of the scope, by the day its row says or by the one it should say. */
export async function auditReDerived(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = [
    ...(await reading<Derived[]>`${differingRows(reading, scope)}`),
    ...(await reading<Derived[]>`${holes(reading, scope)}`),
    ...(await differingDays(reading, scope)),
    ...(await reading<Derived[]>`${loneLegs(reading, scope)}`),
  ]
  return rows.map(row => ({ kind: 're-derived', path: 'log', relation: 'log.event_log', ...row }))
}

/** Rows of the scope that keep too little of what was sent to rebuild it: those of rules version 1. */
export async function countNotRebuildable(reading: Reading, scope: AuditScope): Promise<number> {
  const [row] = await reading<{ rows: number }[]>`
    select count(*) as rows from log.event_log e
    where e.rules_version < ${REBUILDABLE_FROM} and e.type <> 'tick'
      and e.business_day between ${scope.from} and ${scope.to} and e.appended_at >= ${readFrom(scope)}
      ${inStores(reading, scope, 'e.store')}`
  return row?.rows ?? 0
}

function differingRows(reading: Reading, scope: AuditScope): Fragment {
  return reading`
    with ${calendarOf(reading, scope)},
    events as (
      select e.*, c.business_day as derived_day, c.partition as derived_partition, c.tax_inclusive
      from log.event_log e
      left join calendar c on c.store = e.store and c.utc_day = (e.event_time at time zone 'UTC')::date
        and e.event_time >= c.begins_at and e.event_time < c.ends_at
      where e.type <> 'tick' and e.appended_at >= ${readFrom(scope)} ${inStores(reading, scope, 'e.store')}
        and ${isCounted(reading, 'batch')}
        and (e.business_day between ${scope.from} and ${scope.to}
          or e.event_time >= ${`${addDays(scope.from, -1)}T00:00:00Z`} and e.event_time < ${`${addDays(scope.to, 3)}T00:00:00Z`})
    ),
    derived as (
      select e.partition, e."offset", e.source, e.id, e.store, e.type, e.business_day, e.derived_day, e.derived_partition,
        e.total_units, e.total_gross, e.total_discounts, e.total_returns, e.total_tax,
        coalesce(l.units, 0) as units, coalesce(l.gross, 0) as gross, coalesce(l.discounts, 0) as discounts,
        coalesce(l.returns, 0) as returns, coalesce(l.tax, 0) as tax, l.restocked, paid.tendered, paid.due,
        k.partition as key_partition,
        -- reserved for a topic, a key says from where on its event is found
        case when k.batch is null then k."offset" when k."offset" <= e."offset" then e."offset" else k."offset" end as key_offset,
        k.body_hash,
        case when e.rules_version >= ${REBUILDABLE_FROM} then left(encode(sha256(convert_to(
          ${reading.unsafe(SENT_BODY)}, 'UTF8')), 'hex'), 32)::uuid else k.body_hash end as sent_hash
      from events e
      left join log.event_keys k on k.source = e.source and k.id = e.id
      cross join lateral (${reading.unsafe(LINES)}) l
      cross join lateral (${reading.unsafe(PRICES)}) p
      cross join lateral (${reading.unsafe(PAID)}) paid
      cross join lateral (${reading.unsafe(SENT)}) sent
      where e.business_day between ${scope.from} and ${scope.to} or e.derived_day between ${scope.from} and ${scope.to}
    )
    select jsonb_build_object('store', d.store, 'business_day', d.business_day, 'partition', d.partition,
        'offset', d."offset", 'source', d.source, 'id', d.id) as "rowKey",
      m.metric, m.stored, m.expected, m.detail
    from derived d
    cross join lateral (values
      ('business_day', d.business_day::text, d.derived_day::text,
        case when d.derived_partition is null then 'no store of that name has a business day at the time of the event' end),
      ('partition', d.partition::text, d.derived_partition::text, null),
      ('total_units', d.total_units::text, d.units::text, null),
      ('total_gross', (d.total_gross * 0.0001)::text, (d.gross * 0.0001)::text, null),
      ('total_discounts', (d.total_discounts * 0.0001)::text, (d.discounts * 0.0001)::text, null),
      ('total_returns', (d.total_returns * 0.0001)::text, (d.returns * 0.0001)::text, null),
      ('total_tax', (d.total_tax * 0.0001)::text, (d.tax * 0.0001)::text, null),
      ('tenders', (d.tendered * 0.0001)::text, (d.due * 0.0001)::text, null),
      ('stocked', case when d.restocked then 'true' end, case when d.restocked then 'false' end,
        'goods that were sent back as not to be restocked count as stock'),
      ('key', coalesce('at ' || d.key_partition || '/' || d.key_offset, 'nowhere'),
        'at ' || d.partition || '/' || d."offset", 'log.event_keys keeps the event somewhere else'),
      ('body_hash', d.sent_hash::text, d.body_hash::text,
        case when d.body_hash is not null then 'the body rebuilt from the row is not the one that was sent' end)
    ) m(metric, stored, expected, detail)
    -- Nearly all rows agree: they are not taken apart.
    where (d.business_day is distinct from d.derived_day or d.partition is distinct from d.derived_partition
        or d.total_units <> d.units or d.total_gross <> d.gross or d.total_discounts <> d.discounts
        or d.total_returns <> d.returns or d.total_tax <> d.tax or d.tendered <> d.due or d.restocked
        or d.key_partition is distinct from d.partition or d.key_offset <> d."offset" or d.sent_hash <> d.body_hash)
      and m.stored is distinct from m.expected
      and (m.metric <> 'partition' or d.derived_partition is not null)
      and (m.metric <> 'body_hash' or d.body_hash is not null)
    order by d.partition, d."offset", m.metric
    limit ${MAX_FOUND}`
}

/**
 * Offsets that are not there, though later ones are: rows that somebody took away. Those of Kafka have gaps of their own,
 * so there only what was copied from Postgres is dense; of what came after, see archived-rows.ts.
 */
function holes(reading: Reading, scope: AuditScope): Fragment {
  return reading`
    select jsonb_build_object('partition', partition, 'offset', "offset" + 1) as "rowKey", 'row' as metric,
      null as stored, '1' as expected,
      'offsets ' || ("offset" + 1) || ' to ' || (next - 1) || ' of the partition are not in the log' as detail
    from (
      select e.partition, e."offset", lead(e."offset") over in_order as next, lead(e.appended_at) over in_order as next_at
      from log.event_log e where e.appended_at >= ${readFrom(scope)}
      window in_order as (partition by e.partition order by e."offset")
    ) entries
    where next <> "offset" + 1 and next_at < coalesce((select adopted_at from log.kafka), 'infinity')
    order by partition, "offset"
    limit ${MAX_FOUND}`
}

/** Transfers of which only one leg is in the log. Before rules version 2 an append could leave one behind. */
function loneLegs(reading: Reading, scope: AuditScope): Fragment {
  return reading`
    with legs as (
      select e.source, split_part(e.id, chr(31), 1) as id, e.details ->> 'leg' as leg, e.store,
        e.business_day, e.partition, e."offset"
      from log.event_log e
      where e.type = 'stock.transferred' and e.rules_version >= ${REBUILDABLE_FROM} and e.appended_at >= ${readFrom(scope)}
        and ${isCounted(reading, 'batch')}
    )
    select jsonb_build_object('store', l.store, 'business_day', l.business_day, 'partition', l.partition,
        'offset', l."offset", 'source', l.source, 'id', l.id) as "rowKey",
      'row' as metric, null as stored, '1' as expected,
      'of this transfer only the leg ' || l.leg || ' is in the log' as detail
    from legs l
    where l.business_day between ${scope.from} and ${scope.to} ${inStores(reading, scope, 'l.store')}
      and not exists (select from legs o where o.source = l.source and o.id = l.id and o.leg <> l.leg)
    order by l.partition, l."offset"
    limit ${MAX_FOUND}`
}

/** `"name":value,` where there is a value. */
function stated(name: string, value: string): string {
  return `coalesce('"${name}":' || ${value} || ',', '')`
}

/** The same of text, quoted and escaped as JSON wants it. */
function statedText(name: string, value: string): string {
  return stated(name, `to_json(${value})::text`)
}

/** The same of a list of amounts by type. */
function statedAmounts(name: string, list: string): string {
  return stated(
    name,
    `case when ${list} is not null then (
      select '[' || string_agg('{"amount":' || (entry.value ->> 'amount') || ',"type":' || (entry.value -> 'type')::text
        || '}', ',' order by entry.place) || ']'
      from jsonb_array_elements(${list}) with ordinality as entry(value, place)) end`,
  )
}

/** What details keep of line `l`: a list with a place for each line. */
const ofLine = (list: string) => `(e.details -> '${list}' ->> (l.place - 1)::integer)`
const detail = (name: string) => `(e.details ->> '${name}')`

/** What the lines of event `e` add up to, and their part of its canonical body. */
const LINES = `
  select sum(l.units) as units, sum(coalesce(l.amount, l.units * l.unit_price)) as gross,
    sum(l.discount) as discounts, sum(l.tax) as tax, sum(l.refund) as returns,
    bool_or(${ofLine('restocks')} = 'false' and coalesce(l.stocked, true)) as restocked,
    string_agg('{' || ${stated('amount', 'l.amount')} || ${stated('cost', ofLine('costs'))}
      || ${stated('discount', 'l.discount')} || ${statedText('reason', ofLine('reasons'))}
      || ${stated('refund', 'l.refund')} || ${stated('restock', ofLine('restocks'))}
      || '"sku":' || to_json(l.sku)::text || ',' || ${stated('tax', 'l.tax')}
      || ${stated('unitCost', ofLine('unitCosts'))} || ${stated('unitPrice', 'l.unit_price')}
      || '"units":' || l.units || '}', ',' order by l.place) as body
  from unnest(e.skus, e.units, e.unit_prices, e.amounts, e.discounts, e.taxes, e.refunds, e.stocked)
    with ordinality as l(sku, units, unit_price, amount, discount, tax, refund, stocked, place)`

/** The lines of a `price.changed` in its canonical body; null of every other event. A business day stands as it was said. */
const PRICES = `
  select string_agg('{"from":' || coalesce(to_json(s.price ->> 'fromDay')::text,
      ((extract(epoch from (s.price ->> 'from')::timestamptz) * 1000)::bigint)::text)
      || ',"price":' || (s.price ->> 'price') || ',"sku":' || to_json(s.price ->> 'sku')::text
      || coalesce(',"to":' || coalesce(to_json(s.price ->> 'toDay')::text,
        ((extract(epoch from (s.price ->> 'to')::timestamptz) * 1000)::bigint)::text), '') || '}', ',' order by s.place) as body
  from jsonb_array_elements(case when e.type = 'price.changed' then e.details -> 'prices' else '[]' end)
    with ordinality as s(price, place)`

/** What was to be paid by the lines of event `e`, and what its split tenders add up to; null where one pays it all. */
const PAID = `
  select case when e.details ? 'tenders' and e.derived_day is not null then
      (select sum(amount) from jsonb_to_recordset(e.details -> 'tenders') as tender(amount bigint)) end as tendered,
    case when e.details ? 'tenders' then coalesce(l.gross, 0) - coalesce(l.discounts, 0) + coalesce(l.returns, 0)
      + case when e.tax_inclusive then 0 else coalesce(l.tax, 0) end
      + coalesce((select sum(amount) from jsonb_to_recordset(e.details -> 'charges') as charge(amount bigint)), 0)
    end as due`

/** As what it was sent: a part of an event has the sender's id up to U+001F, and a leg of a transfer its own store. */
const SENT = `
  select split_part(e.id, chr(31), 1) as id,
    case when e.type = 'stock.transferred' then e.details ->> 'fromStore' else e.store end as store`

/**
 * The body of event `e` as it was sent, in canonical form: absent fields left out, keys sorted, money in 1/10,000,
 * instants in milliseconds. Attributes are sorted as JavaScript sorts, by UTF-16 unit: what takes two of them comes
 * before U+E000, not after U+FFFF.
 */
const SENT_BODY = `'{' || ${stated(
  'attributes',
  `case when e.attributes is not null then (
    select '{' || coalesce(string_agg(to_json(a.name)::text || ':' || to_json(a.value)::text, ','
      order by regexp_replace(a.name, '([\\U00010000-\\U0010ffff])', E'\\ud7ff\\\\1', 'g') collate "C"), '') || '}'
    from jsonb_each_text(e.attributes) a(name, value)) end`,
)}
  || ${statedText('businessDay', detail('zBusinessDay'))} || ${statedText('cardToken', detail('cardToken'))}
  || ${statedText('cashier', detail('cashier'))} || ${statedText('channel', 'e.channel')}
  || ${statedAmounts('charges', "(e.details -> 'charges')")} || ${stated('countedCash', detail('zCountedCash'))}
  || ${statedText('currency', 'e.currency')} || ${statedText('customer', 'e.customer')}
  || ${stated('dateOnly', detail('dateOnly'))} || ${statedText('entryMode', detail('entryMode'))}
  || '"eventTime":' || (extract(epoch from e.event_time) * 1000)::bigint || ','
  || ${stated('expectedAt', `(extract(epoch from ${detail('expectedAt')}::timestamptz) * 1000)::bigint`)}
  || ${statedText('firstReceipt', detail('zFirstReceipt'))} || '"id":' || to_json(sent.id)::text || ','
  || ${statedText('lastReceipt', detail('zLastReceipt'))} || coalesce('"lines":[' || coalesce(l.body, p.body) || '],', '')
  || ${stated('net', detail('zNet'))} || ${stated('openingFloat', detail('zOpeningFloat'))}
  || ${statedText('orderId', 'e.order_id')} || ${stated('orders', detail('zOrders'))}
  || ${statedText('originalOrderId', detail('originalOrderId'))}
  || ${statedText('purchaseOrderId', detail('purchaseOrderId'))} || ${stated('rating', detail('rating'))}
  || ${statedText('register', 'e.register')} || ${statedText('session', detail('session'))}
  || ${statedText('sku', detail('sku'))} || '"source":' || to_json(e.source)::text || ','
  || '"store":' || to_json(sent.store)::text || ',' || ${statedText('supplier', detail('supplier'))}
  || ${statedText('tender', 'e.tender')}
  || ${statedAmounts('tenders', "coalesce(e.details -> 'tenders', e.details -> 'zTenders')")}
  || ${statedText('text', detail('text'))} || ${statedText('toStore', detail('toStore'))}
  || '"type":' || to_json(e.type)::text || coalesce(',"units":' || ${detail('zUnits')}, '') || '}'`
