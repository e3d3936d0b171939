import { MAX_LINES } from '#domain/event.ts'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { Document, DocumentPart } from '#server/intake/files/interpret/build-events.ts'
import type { StagingConnection } from './staging.ts'

/**
 * Groups the staged rows into documents and sets back whole those that cannot be what the till meant: with a bad row,
 * with rows that contradict each other, half set aside, or too long. So no half of a document counts, and the repaired
 * file can be imported again.
 * @param spanMinutes most minutes between the rows of one document
 */
export async function groupDocuments(
  connection: StagingConnection,
  { spanMinutes }: { spanMinutes: number },
): Promise<void> {
  await connection.unsafe(SET_DOCUMENTS_ASIDE)
  await connection.unsafe(groupStatement(spanMinutes))
  await connection.unsafe('analyze documents')
  await connection.unsafe(SET_BACK)
}

// Where a rule sets the whole document aside, by whichever of its rows: the other rows go with it, bad ones as well.
const SET_DOCUMENTS_ASIDE = `
  update staged s
  set kind = 's', fault = 'set_aside',
    detail = format('its document %s is set aside whole, by a rule of the mapping that fits row %s', s.document, asked.row)
  from (
    select store, document, min(row) as row from staged where kind = 's' and scope = 'd' group by store, document
  ) asked
  where s.store = asked.store and s.document = asked.document and s.kind <> 's'`

// A bad row whose store could not be read sets back every document of that number. What a document is given once
// (currency, customer ...) may stand on any of its rows, and on no two of them differently.
const groupStatement = (spanMinutes: number): string => `
  create temp table documents as
  with bad as (
    select document, store, min(row) as row from staged where kind = 'b' and document is not null group by document, store
  ), half as (
    select document, store, min(row) as row from staged where kind = 's' and scope is null group by document, store
  ), grouped as (
    select store, document, min(event_time) as event_time, bool_or(date_only) as date_only, min(row) as first_row,
      greatest(count(*) filter (where kind = 'o'), count(*) filter (where kind = 'r'),
        count(*) filter (where kind = 'a')) as lines,
      max(event_time) - min(event_time) > case when bool_or(date_only) then 0 else ${spanMinutes * MINUTE_MS} end
        as is_apart,
      min(currency) as currency, min(customer) as customer, min(register) as register, min(tender) as tender,
      min(channel) as channel,
      coalesce(min(currency) <> max(currency), false) or coalesce(min(customer) <> max(customer), false)
        or coalesce(min(register) <> max(register), false) or coalesce(min(tender) <> max(tender), false)
        or coalesce(min(channel) <> max(channel), false) as differs
    from staged where kind in ('o', 'r', 'a') group by store, document
  ), stated as (
    select s.store, s.document, s.row, given.place, given.field, given.value,
      first_value(s.row) over first_stated as first_row, first_value(given.value) over first_stated as first_value
    from grouped g
    join staged s on s.store = g.store and s.document = g.document and s.kind in ('o', 'r', 'a')
    cross join lateral (values
      (1, 'currency', s.currency), (2, 'customer', s.customer), (3, 'register', s.register), (4, 'tender', s.tender),
      (5, 'channel', s.channel)
    ) as given(place, field, value)
    where g.differs and given.value is not null
    window first_stated as (partition by s.store, s.document, given.place order by s.row)
  ), contradictions as (
    select distinct on (store, document) store, document, row,
      format('its rows %s and %s contradict each other in %s (%s, %s)', first_row, row, field, left(first_value, 60),
        left(value, 60)) as detail
    from stated where value <> first_value order by store, document, place, row
  ), ends as (
    select s.store, s.document, max(s.row) as row,
      format(case when bool_or(s.date_only) then 'its rows %s and %s contradict each other in the day (%s)'
        else 'its rows %s and %s contradict each other in the time (%s, more than ${spanMinutes} minutes apart)' end,
        min(s.row), max(s.row), string_agg(
          to_char(to_timestamp(s.event_time / 1000) at time zone 'UTC', case when s.date_only then 'YYYY-MM-DD'
            else 'YYYY-MM-DD"T"HH24:MI:SS"Z"' end), ', ' order by s.row)) as detail
    from (
      select s.*, row_number() over (partition by s.store, s.document order by s.event_time, s.row) as earliest,
        row_number() over (partition by s.store, s.document order by s.event_time desc, s.row) as latest
      from grouped g
      join staged s on s.store = g.store and s.document = g.document and s.kind in ('o', 'r', 'a')
      where g.is_apart
    ) s
    where s.earliest = 1 or s.latest = 1
    group by s.store, s.document
  ), faults as (
    select g.*, verdict.*
    from grouped g
    left join bad own on own.document = g.document and own.store = g.store
    left join bad any_store on any_store.document = g.document and any_store.store is null
    left join contradictions c on c.document = g.document and c.store = g.store
    left join ends e on e.document = g.document and e.store = g.store
    left join half h on h.document = g.document and h.store = g.store
    cross join lateral (
      select * from (values
        (1, 'document_set_back', least(own.row, any_store.row),
          format('its row %s is bad', least(own.row, any_store.row))),
        (2, 'rows_contradict', c.row, c.detail),
        (3, 'rows_contradict', e.row, e.detail),
        (4, 'half_set_aside', case when h.row is not null then g.first_row end,
          format('a rule sets aside its row %s and not its row %s: let the rule say whether its scope is the row or the document',
            h.row, g.first_row)),
        (5, 'too_many_lines', case when g.lines > ${MAX_LINES} then g.first_row end,
          format('it has %s lines, an event may carry ${MAX_LINES}', g.lines)),
        (6, null, null, null)
      ) as candidates(place, fault, fault_row, fault_detail)
      where fault_row is not null or place = 6
      order by place limit 1
    ) verdict
  )
  select row_number() over (order by event_time, first_row) as number, store, document, event_time, date_only,
    currency, customer, register, tender, channel, fault, fault_row, fault_detail
  from faults`

