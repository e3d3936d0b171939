import { MAX_LINES } from '#domain/event.ts'
import type { Instant } from '#domain/instant.ts'
import type { Document, DocumentPart } from '#server/intake/files/interpret/build-events.ts'
import type { StagingConnection } from './staging.ts'

/**
 * Groups the staged rows into documents and sets back whole those with a bad row, so that the repaired file can
 * be imported again.
 */
export async function groupDocuments(connection: StagingConnection): Promise<void> {
  await connection.unsafe(GROUP_DOCUMENTS)
  await connection.unsafe('analyze documents')
  await connection.unsafe(SET_BACK)
}

// A bad row whose store could not be read sets back every document of that number.
const GROUP_DOCUMENTS = `
  create temp table documents as
  with faults as (
    select document, store, min(row) as row from staged where kind = 'b' and document is not null group by document, store
  ), grouped as (
    select store, document, min(event_time) as event_time, min(row) as first_row,
      greatest(count(*) filter (where kind = 'o'), count(*) filter (where kind = 'r'),
        count(*) filter (where kind = 'a')) as lines
    from staged where kind in ('o', 'r', 'a') group by store, document
  )
  select row_number() over (order by g.event_time, g.first_row) as number, g.*,
    least(own.row, any_store.row) as fault_row
  from grouped g
  left join faults own on own.document = g.document and own.store = g.store
  left join faults any_store on any_store.document = g.document and any_store.store is null`

const SET_BACK = `
  insert into rejected (row, kind, reason, detail, store, document, own)
  select s.row, s.kind,
    case when s.fault is not null then s.fault
      when d.fault_row is not null then 'document_set_back'
      else 'too_many_lines' end,
    case when s.fault is not null then s.detail
      when d.fault_row is not null
        then format('document %s is set back whole: its row %s is bad', d.document, d.fault_row)
      else format('document %s has %s lines, an event may carry ${MAX_LINES}', d.document, d.lines) end,
    s.store, s.document,
    s.fault is not null or (d.fault_row is null and s.row = d.first_row)
  from staged s
  left join documents d on d.store = s.store and d.document = s.document
  where s.kind = 'b' or (s.kind <> 's' and (d.fault_row is not null or d.lines > ${MAX_LINES}))`

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
      const { store, document, event_time: eventTime } = row
      open = { number: row.number, document: { store, document, eventTime, parts: [part] } }
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
  select d.number, d.store, d.document, d.event_time, s.kind,
    string_agg(s.row::text, ',' order by s.row) as rows,
    string_agg(s.sku, chr(31) order by s.row) as skus,
    string_agg(s.units::text, ',' order by s.row) as units,
    string_agg(s.unit_price::text, ',' order by s.row) as unit_prices,
    case when count(s.discount) > 0 then string_agg(coalesce(s.discount::text, ''), ',' order by s.row) end as discounts,
    case when count(s.tax) > 0 then string_agg(coalesce(s.tax::text, ''), ',' order by s.row) end as taxes,
    case when count(s.line_reason) > 0
      then string_agg(coalesce(s.line_reason, ''), chr(31) order by s.row) end as reasons,
    (array_agg(s.customer order by s.row) filter (where s.customer is not null))[1] as customer,
    (array_agg(s.tender order by s.row) filter (where s.tender is not null))[1] as tender,
    (array_agg(s.register order by s.row) filter (where s.register is not null))[1] as register,
    (array_agg(s.currency order by s.row) filter (where s.currency is not null))[1] as currency,
    (array_agg(s.attributes order by s.row) filter (where s.attributes is not null))[1] as attributes
  from documents d
  join staged s on s.store = d.store and s.document = d.document and s.kind in ('o', 'r', 'a')
  where d.fault_row is null and d.lines <= ${MAX_LINES}
  group by d.number, d.store, d.document, d.event_time, s.kind
  order by d.number, s.kind`

interface PartRow {
  number: number
  store: string
  document: string
  event_time: Instant
  kind: 'o' | 'r' | 'a'
  rows: string
  skus: string
  units: string
  unit_prices: string
  discounts: string | null
  taxes: string | null
  reasons: string | null
  customer: string | null
  tender: string | null
  register: string | null
  currency: string | null
  attributes: string | null
}

const UNIT_SEPARATOR = '\u001f'

function toPart(row: PartRow): DocumentPart {
  return {
    kind: row.kind,
    rows: row.rows.split(',').map(Number),
    skus: row.skus.split(UNIT_SEPARATOR),
    units: row.units.split(',').map(Number),
    unitPrices: row.unit_prices.split(',').map(Number),
    discounts: row.discounts === null ? null : row.discounts.split(',').map(toNumberOrNull),
    taxes: row.taxes === null ? null : row.taxes.split(',').map(toNumberOrNull),
    reasons: row.reasons === null ? null : row.reasons.split(UNIT_SEPARATOR).map(text => text || null),
    customer: row.customer,
    tender: row.tender,
    register: row.register,
    currency: row.currency,
    attributes: row.attributes === null ? null : (JSON.parse(row.attributes) as Record<string, string>),
  }
}

function toNumberOrNull(text: string): number | null {
  return text === '' ? null : Number(text)
}