const SET_BACK = `
  insert into rejected (row, kind, reason, detail, store, document, own)
  select s.row, s.kind, coalesce(s.fault, d.fault),
    coalesce(s.detail, format('document %s is set back whole: %s', d.document, d.fault_detail)),
    s.store, s.document,
    s.fault is not null or (d.fault <> 'document_set_back' and s.row = d.fault_row)
  from staged s
  left join documents d on d.store = s.store and d.document = s.document
  where s.kind = 'b' or (s.kind <> 's' and d.fault is not null)`

/** Rows of the cursor that are fetched at once: the largest documents of this many fit in some 50 MB. */
const FETCH_ROWS = 50
/** A page is full with this many documents or lines. */
const PAGE_DOCUMENTS = 400
const PAGE_LINES = 10_000

/**
 * Reads the sound documents in the order of their time, page by page. Other statements of the connection may
 * run between two pages.
 */
export async function* readDocuments(connection: StagingConnection): AsyncGenerator<Document[]> {
  await connection.unsafe('begin')
  await connection.unsafe(DECLARE_CURSOR)
  let page: Document[] = []
  let lines = 0
  let open: { number: number; document: Document } | undefined
  for (;;) {
    const rows = await connection.unsafe<PartRow[]>(`fetch ${FETCH_ROWS} from import_documents`)
    for (const row of rows) {
      const part = toPart(row)
      if (open && open.number === row.number) {
        open.document.parts.push(part)
        continue
      }
      if (open) {
        page.push(open.document)
        lines += open.document.parts.reduce((sum, { rows: partRows }) => sum + partRows.length, 0)
      }
      const { store, document, event_time: eventTime, date_only: dateOnly } = row
      open = { number: row.number, document: { store, document, eventTime, dateOnly, parts: [part] } }
    }
    const finished = rows.length < FETCH_ROWS
    if (finished && open) page.push(open.document)
    if (finished || page.length >= PAGE_DOCUMENTS || lines >= PAGE_LINES) {
      if (page.length > 0) yield page
      page = []
      lines = 0
    }
    if (finished) break
  }
  await connection.unsafe('commit')
}

// Lists travel as text that splits natively: the driver's array parser would take most of the time.
const DECLARE_CURSOR = `
  declare import_documents no scroll cursor for
  select d.number, d.store, d.document, d.event_time, d.date_only, d.currency, d.customer, d.register, d.tender, d.channel,
    s.kind,
    string_agg(s.row::text, ',' order by s.row) as rows,
    string_agg(s.sku, chr(31) order by s.row) as skus,
    string_agg(s.units::text, ',' order by s.row) as units,
    string_agg(coalesce(s.unit_price::text, ''), ',' order by s.row) as unit_prices,
    case when count(s.amount) > 0 then string_agg(coalesce(s.amount::text, ''), ',' order by s.row) end as amounts,
    case when count(s.discount) > 0 then string_agg(coalesce(s.discount::text, ''), ',' order by s.row) end as discounts,
    case when count(s.tax) > 0 then string_agg(coalesce(s.tax::text, ''), ',' order by s.row) end as taxes,
    case when count(s.line_reason) > 0
      then string_agg(coalesce(s.line_reason, ''), chr(31) order by s.row) end as reasons,
    (array_agg(s.attributes order by s.row) filter (where s.attributes is not null))[1] as attributes
  from documents d
  join staged s on s.store = d.store and s.document = d.document and s.kind in ('o', 'r', 'a')
  where d.fault is null
  group by d.number, d.store, d.document, d.event_time, d.date_only, d.currency, d.customer, d.register, d.tender,
    d.channel, s.kind
  order by d.number, s.kind`

interface PartRow {
  number: number
  store: string
  document: string
  event_time: Instant
  date_only: boolean
  kind: 'o' | 'r' | 'a'
  rows: string
  skus: string
  units: string
  unit_prices: string
  amounts: string | null
  discounts: string | null
  taxes: string | null
  reasons: string | null
  customer: string | null
  tender: string | null
  register: string | null
  currency: string | null
  channel: 'pos' | 'online' | null
  attributes: string | null
}

const UNIT_SEPARATOR = '\u001f'

function toPart(row: PartRow): DocumentPart {
  return {
    kind: row.kind,
    rows: row.rows.split(',').map(Number),
    skus: row.skus.split(UNIT_SEPARATOR),
    units: row.units.split(',').map(Number),
    unitPrices: row.unit_prices.split(',').map(toNumberOrNull),
    amounts: row.amounts === null ? null : row.amounts.split(',').map(toNumberOrNull),
    discounts: row.discounts === null ? null : row.discounts.split(',').map(toNumberOrNull),
    taxes: row.taxes === null ? null : row.taxes.split(',').map(toNumberOrNull),
    reasons: row.reasons === null ? null : row.reasons.split(UNIT_SEPARATOR).map(text => text || null),
    customer: row.customer,
    tender: row.tender,
    register: row.register,
    currency: row.currency,
    channel: row.channel,
    attributes: row.attributes === null ? null : (JSON.parse(row.attributes) as Record<string, string>),
  }
}

function toNumberOrNull(text: string): number | null {
  return text === '' ? null : Number(text)
}
